import { planReplay, toSubmission, type Replay } from '../makespan/plan';
import type { ReplayedStep } from '../makespan/instance';
import { readInstances, type Instance } from '../makespan/read-instances';
import { listScheduleMs } from '../makespan/schedule';
import type { Options } from '../options';
import type { Figure } from '../report';
import { RunEnds } from '../run-ends';
import { median, rounded } from '../statistics';
import { startDeployment, type Deployment } from '../systems/deployment';
import type { Bench } from './bench';
import { inTime } from './side-by-side';

const FLEETS = [8, 32];
const SWARMS = 4;
const WARM_UP_TASKS = 4_000;
/** What a step costs: chains of one step and of so many more, each of which holds its slot for so long. */
const OVERHEAD = { steps: 10, holdMs: 15, probes: 5 };
const QUICK_INSTANCES = 3;

interface Outcome {
  replay: Replay;
  tookMs: number;
  overheadMs: number;
  /** The list schedule, in which each step takes so much longer. */
  expectedMs: number;
}

/**
 * Recorded workflows with their time scaled, on fleets of 8 and 32 slots: each step holds its slot for its scaled time, and is
 * submitted with that as its estimate. Beside it stand the bound, and what offline schedules of the same steps on the same slots
 * would take: by bottom level and first come first served, where nothing costs time but the steps.
 *
 * What is compared is the list schedule with overhead: the same schedule where each step takes longer by what a step was measured to
 * cost on the same deployment just before. That is the time from one step's end to the next one's start in a lone chain, lateness
 * of timers included: (a chain of 11 steps − a chain of one) ÷ 10 − the time held, medians of five. It counts wherever the
 * schedule has a step follow another one, on its slot or behind it in the workflow, and nothing is added for submission and end.
 */
export const makespan: Bench = async (options, progress) => {
  const { data, runs, quick } = options;
  if (data === undefined)
    throw new Error('makespan needs a folder with WfCommons instances: --data DIR, or BENCH_DATA');
  const { instances, skipped } = await readInstances(data);
  for (const { file, why } of skipped) progress(`${file} is left out: ${why}`);
  const replayed = quick ? instances.slice(0, QUICK_INSTANCES) : instances;
  const figures: Figure[] = [];
  for (const slots of FLEETS) {
    const byRun: Outcome[][] = [];
    let serverVersions: Record<string, string> = {};
    for (let run = 1; run <= runs; run++) {
      const fleet = await onFleet(slots, replayed, options, (line) =>
        progress(`run ${run}/${runs}  ${slots} slots  ${line}`),
      );
      serverVersions = fleet.serverVersions;
      byRun.push(fleet.outcomes);
    }
    figures.push(...figuresOf(slots, byRun, options, serverVersions));
  }
  return figures;
};

async function onFleet(
  slots: number,
  instances: readonly Instance[],
  { appendfsync, quick }: Options,
  progress: (line: string) => void,
): Promise<{ outcomes: Outcome[]; serverVersions: Record<string, string> }> {
  const swarms = Array.from({ length: SWARMS }, (_, n) => ({ id: `bench-${n + 1}`, slots: slots / SWARMS }));
  const deployment = await startDeployment({ appendfsync, swarms });
  const ends = new RunEnds(deployment.bus.connection);
  try {
    await warmUp(deployment);
    const outcomes: Outcome[] = [];
    for (const instance of instances) {
      const overheadMs = await overhead(deployment, ends);
      const replay = planReplay(instance, slots, quick);
      const tookMs = await timed(replay.steps, deployment, ends);
      const expectedMs = listScheduleMs(replay.steps, slots, 'bottom-level', overheadMs);
      const outcome = { replay, tookMs, overheadMs, expectedMs };
      outcomes.push(outcome);
      progress(shown(outcome));
    }
    return { outcomes, serverVersions: deployment.serverVersions };
  } finally {
    ends.stop();
    await deployment.stop();
  }
}

async function warmUp({ completions, anyFailed, pile }: Deployment): Promise<void> {
  const warm = completions.next(WARM_UP_TASKS);
  warm.catch(() => undefined);
  await pile(WARM_UP_TASKS, 'noop');
  await inTime('the warm-up', Promise.race([warm, anyFailed]));
}

/** Milliseconds by which a step takes longer than it holds its slot. */
async function overhead(deployment: Deployment, ends: RunEnds): Promise<number> {
  const { steps, holdMs, probes } = OVERHEAD;
  const chain = (length: number): ReplayedStep[] =>
    Array.from({ length }, (_, at) => ({ holdMs, parents: at === 0 ? [] : [at - 1] }));
  const [one, many]: [number[], number[]] = [[], []];
  for (let probe = 0; probe < probes; probe++) {
    one.push(await timed(chain(1), deployment, ends));
    many.push(await timed(chain(1 + steps), deployment, ends));
  }
  return (median(many) - median(one)) / steps - holdMs;
}

/** From handing the workflow in until the event of its end is here. */
async function timed(
  steps: readonly ReplayedStep[],
  { client, anyFailed }: Deployment,
  ends: RunEnds,
): Promise<number> {
  const workflow = toSubmission(steps);
  const from = performance.now();
  const ended = ends.next();
  ended.catch(() => undefined);
  await client.submitWorkflow(workflow);
  await inTime(`a replay of ${steps.length} steps`, Promise.race([ended, anyFailed]));
  return performance.now() - from;
}

function figuresOf(
  slots: number,
  byRun: readonly Outcome[][],
  { runs, appendfsync }: Options,
  serverVersions: Record<string, string>,
): Figure[] {
  const common = { bench: 'makespan', serverVersions };
  const each = (byRun[0] ?? []).map(({ replay }, at): Figure => {
    const outcomes = byRun.flatMap((run) => run[at] ?? []);
    const { name, steps, scale, boundMs, listMs, fifoMs } = replay;
    const overheadMs = rounded(median(outcomes.map((outcome) => outcome.overheadMs)));
    const facts = {
      steps: steps.length,
      slots,
      swarms: SWARMS,
      scale: rounded(scale),
      boundMs,
      listMs,
      fifoMs,
    };
    return {
      ...{ ...common, metric: `${name}, ${slots} slots`, unit: 'ms' },
      settings: { ...facts, overheadMs, runs, appendfsync },
      own: { name: 'multiswarm', runs: outcomes.map(({ tookMs }) => tookMs) },
      peer: { name: 'list schedule with overhead', runs: outcomes.map(({ expectedMs }) => expectedMs) },
    };
  });
  const summary = (metric: string, of: (ratios: number[]) => number): Figure => ({
    ...{
      ...common,
      metric: `over the list schedule with overhead, ${slots} slots, ${metric}`,
      unit: 'ratio',
    },
    settings: { instances: each.length, slots, swarms: SWARMS, runs, appendfsync },
    own: { name: 'multiswarm', runs: byRun.map((run) => of(run.map(ratio))) },
  });
  return [...each, summary('median', median), summary('worst', (ratios) => Math.max(...ratios))];
}

function ratio({ tookMs, expectedMs }: Outcome): number {
  return tookMs / expectedMs;
}

function shown(outcome: Outcome): string {
  const { replay, tookMs, expectedMs, overheadMs } = outcome;
  const { name, steps, boundMs, listMs, fifoMs } = replay;
  const offline = `bound ${Math.round(boundMs)}, list ${listMs}, fifo ${fifoMs}`;
  return (
    `${name} (${steps.length} steps): ${Math.round(tookMs)} ms; ${offline}, ` +
    `list with overhead of ${rounded(overheadMs)} ${Math.round(expectedMs)}; ratio ${ratio(outcome).toFixed(3)}`
  );
}
