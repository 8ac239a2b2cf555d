import { withCpu, type CpuTime } from '../cpu';
import { processorTime } from '../processor-time';
import type { Figure } from '../report';
import { median, percentile, rounded } from '../statistics';
import type { FlowShape } from '../systems/flow-shapes';
import type { RunningSystem } from '../systems/system';
import type { Bench } from './bench';
import { sideBySide, type SideBySide } from './side-by-side';
import { largeWorkflows } from './workflow-large';

const CHAIN: FlowShape = { kind: 'chain', length: 5 };
const FAN_OUT: FlowShape = { kind: 'fan-out', width: 1_000 };
const IN_FLIGHT = 64;
/** Of the swarm and of the worker, unless told. */
const CONCURRENCY = 250;

/**
 * How often each is done, and before that without being counted: chains in flight first, since code goes on being compiled for the
 * first 50,000 steps.
 */
const SIZES = {
  full: { chain: 200, chains: 2_000, fanOut: 5, warmUp: { chains: 6_000, chain: 100, fanOut: 3 } },
  quick: { chain: 50, chains: 500, fanOut: 2, warmUp: { chains: 1_000, chain: 30, fanOut: 1 } },
};
type Sizes = (typeof SIZES)['full'];

interface Measured {
  p50: number;
  p99: number;
  chainsPerSecond: number;
  fanOut: number;
}
/** With the processor time of each process. */
interface Run extends Measured {
  chainsUsed: Record<string, CpuTime>;
  fanOutsUsed: Record<string, CpuTime>;
}
const METRICS: readonly { metric: string; unit: string; of: keyof Measured }[] = [
  { metric: 'chain, p50', unit: 'ms', of: 'p50' },
  { metric: 'chain, p99', unit: 'ms', of: 'p99' },
  { metric: 'chains', unit: 'chains/s', of: 'chainsPerSecond' },
  { metric: 'fan-out', unit: 'ms', of: 'fanOut' },
];

/**
 * Workflows of no-op steps, from handing one in until the client knows its end: chains of five, alone and with 64 in flight (a
 * client with so many hands, each of which begins the next chain when its last one has ended), and a thousand steps that one
 * more waits for; then, without the peer, what a step costs in a run of a hundred and in one of ten thousand.
 */
export const workflow: Bench = async (options, progress) => {
  const { runs, appendfsync, profile, quick, concurrency = CONCURRENCY } = options;
  const sizes = SIZES[quick ? 'quick' : 'full'];
  const { own, peer, serverVersions } = await sideBySide(
    options,
    { multiswarm: { concurrency }, bullmq: { concurrency } },
    progress,
    (system, run) => {
      const watched: Watched = (what, work) =>
        profile === undefined ? work() : system.profiled(profile, `workflow-${what}-${run}`, work);
      return measure(system, sizes, watched);
    },
    (of) => METRICS.map(({ metric, unit, of: name }) => `${metric} ${rounded(of[name])} ${unit}`).join(', '),
  );
  const settings = {
    ...{ shapes: { chain: CHAIN, inFlight: IN_FLIGHT, fanOut: FAN_OUT }, counts: sizes },
    ...{ runs, appendfsync, concurrency, profiled: profile !== undefined },
  };
  const figures = METRICS.map(({ metric, unit, of }): Figure => ({
    ...{ bench: 'workflow', metric, unit, settings, serverVersions },
    own: { name: own.name, runs: own.runs.map((run) => run[of]) },
    ...(peer && { peer: { name: peer.name, runs: peer.runs.map((run) => run[of]) } }),
  }));
  const cpu = (what: 'chainsUsed' | 'fanOutsUsed', label: string, count: number): Figure[] =>
    processorTime(usedIn({ own, peer }, what), count).map((figure) => ({
      ...{ bench: 'workflow', unit: 'µs', settings, serverVersions },
      ...figure,
      metric: `${label}, ${figure.metric}`,
    }));
  const processorTimes = [
    ...cpu('chainsUsed', 'chain of those in flight', sizes.chains),
    ...cpu('fanOutsUsed', 'fan-out', sizes.fanOut),
  ];
  return [...figures, ...processorTimes, ...(await largeWorkflows(options, progress))];
};

function usedIn(
  { own, peer }: Pick<SideBySide<Run>, 'own' | 'peer'>,
  what: 'chainsUsed' | 'fanOutsUsed',
): Parameters<typeof processorTime>[0] {
  const of = ({ name, runs }: { name: string; runs: Run[] }) => ({
    name,
    runs: runs.map((run) => ({ used: run[what] })),
  });
  return { own: of(own), peer: peer && of(peer) };
}

type Watched = <T>(what: string, work: () => Promise<T>) => Promise<T>;

async function measure(system: RunningSystem, sizes: Sizes, watched: Watched): Promise<Run> {
  const { warmUp } = sizes;
  await inLanes(warmUp.chains, () => system.flow(CHAIN));
  await repeated(warmUp.chain, () => system.flow(CHAIN));
  const alone = await watched('chain', () => repeated(sizes.chain, () => system.flow(CHAIN)));
  const chains = await watched('chains', () =>
    withCpu(system.processes, () => inLanes(sizes.chains, () => system.flow(CHAIN))),
  );
  await repeated(warmUp.fanOut, () => system.flow(FAN_OUT));
  const fanOuts = await watched('fan-out', () =>
    withCpu(system.processes, () => repeated(sizes.fanOut, () => system.flow(FAN_OUT))),
  );
  return {
    p50: percentile(alone, 0.5),
    p99: percentile(alone, 0.99),
    chainsPerSecond: sizes.chains / (chains.wallMs / 1_000),
    fanOut: median(fanOuts.value),
    chainsUsed: chains.used,
    fanOutsUsed: fanOuts.used,
  };
}

/** One after the other; what each has given. */
async function repeated(times: number, work: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  for (let done = 0; done < times; done++) values.push(await work());
  return values;
}

async function inLanes(count: number, work: () => Promise<unknown>): Promise<void> {
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun < count) {
      begun += 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}
