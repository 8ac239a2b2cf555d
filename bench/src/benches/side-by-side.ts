import { setTimeout as delay } from 'node:timers/promises';
import type { Options } from '../options';
import { rounded } from '../statistics';
import { bullmq } from '../systems/bullmq';
import { multiswarm } from '../systems/multiswarm';
import type { RunningSystem, Setup, System, SystemOptions } from '../systems/system';

/** Work that is done before anything is measured, at least: code gets compiled, connections get opened. */
const WARM_UP_TASKS = 2_000;
/**
 * Before a run as many batches as this: V8 goes on compiling for some 50,000 tasks, and that work would be charged to the few
 * that are measured (a tenth to a fifth of their cost, in this order: 147, 130, 129 µs in the second, third and fourth 20,000).
 */
const WARM_UP_ROUNDS = 3;
const DEADLINE_MS = 180_000;

export interface SideBySide<T> {
  own: { name: string; runs: T[] };
  /** Not when the peer is left out. */
  peer: { name: string; runs: T[] } | undefined;
  serverVersions: Record<string, string>;
}
export type Setups = Readonly<Record<string, Setup>>;

/** Ours first, the peer second. */
export function systemsOf({ alone }: Options): readonly System[] {
  return alone ? [multiswarm] : [multiswarm, bullmq];
}

/**
 * Measures both systems in turns, each run on fresh servers and fresh processes that have been warmed up; while one is
 * measured, nothing of the other one exists. Turns spread what the machine does besides evenly over both.
 */
export async function sideBySide<T>(
  options: Options,
  setups: Setups,
  progress: (line: string) => void,
  measure: (system: RunningSystem, run: number) => Promise<T>,
  show: (value: T) => string,
): Promise<SideBySide<T>> {
  const { runs, appendfsync, tasks, profile, followed } = options;
  const series = new Map(systemsOf(options).map(({ name }) => [name, [] as T[]]));
  const serverVersions: Record<string, string> = {};
  for (let run = 1; run <= runs; run++) {
    for (const system of systemsOf(options)) {
      const setup = setups[system.name] ?? { concurrency: 1 };
      const start = { appendfsync, followed, ...setup, probed: profile !== undefined };
      const value = await once(system, start, WARM_UP_ROUNDS * tasks, async (running) => {
        Object.assign(serverVersions, running.serverVersions);
        return measure(running, run);
      });
      series.get(system.name)?.push(value);
      progress(`run ${run}/${runs}  ${system.name.padEnd(10)} ${show(value)}`);
    }
  }
  const own = { name: multiswarm.name, runs: series.get(multiswarm.name) ?? [] };
  const others = series.get(bullmq.name);
  return { own, peer: others && { name: bullmq.name, runs: others }, serverVersions };
}

/** For each system the setup with which a batch was fastest. */
export async function bestSetups(
  options: Options,
  candidates: readonly Setup[],
  looks: number,
  progress: (line: string) => void,
): Promise<Setups> {
  const { tasks, appendfsync, followed } = options;
  const best = new Map<string, { setup: Setup; perSecond: number }>();
  for (let look = 0; look < looks; look++) {
    for (const { system, setup } of pairs(systemsOf(options), candidates)) {
      const ms = await once(system, { appendfsync, followed, ...setup }, tasks, (running) =>
        running.batch(tasks),
      );
      const perSecond = tasks / (ms / 1_000);
      progress(`${system.name} with ${JSON.stringify(setup)}: ${rounded(perSecond)} tasks/s`);
      if (perSecond > (best.get(system.name)?.perSecond ?? 0)) best.set(system.name, { setup, perSecond });
    }
  }
  return Object.fromEntries([...best].map(([name, { setup }]) => [name, setup]));
}

function pairs(systems: readonly System[], setups: readonly Setup[]): { system: System; setup: Setup }[] {
  return setups.flatMap((setup) => systems.map((system) => ({ system, setup })));
}

/** Work that was lost on the way must end the bench, not hold it for ever. */
export async function inTime<T>(what: string, work: Promise<T>, deadlineMs = DEADLINE_MS): Promise<T> {
  const late = new AbortController();
  const deadline = delay(deadlineMs, undefined, { signal: late.signal }).then(
    () => {
      throw new Error(`${what} was not over after ${deadlineMs} ms`);
    },
    () => undefined as never,
  );
  try {
    return await Promise.race([work, deadline]);
  } finally {
    late.abort();
  }
}

async function once<T>(
  system: System,
  options: SystemOptions,
  warmUpTasks: number,
  measure: (running: RunningSystem) => Promise<T>,
): Promise<T> {
  const running = await system.start(options);
  try {
    const warmUp = running.batch(Math.max(WARM_UP_TASKS, warmUpTasks));
    await inTime(`the warm-up of ${system.name}`, warmUp);
    return await inTime(`a run of ${system.name}`, measure(running));
  } finally {
    await running.stop();
  }
}
