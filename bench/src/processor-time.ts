import type { SideBySide } from './benches/side-by-side';
import type { CpuOf, CpuTime } from './cpu';
import type { Figure } from './report';
import { median } from './statistics';

type Runs = Pick<SideBySide<Pick<CpuOf<unknown>, 'used'>>, 'own' | 'peer'>;
type Side = Runs['own'];

/** What each of our processes spent for one of `count`, in microseconds; the peer beside it where it has a process of that name. */
export function processorTime({ own, peer }: Runs, count: number): Pick<Figure, 'metric' | 'own' | 'peer'>[] {
  const withAll = (of: Side): Side => ({
    name: of.name,
    runs: of.runs.map((run) => ({ ...run, used: { ...run.used, 'all processes': sum(run.used) } })),
  });
  return eachProcess({ own: withAll(own), peer: peer && withAll(peer) }, count);
}

function sum(used: Readonly<Record<string, CpuTime>>): CpuTime {
  const times = Object.values(used);
  return {
    processMs: times.reduce((total, { processMs }) => total + processMs, 0),
    mainThreadMs: times.reduce((total, { mainThreadMs }) => total + mainThreadMs, 0),
  };
}

function eachProcess({ own, peer }: Runs, count: number): Pick<Figure, 'metric' | 'own' | 'peer'>[] {
  const [first] = own.runs;
  const series = (of: Side, name: string, time: 'processMs' | 'mainThreadMs') => ({
    name: of.name,
    runs: of.runs.flatMap(({ used }) => (used[name] ? [(used[name][time] * 1_000) / count] : [])),
  });
  return Object.keys(first?.used ?? {}).flatMap((name) =>
    (['processMs', 'mainThreadMs'] as const).flatMap((time) => {
      const ours = series(own, name, time);
      const theirs = peer && series(peer, PEER_OF[name] ?? name, time);
      if (median(ours.runs) === 0) return [];
      const metric = time === 'processMs' ? `cpu of ${name}` : `cpu of ${name}, main thread`;
      return [{ metric, own: ours, ...(theirs?.runs.length ? { peer: theirs } : {}) }];
    }),
  );
}

const PEER_OF: Readonly<Record<string, string>> = { 'swarm bench': 'worker' };
