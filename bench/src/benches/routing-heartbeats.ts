import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { withCpu } from '../cpu';
import type { Options } from '../options';
import { profiled } from '../profiling';
import type { Figure } from '../report';
import { rounded } from '../statistics';
import { startRoutingFleet } from '../systems/routing-fleet';
import { startSwarms } from '../systems/swarms';
import { startOrUndo, type Endings } from '../systems/system';
import type { Bench } from './bench';

const SWARMS = 10_000;
/** As swarms come. */
const INTERVAL_MS = 2_000;
/** Ten rounds: what is compiled late and collected late is over. */
const SETTLE_MS = 20_000;
const WATCH_MS = { quick: 10_000, full: 30_000 };
const SILENT = 100;
const POLL_MS = 20;
/** States are seen after three intervals, or something is wrong. */
const MOST_INTERVALS = 10;

interface Seen {
  /** Share of a core, 0 to 1, and of those that others kept busy. */
  core: number;
  foreignCores: number;
  rssMb: number;
  /**
   * Intervals from when some were told to fall silent, which is up to an interval after their last heartbeat, until all of them were
   * seen to be; and from when they were told to speak.
   */
  suspect: number;
  down: number;
  back: number;
}

/** 10,000 swarms that heartbeat over NATS to one load-balancer: what that costs it, and how soon it sees that some are silent. */
export const routingHeartbeats: Bench = async (options, progress) => {
  const runs: Seen[] = [];
  for (let run = 1; run <= options.runs; run++) {
    runs.push(
      await startOrUndo(async (endings) => {
        const seen = await watch(options, endings);
        await endings.run();
        return seen;
      }),
    );
    progress(`run ${run}/${options.runs}  ${JSON.stringify(runs.at(-1), (_, each) => shown(each))}`);
  }
  const settings = { swarms: SWARMS, intervalMs: INTERVAL_MS, runs: options.runs };
  const figure = (metric: string, unit: string, value: (seen: Seen) => number): Figure => ({
    ...{ bench: 'routing-heartbeats', metric, unit, settings, serverVersions: {} },
    own: { name: 'load-balancer', runs: runs.map(value) },
  });
  return [
    {
      ...figure('processor time', '% of a core', ({ core }) => core * 100),
      details: { foreignCores: runs.map(({ foreignCores }) => rounded(foreignCores)) },
    },
    figure('memory (RSS)', 'MiB', ({ rssMb }) => rssMb),
    figure('silent until seen as suspect', 'intervals', ({ suspect }) => suspect),
    figure('silent until seen as down', 'intervals', ({ down }) => down),
    figure('back until seen as ready', 'intervals', ({ back }) => back),
  ];
};

async function watch({ quick, profile }: Options, endings: Endings): Promise<Seen> {
  const { balancer, natsUrl } = await startRoutingFleet(0, profile !== undefined, endings);
  const swarms = await startSwarms(natsUrl, { count: SWARMS, intervalMs: INTERVAL_MS }, endings);
  await delay(SETTLE_MS);
  const watching = (): Promise<void> => delay(quick ? WATCH_MS.quick : WATCH_MS.full);
  const work =
    profile === undefined ? watching : () => profiled(profile, 'routing-heartbeats', [balancer], watching);
  const { used, wallMs, foreignCores } = await withCpu([balancer], work);
  const core = (used[balancer.name]?.processMs ?? NaN) / wallMs;
  const rssMb = rssOf(balancer.pid);
  swarms.tell({ silent: SILENT });
  const silentMs = performance.now();
  const isNoticed = async (): Promise<boolean> =>
    (await isSeen(balancer.url, 'suspect', SILENT)) || isSeen(balancer.url, 'down', SILENT);
  const suspect = await until(isNoticed, silentMs);
  const down = await until(() => isSeen(balancer.url, 'down', SILENT), silentMs);
  swarms.tell({ silent: 0 });
  const backMs = performance.now();
  const back = await until(() => isSeen(balancer.url, 'down', 0), backMs);
  return { core, foreignCores, rssMb, suspect, down, back };
}

const Page = z.object({ items: z.array(z.object({ swarmId: z.string() })) });

/** Whether just so many are in a state. */
async function isSeen(url: string, state: string, count: number): Promise<boolean> {
  const response = await fetch(`${url}/v1/endpoints?state=${state}&limit=${SILENT}`);
  return Page.parse(await response.json()).items.length === count;
}

/** Intervals. */
async function until(holds: () => Promise<boolean>, fromMs: number): Promise<number> {
  while (!(await holds())) {
    if (performance.now() - fromMs > MOST_INTERVALS * INTERVAL_MS)
      throw new Error(`a change of state was not seen within ${MOST_INTERVALS} intervals`);
    await delay(POLL_MS);
  }
  return (performance.now() - fromMs) / INTERVAL_MS;
}

/** Of a process, MiB. Linux only. */
function rssOf(pid: number): number {
  const kib = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1_024;
}

function shown(value: unknown): unknown {
  return typeof value === 'number' ? rounded(value) : value;
}
