import { createRequire } from 'node:module';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { trace } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes, type Resource } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader, type IMetricReader } from '@opentelemetry/sdk-metrics';
import { systemIds } from '@multiswarm/core';
import { createMetrics, type Metrics } from './metrics';
import { useTracer } from './spans';

export interface TelemetryOptions {
  service: string;
  version: string;
  /** Default: a random one for each process. */
  instance?: string;
  /** Which deployment this is: development, test, production. */
  environment?: string;
  /** Decides whether OpenTelemetry is on. The SDK itself reads its `OTEL_*` variables from the process. */
  env: Record<string, string | undefined>;
}

export interface Telemetry {
  readonly metrics: Metrics;
  /** All metrics as Prometheus text. */
  prometheus(): Promise<string>;
  /** Sends what is still buffered, within the exporter's own time limits. */
  shutdown(): Promise<void>;
}

type Env = TelemetryOptions['env'];

const disabled = (env: Env): boolean => env['OTEL_SDK_DISABLED']?.toLowerCase() === 'true';

/** Traces are on when the environment names a collector or an exporter, and does not switch them off. */
export function tracesOn(env: Env): boolean {
  const exporter = env['OTEL_TRACES_EXPORTER'];
  return !disabled(env) && exporter !== 'none' && Boolean(exporter || env['OTEL_EXPORTER_OTLP_ENDPOINT']);
}

/** Metrics are exported when the environment names a collector, and does not switch them off. */
export function metricsExported(env: Env): boolean {
  return (
    !disabled(env) && Boolean(env['OTEL_EXPORTER_OTLP_ENDPOINT']) && env['OTEL_METRICS_EXPORTER'] !== 'none'
  );
}

/** Metrics are always there, for `/metrics`; traces and the export of metrics start only if the environment asks for them. */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const resource = resourceFromAttributes({
    'service.name': options.service,
    'service.version': options.version,
    'service.instance.id': options.instance ?? systemIds.next(),
    ...(options.environment === undefined ? {} : { 'deployment.environment.name': options.environment }),
  });
  const reader = new PrometheusExporter({ preventServerStart: true });
  const readers: IMetricReader[] = [reader];
  if (metricsExported(options.env)) readers.push(otlpMetricReader(options.env));
  const provider = new MeterProvider({ resource, readers });
  const metrics = createMetrics(provider.getMeter('multiswarm', options.version));
  const stopLoopDelay = observeEventLoopDelay(metrics);
  const stopTraces = tracesOn(options.env) ? startTraces(options, resource) : undefined;
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true);

  return {
    metrics,
    prometheus: async () => serializer.serialize((await reader.collect()).resourceMetrics),
    shutdown: async () => {
      stopLoopDelay();
      await Promise.allSettled([stopTraces?.(), provider.shutdown()]);
    },
  };
}

/** These modules take about half a second to load, which a service without OpenTelemetry must not pay. */
const load = createRequire(__filename);

function startTraces({ service, version }: TelemetryOptions, resource: Resource): () => Promise<void> {
  const { NodeSDK } = load('@opentelemetry/sdk-node') as typeof import('@opentelemetry/sdk-node');
  const sdk = new NodeSDK({
    resource,
    instrumentations: [],
    // Metrics have their own provider, and logs go to stderr.
    metricReaders: [],
    logRecordProcessors: [],
    textMapPropagator: null,
  });
  sdk.start();
  useTracer(trace.getTracer(service, version));
  return async () => {
    useTracer(undefined);
    await sdk.shutdown();
    trace.disable();
  };
}

function otlpMetricReader(env: Env): IMetricReader {
  const { OTLPMetricExporter } = load(
    '@opentelemetry/exporter-metrics-otlp-proto',
  ) as typeof import('@opentelemetry/exporter-metrics-otlp-proto');
  const interval = Number(env['OTEL_METRIC_EXPORT_INTERVAL']) || 60_000;
  return new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter(),
    exportIntervalMillis: interval,
    exportTimeoutMillis: Math.min(interval, Number(env['OTEL_METRIC_EXPORT_TIMEOUT']) || 30_000),
  });
}

const NANOS_PER_MS = 1e6;
const RESOLUTION_MS = 10;

function observeEventLoopDelay(metrics: Metrics): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const remove = metrics.gauge('multiswarm.event_loop.delay.milliseconds', () => {
    const quantiles = [
      ['p50', delay.percentile(50)],
      ['p99', delay.percentile(99)],
      ['max', delay.max],
    ] as const;
    delay.reset();
    return quantiles.map(([quantile, nanos]) => [lateness(nanos), { quantile }]);
  });
  return () => {
    remove();
    delay.disable();
  };
}

/** The histogram holds whole intervals between two timers; what is over the resolution is the delay. */
function lateness(nanos: number): number {
  return Number.isFinite(nanos) ? Math.max(0, nanos / NANOS_PER_MS - RESOLUTION_MS) : 0;
}
