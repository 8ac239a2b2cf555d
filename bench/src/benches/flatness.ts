import { totalMs, withCpu } from '../cpu';
import type { Options } from '../options';
import { profiled } from '../profiling';
import type { Figure } from '../report';
import { median, rounded } from '../statistics';
import { startDeployment, type Deployment } from '../systems/deployment';
import { inChunks } from '../systems/system';
import type { Bench } from './bench';
import { inTime } from './side-by-side';

const FEW = 1_000;
const SLOTS = 100;
/** In one request, one request at a time: what is timed is the system, not how well requests overlap. */
const CHUNK = 250;
const STEP_TASKS = { full: 5_000, quick: 1_000 };
const ROUNDS = 5;
/** Rounds before anything is counted. */
const WARM_UP_ROUNDS = { full: 6, quick: 3 };

/** Microseconds per task. */
interface Costs {
  submit: number;
  /** Processor time of all processes of the deployment, which other work on the machine disturbs less. */
  submitCpu: number;
  place: number;
  placeCpu: number;
}
const METRICS: Readonly<Record<keyof Costs, string>> = {
  submit: 'submit',
  submitCpu: 'submit, cpu of all processes',
  place: 'place and run',
  placeCpu: 'place and run, cpu of all processes',
};

/**
 * What one more task costs when few wait and when many wait: the time to submit a step of tasks, and the time in which a
 * swarm of 100 slots, whose attempts wait at a gate, is let do as many: each is placed, run and committed, and as many
 * wait afterwards as before. The few are measured first on the same processes, after a warm-up.
 */
export const flatness: Bench = async (options, progress) => {
  const { waiting, runs, appendfsync, quick, profile } = options;
  const step = STEP_TASKS[quick ? 'quick' : 'full'];
  const few: Costs[] = [];
  const many: Costs[] = [];
  let serverVersions: Record<string, string> = {};
  for (let run = 1; run <= runs; run++) {
    const deployment = await startDeployment({
      ...{ appendfsync, probed: profile !== undefined },
      swarms: [{ id: 'bench', slots: SLOTS, gated: true }],
    });
    serverVersions = deployment.serverVersions;
    try {
      const costs = await measure(deployment, options, step, progress);
      few.push(costs.few);
      many.push(costs.many);
      progress(
        `run ${run}/${runs}  submit ${rounded(costs.few.submit)} → ${rounded(costs.many.submit)} µs, ` +
          `place ${rounded(costs.few.place)} → ${rounded(costs.many.place)} µs per task; ` +
          `cpu ${rounded(costs.few.submitCpu)} → ${rounded(costs.many.submitCpu)}, ` +
          `${rounded(costs.few.placeCpu)} → ${rounded(costs.many.placeCpu)} µs`,
      );
    } finally {
      await deployment.stop();
    }
  }
  const settings = { few: FEW, many: waiting, step, rounds: ROUNDS, runs, appendfsync };
  const figure = (metric: string, unit: string, values: number[]): Figure => ({
    ...{ bench: 'flatness', metric, unit, settings, serverVersions },
    own: { name: 'multiswarm', runs: values },
  });
  return (Object.keys(METRICS) as (keyof Costs)[]).flatMap((what) => [
    figure(
      `${METRICS[what]}, with ${FEW} waiting`,
      'µs/task',
      few.map((costs) => costs[what]),
    ),
    figure(
      `${METRICS[what]}, with ${waiting} waiting`,
      'µs/task',
      many.map((costs) => costs[what]),
    ),
    figure(
      `${METRICS[what]}, many over few`,
      'ratio',
      many.map((costs, run) => costs[what] / (few[run]?.[what] ?? NaN)),
    ),
  ]);
};

async function measure(
  deployment: Deployment,
  { waiting, quick, profile }: Options,
  step: number,
  progress: (line: string) => void,
): Promise<{ few: Costs; many: Costs }> {
  deployment.completions.begin();
  await deployment.pile(FEW, 'noop');
  for (let round = 0; round < WARM_UP_ROUNDS[quick ? 'quick' : 'full']; round++)
    await costs(deployment, step);
  const watched = (label: string): Promise<Costs> => {
    const work = (): Promise<Costs> => rounds(deployment, step);
    return profile === undefined ? work() : profiled(profile, `flatness-${label}`, deployment.children, work);
  };
  const few = await watched('few');
  progress(`${waiting} tasks are piled up`);
  await deployment.pile(waiting - FEW, 'noop');
  return { few, many: await watched('many') };
}

async function rounds(deployment: Deployment, step: number): Promise<Costs> {
  const all: Costs[] = [];
  for (let round = 0; round < ROUNDS; round++) all.push(await costs(deployment, step));
  const of = (what: keyof Costs): number => median(all.map((each) => each[what]));
  return { submit: of('submit'), submitCpu: of('submitCpu'), place: of('place'), placeCpu: of('placeCpu') };
}

async function costs(deployment: Deployment, step: number): Promise<Costs> {
  const { client, swarms, completions, processes, anyFailed } = deployment;
  const items = Array.from({ length: step }, (_, n) => ({ task: 'noop', input: { n } }));
  const submitting = await withCpu(processes, () =>
    inChunks(items, CHUNK, (chunk) => client.submitBatch(chunk), 1),
  );
  const placing = await withCpu(processes, () => {
    const done = completions.next(step);
    swarms[0]?.tell({ open: step });
    return inTime('letting a step of tasks through', Promise.race([done, anyFailed]));
  });
  const perTask = (ms: number): number => (ms * 1_000) / step;
  return {
    submit: perTask(submitting.wallMs),
    submitCpu: perTask(totalMs(submitting.used)),
    place: perTask(placing.wallMs),
    placeCpu: perTask(totalMs(placing.used)),
  };
}
