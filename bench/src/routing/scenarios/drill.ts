import { alike, troubles, type Trouble } from '../fleets';
import type { Scenario } from '../scenario';
import { lognormal } from '../world/distributions';

const HOSTS = 100;
const SLOTS = 4;
const LOAD = 0.6;
/** Requests arrive at this rate: the load by the mean service time of a second. */
const PER_SECOND = LOAD * HOSTS * SLOTS;

/** One host in ten turns slow, one in ten fails at once, one in twenty takes work and never ends it. */
export const DRILL_TROUBLES: readonly Trouble[] = [
  { share: 0.1, change: { speed: 0.1 } },
  { share: 0.1, change: { mode: 'fails-fast' } },
  { share: 0.05, change: { mode: 'hangs' } },
];

/** The whole fleet turns three times slower: nobody is worse than the others. */
export const DRILL_ALL_SLOW: readonly Trouble[] = [{ share: 1, change: { speed: 0.35 } }];

/** Seconds without trouble, with it, and without it again. */
export const DRILL_SECONDS = { before: 60, trouble: 120, after: 120 } as const;

/** The failure drill: what share of the requests is hurt while hosts are in trouble, and after they have come out of it. */
export function drill(name: string, all: readonly Trouble[], load = LOAD): Scenario {
  const hosts = alike(HOSTS, SLOTS);
  const { before, trouble } = DRILL_SECONDS;
  return {
    ...{ name, hosts, service: lognormal(0.8), meanServiceS: 1, capacityCores: HOSTS * SLOTS },
    phases: Object.entries(DRILL_SECONDS).map(([phase, seconds]) => ({
      name: phase,
      load,
      requests: Math.round((PER_SECOND / LOAD) * load * seconds),
    })),
    ...{ warmUpShare: 0, replicas: 8, reportEveryS: 0.5, hopS: 0.002, deadlineS: 30 },
    disturbances: troubles(hosts, all, before, before + trouble),
  };
}
