import type { SwarmPlan } from '../nodes/swarm-program';
import { between, chance, pick, pickWeighted, wholeBetween, type Seeds } from '../world/seeds';
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
  /** Of each shard: next to nothing, so that tasks are let go of and read back all the time; or more than there ever is. */
  memory: { hotWaiting: number; recalledAtOnce: number };
}

/** The times of the orchestrator, a third of what is shipped, so that a run sees more of what follows from them. */
export const TIMES = {
  leaseMs: 1_500,
  renewMs: 500,
  attemptLeaseMs: 3_000,
  slotKeptMs: 100,
  regionTimeoutMs: 5_000,
  summaryMs: 800,
} as const;

export function planOf(seeds: Seeds): Plan {
  const random = seeds.stream('plan');
  const swarms = REGIONS.flatMap((region) =>
    Array.from({ length: wholeBetween(random, 1, 3) }, (_, index) => ({
      id: `${region}-${index + 1}`,
      region,
      slots: wholeBetween(random, 1, 3),
      // The first of each region can do everything, so that nothing waits for ever.
      capabilities: index === 0 || chance(random, 0.3) ? ['gpu'] : [],
      costPerHour: wholeBetween(random, 1, 4),
      heartbeatMs: 800,
    })),
  );
  return {
    shards: pick(random, [1, 1, 2, 2, 3, 4]),
    replicas: wholeBetween(random, 2, 3),
    regional: chance(random, 0.4),
    balancers: wholeBetween(random, 1, 2),
    swarms,
    clients: 2,
    actions: wholeBetween(random, 6, 16),
    activeMs: between(random, 1_500, 5_000),
    faults: pickWeighted(random, [
      [1, 0],
      [2, 2],
      [4, 4],
      [3, 7],
      [1, 12],
    ]),
    skewMs: chance(random, 0.5) ? 0 : 150,
    memory: chance(random, 0.5)
      ? { hotWaiting: 1, recalledAtOnce: 1 }
      : { hotWaiting: 1_000, recalledAtOnce: 200 },
  };
}
