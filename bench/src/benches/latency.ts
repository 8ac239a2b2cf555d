import { connect } from '@nats-io/transport-node';
import type { Options } from '../options';
import type { Figure } from '../report';
import { median, percentile, rounded } from '../statistics';
import { startDeployment } from '../systems/deployment';
import type { RunningSystem } from '../systems/system';
import { HOPS, Hops } from './hops';
import type { Bench } from './bench';
import { sideBySide } from './side-by-side';

const CONCURRENCY = 50;
/** Not counted: the path of a lone task is not the one that the warm-up batch took. */
const WARM_UP_PROBES = 1_000;
const WARM_UP_TASKS = 10_000;
const QUANTILES = { p50: 0.5, p99: 0.99 } as const;
type Quantile = keyof typeof QUANTILES;

/** Lone tasks on an idle system, one after the other: from handing one in until its result is known to the client. */
export const latency: Bench = async (options, progress) => {
  const { probes, runs, appendfsync, profile } = options;
  const setup = { concurrency: CONCURRENCY };
  const { own, peer, serverVersions } = await sideBySide(
    options,
    { multiswarm: setup, bullmq: setup },
    progress,
    (system, run) => {
      const work = (): ReturnType<typeof measure> => measure(system, probes);
      return profile === undefined ? work() : system.profiled(profile, `latency-${run}`, work);
    },
    ({ p50, p99 }) => `p50 ${rounded(p50)} ms, p99 ${rounded(p99)} ms`,
  );
  const settings = { probes, runs, appendfsync, concurrency: CONCURRENCY };
  const common = { bench: 'latency', unit: 'ms', settings, serverVersions };
  const whole = (Object.keys(QUANTILES) as Quantile[]).map((quantile) => ({
    ...common,
    metric: quantile,
    own: { name: own.name, runs: own.runs.map((values) => values[quantile]) },
    ...(peer && { peer: { name: peer.name, runs: peer.runs.map((values) => values[quantile]) } }),
  }));
  const hops = await measureHops(options, progress);
  return [...whole, ...hops.map((hop) => ({ ...common, ...hop }))];
};

async function measure(system: RunningSystem, probes: number): Promise<Record<Quantile, number>> {
  for (let probe = 0; probe < WARM_UP_PROBES; probe++) await system.lone();
  const values: number[] = [];
  for (let probe = 0; probe < probes; probe++) values.push(await system.lone());
  return { p50: percentile(values, QUANTILES.p50), p99: percentile(values, QUANTILES.p99) };
}

/** Where the time goes: the same probes once more, with a listener on the wire, which costs a little itself. */
async function measureHops(
  { appendfsync, probes }: Options,
  progress: (line: string) => void,
): Promise<Pick<Figure, 'metric' | 'own'>[]> {
  const deployment = await startDeployment({ appendfsync, swarms: [{ id: 'bench', slots: CONCURRENCY }] });
  try {
    const { client, completions, anyFailed } = deployment;
    const warm = completions.next(WARM_UP_TASKS);
    warm.catch(() => undefined);
    await deployment.pile(WARM_UP_TASKS, 'noop');
    await Promise.race([warm, anyFailed]);
    const tap = await connect({ servers: deployment.nats.url });
    const hops = new Hops(tap);
    await tap.flush();
    const seen: Record<string, number>[] = [];
    for (let probe = 0; probe < WARM_UP_PROBES + probes; probe++) {
      const from = hops.begin();
      const task = await client.submit('noop', { n: 0 });
      await Promise.race([task.result(), anyFailed]);
      const known = performance.now() - from;
      // What is still on its way to the listener was sent before the answer that we have.
      await tap.flush();
      if (probe >= WARM_UP_PROBES) seen.push(hops.end(known));
    }
    await tap.close();
    return HOPS.flatMap((name) => {
      const values = seen.flatMap((each) => each[name] ?? []);
      if (values.length === 0) return [];
      progress(`${name.padEnd(40)} ${rounded(median(values))} ms`);
      return [{ metric: `hop: ${name}`, own: { name: 'multiswarm', runs: [median(values)] } }];
    });
  } finally {
    await deployment.stop();
  }
}
