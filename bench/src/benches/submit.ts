import { setTimeout as delay } from 'node:timers/promises';
import { totalMs, withCpu, type CpuOf } from '../cpu';
import type { Options } from '../options';
import type { Figure } from '../report';
import { percentile, rounded } from '../statistics';
import type { RunningSystem } from '../systems/system';
import type { Bench } from './bench';
import { sideBySide } from './side-by-side';

const CONCURRENCY = 50;
/** Single submissions under way while the maximum is measured. */
const IN_FLIGHT = 256;
const MAXIMUM_MS = { full: 4_000, quick: 1_500 };
const HALF_MS = { full: 10_000, quick: 3_000 };
/** Beyond this the system does not keep up with half of its maximum, and there is nothing to measure. */
const MOST_UNDER_WAY = 20_000;

interface Acknowledged {
  maximum: number;
  /** Processor time of all processes for one submission at the maximum, in microseconds. */
  cpu: number;
  p50: number;
  p99: number;
}

/**
 * Single submissions of work that nobody takes: how many are acknowledged in a second with many under way, and then, at
 * half of that rate, how long each takes. Those are sent at fixed moments whether or not earlier ones have been answered,
 * and timed from the moment at which each was due, so that a stall is charged to all that it holds up.
 */
export const submit: Bench = async (options, progress) => {
  const { runs, appendfsync, profile } = options;
  const setup = { concurrency: CONCURRENCY };
  const { own, peer, serverVersions } = await sideBySide(
    options,
    { multiswarm: setup, bullmq: setup },
    progress,
    (system, run) => {
      const work = (): Promise<Acknowledged> => measure(system, options);
      return profile === undefined ? work() : system.profiled(profile, `submit-${run}`, work);
    },
    ({ maximum, p50, p99, cpu }) =>
      `${rounded(maximum)}/s at most (${rounded(cpu)} µs each); at half of it p50 ${rounded(p50)} ms, p99 ${rounded(p99)} ms`,
  );
  const settings = { runs, appendfsync, inFlight: IN_FLIGHT };
  const figure = (metric: string, unit: string, key: keyof Acknowledged): Figure => ({
    bench: 'submit',
    ...{ metric, unit, settings, serverVersions },
    own: { name: own.name, runs: own.runs.map((run) => run[key]) },
    ...(peer && { peer: { name: peer.name, runs: peer.runs.map((run) => run[key]) } }),
  });
  return [
    figure('single submissions, many in flight', 'tasks/s', 'maximum'),
    figure('single submissions, cpu of all processes', 'µs/task', 'cpu'),
    figure('acknowledged at half of the maximum, p50', 'ms', 'p50'),
    figure('acknowledged at half of the maximum, p99', 'ms', 'p99'),
  ];
};

async function measure(system: RunningSystem, { quick }: Options): Promise<Acknowledged> {
  const size = quick ? 'quick' : 'full';
  await closedLoop(system, MAXIMUM_MS.quick);
  const loop = await withCpu(system.processes, () => closedLoop(system, MAXIMUM_MS[size]));
  const maximum = loop.value;
  const values = await openLoop(system, maximum / 2, HALF_MS[size]);
  return { maximum, cpu: cpuOf(loop), p50: percentile(values, 0.5), p99: percentile(values, 0.99) };
}

function cpuOf({ value, wallMs, used }: CpuOf<number>): number {
  return (totalMs(used) * 1_000) / (value * (wallMs / 1_000));
}

/** Acknowledged submissions per second with `IN_FLIGHT` of them under way all the time. */
async function closedLoop(system: RunningSystem, forMs: number): Promise<number> {
  const from = performance.now();
  let done = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() - from < forMs) {
      await system.submit();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  return done / ((performance.now() - from) / 1_000);
}

/** Milliseconds from the moment at which each submission was due until its acknowledgement. */
async function openLoop(system: RunningSystem, perSecond: number, forMs: number): Promise<number[]> {
  const values: number[] = [];
  const perMs = perSecond / 1_000;
  const count = Math.floor(forMs * perMs);
  const from = performance.now();
  let failed: unknown;
  for (let sent = 0; sent < count;) {
    const due = Math.min(count, Math.floor((performance.now() - from) * perMs));
    for (; sent < due; sent++) {
      const dueAt = from + sent / perMs;
      system.submit().then(
        () => values.push(performance.now() - dueAt),
        (error: unknown) => (failed = error),
      );
    }
    if (failed) throw failed as Error;
    if (sent - values.length > MOST_UNDER_WAY)
      throw new Error(`${sent - values.length} submissions are under way at ${rounded(perSecond)}/s`);
    await delay(1);
  }
  while (values.length < count && !failed) await delay(1);
  if (failed) throw failed as Error;
  return values;
}
