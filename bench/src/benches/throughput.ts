import { withCpu, type CpuOf } from '../cpu';
import type { Options } from '../options';
import { processorTime } from '../processor-time';
import type { Figure } from '../report';
import { rounded } from '../statistics';
import type { RunningSystem, Setup } from '../systems/system';
import type { Bench } from './bench';
import { bestSetups, sideBySide, type SideBySide } from './side-by-side';

const CONCURRENCY = { full: [50, 250, 500, 1_000, 2_000], quick: [250, 1_000] };
/** In one call, or in chunks of so many with four under way at once. */
const CHUNKS = [undefined, 1_000];
/** Two looks at each candidate, because one may have been disturbed. */
const LOOKS = { full: 2, quick: 1 };

type Batch = CpuOf<number>;

/**
 * One batch of no-op tasks: submitted, placed, run in a swarm process, the result committed. Each system runs with the
 * concurrency and the chunks that suit it best here. Beside the rate it gives the processor time that every process spent
 * for one task, which says what a process of its kind could carry with a core of its own.
 */
export const throughput: Bench = async (options, progress) => {
  const { tasks, runs, appendfsync, profile, followed } = options;
  const setups = await setupsFor(options, progress);
  const measure = (system: RunningSystem, run: number): Promise<Batch> => {
    const work = (): Promise<Batch> => withCpu(system.processes, () => system.batch(tasks));
    return profile === undefined ? work() : system.profiled(profile, `throughput-${run}`, work);
  };
  const rate = ({ value }: Batch): number => tasks / (value / 1_000);
  const result = await sideBySide(options, setups, progress, measure, (batch) =>
    [`${rounded(rate(batch))} tasks/s`, `${rounded(batch.foreignCores)} cores busy with something else`].join(
      ', ',
    ),
  );
  const foreignCores = result.own.runs.map((batch) => rounded(batch.foreignCores));
  const settings = {
    tasks,
    runs,
    appendfsync,
    followed,
    setups,
    foreignCores,
    profiled: profile !== undefined,
  };
  const { serverVersions } = result;
  const common = { bench: 'throughput', settings, serverVersions };
  return [
    { ...common, metric: 'batch', unit: 'tasks/s', ...mapped(result, rate) },
    ...processorTime(result, tasks).map((figure) => ({ ...common, unit: 'µs/task', ...figure })),
  ];
};

async function setupsFor(
  options: Options,
  progress: (line: string) => void,
): Promise<Readonly<Record<string, Setup>>> {
  const { quick, concurrency, chunk } = options;
  if (concurrency !== undefined) {
    const setup = { concurrency, ...(chunk === undefined ? {} : { chunk }) };
    return { multiswarm: setup, bullmq: setup };
  }
  const size = quick ? 'quick' : 'full';
  const candidates = CONCURRENCY[size].flatMap((slots) =>
    CHUNKS.map((each): Setup => ({ concurrency: slots, ...(each === undefined ? {} : { chunk: each }) })),
  );
  return bestSetups(options, candidates, LOOKS[size], progress);
}

function mapped<T>({ own, peer }: SideBySide<T>, value: (run: T) => number): Pick<Figure, 'own' | 'peer'> {
  return {
    own: { name: own.name, runs: own.runs.map(value) },
    ...(peer && { peer: { name: peer.name, runs: peer.runs.map(value) } }),
  };
}
