import { totalMs, withCpu } from '../cpu';
import type { Options } from '../options';
import type { Figure } from '../report';
import { RunEnds } from '../run-ends';
import { median, rounded } from '../statistics';
import { startDeployment, type Deployment } from '../systems/deployment';
import { toSteps, type LayeredShape } from '../systems/flow-shapes';
import { inTime } from './side-by-side';

const SLOTS = 100;
const FAN_IN = 3;
/** The same for both, so that as many steps may run at once in the large run as in the small one: they differ in length alone. */
const WIDTH = 10;
const SMALL_STEPS = 100;
const LARGE_STEPS = { full: 10_000, quick: 1_000 };
/** Small runs of which the middle one counts; half as many before that without being counted. */
const SMALL_RUNS = { full: 100, quick: 20 };
/** Tasks before anything is measured: code gets compiled. */
const WARM_UP_TASKS = { full: 20_000, quick: 2_000 };

/** Milliseconds for one step. */
interface PerStep {
  wall: number;
  cpu: number;
}

/** What a step costs in a run of ten thousand, and in one of a hundred: layers of ten, each step behind three of the layer before. */
export async function largeWorkflows(options: Options, progress: (line: string) => void): Promise<Figure[]> {
  const { runs, appendfsync, quick } = options;
  const size = quick ? 'quick' : 'full';
  const all: { small: PerStep; large: PerStep }[] = [];
  let serverVersions: Record<string, string> = {};
  for (let run = 1; run <= runs; run++) {
    const deployment = await startDeployment({ appendfsync, swarms: [{ id: 'bench', slots: SLOTS }] });
    serverVersions = deployment.serverVersions;
    try {
      const measured = await measure(deployment, size);
      all.push(measured);
      progress(
        `run ${run}/${runs}  a step of ${SMALL_STEPS} ${shown(measured.small)}, of ${LARGE_STEPS[size]} ${shown(measured.large)}`,
      );
    } finally {
      await deployment.stop();
    }
  }
  const settings = {
    ...{ steps: [SMALL_STEPS, LARGE_STEPS[size]], width: WIDTH, fanIn: FAN_IN, smallRuns: SMALL_RUNS[size] },
    ...{ slots: SLOTS, runs, appendfsync },
  };
  const figure = (metric: string, unit: string, of: (run: (typeof all)[number]) => number): Figure => ({
    ...{ bench: 'workflow', metric: `large: ${metric}`, unit, settings, serverVersions },
    own: { name: 'multiswarm', runs: all.map(of) },
  });
  return [
    figure(`a step of ${SMALL_STEPS}`, 'ms/step', ({ small }) => small.wall),
    figure(`a step of ${LARGE_STEPS[size]}`, 'ms/step', ({ large }) => large.wall),
    figure('large over small', 'ratio', ({ small, large }) => large.wall / small.wall),
    figure(`a step of ${SMALL_STEPS}, cpu of all processes`, 'ms/step', ({ small }) => small.cpu),
    figure(`a step of ${LARGE_STEPS[size]}, cpu of all processes`, 'ms/step', ({ large }) => large.cpu),
    figure('large over small, cpu', 'ratio', ({ small, large }) => large.cpu / small.cpu),
  ];
}

async function measure(
  deployment: Deployment,
  size: 'full' | 'quick',
): Promise<{ small: PerStep; large: PerStep }> {
  const { bus, completions, anyFailed } = deployment;
  const warm = completions.next(WARM_UP_TASKS[size]);
  warm.catch(() => undefined);
  await deployment.pile(WARM_UP_TASKS[size], 'noop');
  await inTime('the warm-up', Promise.race([warm, anyFailed]));
  const ends = new RunEnds(bus.connection);
  try {
    await eachOf(SMALL_RUNS[size] / 2, deployment, ends, SMALL_STEPS);
    const small = await eachOf(SMALL_RUNS[size], deployment, ends, SMALL_STEPS);
    const large = await eachOf(1, deployment, ends, LARGE_STEPS[size]);
    return { small, large };
  } finally {
    ends.stop();
  }
}

/** Runs of so many steps, one after the other: the time of the middle one, and the processor time of all, for one step. */
async function eachOf(
  times: number,
  { client, processes, anyFailed }: Deployment,
  ends: RunEnds,
  steps: number,
): Promise<PerStep> {
  const shape: LayeredShape = { kind: 'layered', layers: steps / WIDTH, width: WIDTH, fanIn: FAN_IN };
  const workflow = toSteps(shape);
  const walls: number[] = [];
  const { used } = await withCpu(processes, async () => {
    for (let run = 0; run < times; run++) {
      const from = performance.now();
      const ended = ends.next();
      ended.catch(() => undefined);
      await client.submitWorkflow(workflow);
      await inTime(`a run of ${steps} steps`, Promise.race([ended, anyFailed]));
      walls.push(performance.now() - from);
    }
  });
  return { wall: median(walls) / steps, cpu: totalMs(used) / times / steps };
}

function shown({ wall, cpu }: PerStep): string {
  return `${rounded(wall)} ms (cpu ${rounded(cpu)} ms)`;
}
