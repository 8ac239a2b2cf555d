import type { Attributes, Meter, ObservableCounter } from '@opentelemetry/api';
import {
  METRICS,
  type AttributesOf,
  type CounterName,
  type GaugeName,
  type HistogramName,
  type Metric,
} from './names';

/** A metric without attributes is called without them. */
type Given<N extends CounterName | HistogramName | GaugeName> = [keyof AttributesOf<N>] extends [never]
  ? []
  : [attributes: AttributesOf<N>];

export interface Counter<N extends CounterName> {
  add(by: number, ...attributes: Given<N>): void;
}

export interface Histogram<N extends HistogramName> {
  record(value: number, ...attributes: Given<N>): void;
}

/** One reading of a gauge. */
export type Reading<N extends GaugeName> = [value: number, ...attributes: Given<N>];

/** The instruments of the list in `names.ts`. Asking twice for a name gives the same instrument. */
export interface Metrics {
  counter<N extends CounterName>(name: N): Counter<N>;
  histogram<N extends HistogramName>(name: N): Histogram<N>;
  /** `observe` is called whenever metrics are collected. The result takes the gauge away again. */
  gauge<N extends GaugeName>(name: N, observe: () => Iterable<Reading<N>>): () => void;
}

export function createMetrics(meter: Meter): Metrics {
  const made = new Map<string, unknown>();
  const once = <T>(name: string, make: () => T): T => {
    const existing = made.get(name) as T | undefined;
    if (existing !== undefined) return existing;
    const instrument = make();
    made.set(name, instrument);
    return instrument;
  };
  return {
    counter: (name) => once(name, () => tally(meter.createObservableCounter(name, describe(name)))),
    histogram: (name) => once(name, () => meter.createHistogram(name, describe(name))),
    gauge: (name, observe) => {
      const gauge = once(name, () => meter.createObservableGauge(name, describe(name)));
      const callback: Parameters<typeof gauge.addCallback>[0] = (result) => {
        for (const [value, attributes] of observe()) result.observe(value, attributes);
      };
      gauge.addCallback(callback);
      return () => gauge.removeCallback(callback);
    },
  };
}

/**
 * A counter that adds up plain numbers and is read when metrics are collected: one of OpenTelemetry's sorts and prints the
 * attributes at every call, which is ten times the work of counting.
 */
function tally(instrument: ObservableCounter): { add(by: number, attributes?: Attributes): void } {
  const sums = new Map<string, { value: number; attributes: Attributes }>();
  instrument.addCallback((result) => {
    for (const { value, attributes } of sums.values()) result.observe(value, attributes);
  });
  return {
    add: (by, attributes = NO_ATTRIBUTES) => {
      const key = keyOf(attributes);
      const sum = sums.get(key);
      if (sum) sum.value += by;
      else sums.set(key, { value: by, attributes });
    },
  };
}

const NO_ATTRIBUTES: Attributes = {};

/** The values, in the order of the one place that counts: those of one instrument have equal names. */
function keyOf(attributes: Attributes): string {
  let key = '';
  for (const name in attributes)
    key = key === '' ? String(attributes[name]) : `${key}\n${String(attributes[name])}`;
  return key;
}

function describe(name: CounterName | HistogramName | GaugeName) {
  const { unit, description, buckets }: Metric = METRICS[name];
  return {
    unit,
    description,
    ...(buckets ? { advice: { explicitBucketBoundaries: [...buckets] } } : {}),
  };
}
