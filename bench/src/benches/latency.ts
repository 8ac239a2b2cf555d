import type { RunningSystem } from '../systems/system';
import { percentile, rounded } from '../statistics';
import type { Bench } from './bench';
import { sideBySide } from './side-by-side';

const CONCURRENCY = 50;
/** Not counted: the path of a lone task is not the one that the warm-up batch took. */
const WARM_UP_PROBES = 20;
const QUANTILES = { p50: 0.5, p99: 0.99 } as const;
type Quantile = keyof typeof QUANTILES;

/** Lone tasks on an idle system, one after the other: from handing one in until its result is known to the client. */
export const latency: Bench = async (options, progress) => {
  const { probes, runs, appendfsync } = options;
  const concurrency = { multiswarm: CONCURRENCY, bullmq: CONCURRENCY };
  const { own, peer, serverVersions } = await sideBySide(
    options,
    concurrency,
    progress,
    (system) => measure(system, probes),
    ({ p50, p99 }) => `p50 ${rounded(p50)} ms, p99 ${rounded(p99)} ms`,
  );
  const settings = { probes, runs, appendfsync, concurrency };
  return (Object.keys(QUANTILES) as Quantile[]).map((quantile) => ({
    bench: 'latency',
    metric: quantile,
    unit: 'ms',
    own: { name: own.name, runs: own.runs.map((values) => values[quantile]) },
    peer: { name: peer.name, runs: peer.runs.map((values) => values[quantile]) },
    settings,
    serverVersions,
  }));
};

async function measure(system: RunningSystem, probes: number): Promise<Record<Quantile, number>> {
  for (let probe = 0; probe < WARM_UP_PROBES; probe++) await system.lone();
  const values: number[] = [];
  for (let probe = 0; probe < probes; probe++) values.push(await system.lone());
  return { p50: percentile(values, QUANTILES.p50), p99: percentile(values, QUANTILES.p99) };
}
