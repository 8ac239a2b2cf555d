import type { SwarmPlan } from '../nodes/swarm-program';
import { between, chance, pickWeighted, wholeBetween, type Seeds } from '../world/seeds';
import { REGIONS } from './submissions';

/** What a seed stands for: how large the system is, what it has to do, and how much goes wrong. */
export interface Plan {
  shards: number;
  replicas: number;
  /** Whether each region has a replica of its own for the regional role, next to its swarms. */
  regional: boolean;
  balancers: number;
  swarms: SwarmPlan[];
  clients: number;
  /** Of each client. */
  actions: number;
  activeMs: number;
  faults: number;
  skewMs: number;
}

export function planOf(seeds: Seeds): Plan {
  const random = seeds.stream('plan');
  const swarms = REGIONS.flatMap((region) =>
    Array.from({ length: wholeBetween(random, 2, 3) }, (_, index) => ({
      id: `${region}-${index + 1}`,
      region,
      slots: wholeBetween(random, 1, 3),
      // The first of each region can do everything, so that nothing waits for ever.
      capabilities: index === 0 || chance(random, 0.3) ? ['gpu'] : [],
      costPerHour: wholeBetween(random, 1, 4),
      heartbeatMs: 500,
    })),
  );
  return {
    shards: wholeBetween(random, 2, 4),
    replicas: wholeBetween(random, 2, 3),
    regional: chance(random, 0.4),
    balancers: wholeBetween(random, 1, 2),
    swarms,
    clients: 2,
    actions: wholeBetween(random, 5, 12),
    activeMs: between(random, 2_000, 6_000),
    faults: pickWeighted(random, [
      [1, 0],
      [2, 1],
      [3, 3],
      [3, 5],
      [1, 9],
    ]),
    skewMs: chance(random, 0.5) ? 0 : 150,
  };
}
