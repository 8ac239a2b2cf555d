import { setTimeout as delay } from 'node:timers/promises';
import type { Options } from '../options';
import { rounded } from '../statistics';
import { bullmq } from '../systems/bullmq';
import { multiswarm } from '../systems/multiswarm';
import type { RunningSystem, System } from '../systems/system';

/** Ours first, the peer second. */
const SYSTEMS = [multiswarm, bullmq] as const;
/** Work that is done before anything is measured: code gets compiled, connections get opened. */
const WARM_UP_TASKS = 2_000;
const DEADLINE_MS = 180_000;

export interface SideBySide<T> {
  own: { name: string; runs: T[] };
  peer: { name: string; runs: T[] };
  serverVersions: Record<string, string>;
}

/**
 * Measures both systems in turns, each run on fresh servers and fresh processes that have been warmed up; while one is
 * measured, nothing of the other one exists. Turns spread what the machine does besides evenly over both.
 */
export async function sideBySide<T>(
  { runs, appendfsync }: Options,
  concurrency: Readonly<Record<string, number>>,
  progress: (line: string) => void,
  measure: (system: RunningSystem) => Promise<T>,
  show: (value: T) => string,
): Promise<SideBySide<T>> {
  const [own, peer] = SYSTEMS.map(({ name }) => ({ name, runs: [] as T[] })) as [
    SideBySide<T>['own'],
    SideBySide<T>['peer'],
  ];
  const serverVersions: Record<string, string> = {};
  for (let run = 1; run <= runs; run++) {
    for (const system of SYSTEMS) {
      const value = await once(
        system,
        { appendfsync, concurrency: concurrency[system.name] ?? 1 },
        async (running) => {
          Object.assign(serverVersions, running.serverVersions);
          return measure(running);
        },
      );
      (system === multiswarm ? own : peer).runs.push(value);
      progress(`run ${run}/${runs}  ${system.name.padEnd(10)} ${show(value)}`);
    }
  }
  return { own, peer, serverVersions };
}

/** Two looks at each candidate, because one may have been disturbed. */
const LOOKS = 2;

/** For each system the number of concurrent pieces of work with which it was fastest. */
export async function bestConcurrency(
  { tasks, appendfsync }: Options,
  candidates: readonly number[],
  progress: (line: string) => void,
): Promise<Record<string, number>> {
  const best: Record<string, { concurrency: number; perSecond: number }> = {};
  for (let look = 0; look < LOOKS; look++) {
    for (const { system, concurrency } of pairs(SYSTEMS, candidates)) {
      const ms = await once(system, { appendfsync, concurrency }, (running) => running.batch(tasks));
      const perSecond = tasks / (ms / 1_000);
      progress(`${system.name} with concurrency ${concurrency}: ${rounded(perSecond)} tasks/s`);
      if (perSecond > (best[system.name]?.perSecond ?? 0)) best[system.name] = { concurrency, perSecond };
    }
  }
  return Object.fromEntries(Object.entries(best).map(([name, { concurrency }]) => [name, concurrency]));
}

function pairs(
  systems: readonly System[],
  candidates: readonly number[],
): { system: System; concurrency: number }[] {
  return candidates.flatMap((concurrency) => systems.map((system) => ({ system, concurrency })));
}

/** Work that was lost on the way must end the bench, not hold it for ever. */
async function inTime<T>(what: string, work: Promise<T>): Promise<T> {
  const late = new AbortController();
  const deadline = delay(DEADLINE_MS, undefined, { signal: late.signal }).then(
    () => {
      throw new Error(`${what} was not over after ${DEADLINE_MS} ms`);
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
  options: Parameters<System['start']>[0],
  measure: (running: RunningSystem) => Promise<T>,
): Promise<T> {
  const running = await system.start(options);
  try {
    await inTime(`the warm-up of ${system.name}`, running.batch(WARM_UP_TASKS));
    return await inTime(`a run of ${system.name}`, measure(running));
  } finally {
    await running.stop();
  }
}
