import type { Drill } from '../drill-watch';
import { alike, strickenHosts, troubles, type Trouble } from '../fleets';
import type { Scenario } from '../scenario';
import { lognormal } from '../world/distributions';

const SLOTS = 4;

export interface DrillOptions {
  hosts: number;
  replicas: number;
  load: number;
  /** Without trouble, with it, and without it again. */
  seconds: { before: number; trouble: number; after: number };
}

export const DRILL: DrillOptions = {
  ...{ hosts: 100, replicas: 8, load: 0.6 },
  seconds: { before: 60, trouble: 120, after: 120 },
};

/** One host in ten turns slow, one in ten fails at once, one in twenty takes work and never ends it. */
export const DRILL_TROUBLES: readonly Trouble[] = [
  { name: 'slow', share: 0.1, change: { speed: 0.1 } },
  { name: 'fails fast', share: 0.1, change: { mode: 'fails-fast' } },
  { name: 'hangs', share: 0.05, change: { mode: 'hangs' } },
];

/** The whole fleet turns three times slower: nobody is worse than the others. */
const ALL_SLOW: readonly Trouble[] = [{ name: 'slow', share: 1, change: { speed: 0.35 } }];

/** The failure drill: what share of the requests is hurt while hosts are in trouble, and how soon they are out, and back. */
export function drill(options: DrillOptions = DRILL, all = DRILL_TROUBLES): Scenario {
  const stricken = strickenHosts(options.hosts, all).map(({ host, name }) => [host, name] as const);
  return scenario('drill', options, all, new Map(stricken));
}

/** All get slower together: there is nobody to be taken out. The load leaves them the power for it. */
export function allSlow(options: DrillOptions = { ...DRILL, load: 0.3 }): Scenario {
  return scenario('all-slow', options, ALL_SLOW, new Map());
}

function scenario(
  name: string,
  { hosts: count, replicas, load, seconds }: DrillOptions,
  all: readonly Trouble[],
  named: Drill['troubles'],
): Scenario {
  const hosts = alike(count, SLOTS);
  const fromS = seconds.before;
  const toS = fromS + seconds.trouble;
  return {
    ...{ name, hosts, service: lognormal(0.8), meanServiceS: 1, capacityCores: count * SLOTS },
    phases: Object.entries(seconds).map(([phase, length]) => ({
      ...{ name: phase, load },
      requests: Math.round(load * count * SLOTS * length),
    })),
    ...{ warmUpShare: 0, replicas, reportEveryS: 0.5, hopS: 0.002, deadlineS: 30 },
    drill: { fromS, toS, troubles: named },
    disturbances: troubles(hosts, all, fromS, toS),
  };
}
