import { seededRandom, type Random } from '@multiswarm/core';
import { Learner, LEARNER_DEFAULTS } from '../../../../services/load-balancer/src/domain/learning/learner';
import { costOf } from '../../../../services/load-balancer/src/domain/learning/posterior';
import { isTie } from '../../../../services/load-balancer/src/domain/learning/ties';
import type { Chooser } from './simulate';
import type { SimulatedClass, Truth, World } from './world';

/** A failed attempt ends at half of its time, on average. */
const FAILED_RATIO = 0.5;
const { hourOfWaiting: HOUR_OF_WAITING, failedTry: FAILED_TRY } = LEARNER_DEFAULTS;
const HALF_LIFE_MS = 6 * 3_600_000;

/** Knows what is true at any moment, and takes the open class that is the cheapest until a success. */
export const oracle: Chooser = {
  name: 'oracle',
  choose: (type, open, _, world) => least(open, (at) => trueCost(world, type, at)),
  ended: () => undefined,
};

function trueCost(world: World, type: number, at: number): number {
  const row = world.truth[type] as readonly Truth[];
  const { meanMs, success } = row[at] as Truth;
  const price = world.classes[at]?.costPerSlotHour as number;
  const stakes = { hourOfWaiting: HOUR_OF_WAITING, failedTry: FAILED_TRY * meanTry(world, row) };
  return costOf(meanMs, (1 - success) / success, FAILED_RATIO, price, stakes);
}

function meanTry({ classes }: World, row: readonly Truth[]): number {
  const costs = row.map(({ meanMs, success }, at) => {
    const ms = meanMs * (success + (1 - success) * FAILED_RATIO);
    return (ms / 3_600_000) * ((classes[at]?.costPerSlotHour as number) + HOUR_OF_WAITING);
  });
  return costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
}

/** Most free slots first, whatever the class. */
export const leastLoaded: Chooser = {
  name: 'least-loaded',
  choose: (_, open, free) => least(open, (at) => -(free[at] as number)),
  ended: () => undefined,
};

export const cheapest: Chooser = {
  name: 'cheapest',
  choose: (_, open, _free, { classes }) =>
    least(open, (at) => (classes[at] as SimulatedClass).costPerSlotHour),
  ended: () => undefined,
};

/** Draws what may be true of each open class, and takes the least loaded of those that are as good as the best. */
export function learned(seed: number): Chooser {
  const random: Random = seededRandom(seed);
  const learner = new Learner({
    ...{ ...LEARNER_DEFAULTS, halfLifeMs: HALF_LIFE_MS },
    isOff: () => false,
  });
  return {
    name: 'learned',
    choose: (type, open, free, { classes }) => {
      const costs = open.map((at) => {
        const { name, costPerSlotHour } = classes[at] as SimulatedClass;
        return learner.draw(String(type), name, costPerSlotHour, random).costToSuccess;
      });
      const best = Math.min(...costs);
      const ties = open.filter((_, index) => isTie(costs[index] as number, best));
      return least(ties, (at) => -(free[at] as number));
    },
    ended: ({ type, chosen, succeeded, durationMs, nowMs }) => {
      const { name, costPerSlotHour } = chosen;
      const outcome = succeeded ? 'succeeded' : 'failed';
      const where = { namespace: 'default', type: String(type), swarmClass: name };
      learner.observe({ ...where, outcome, durationMs, costPerSlotHour }, nowMs);
    },
  };
}

function least(of: readonly number[], key: (at: number) => number): number {
  let best = of[0] as number;
  let bestKey = key(best);
  for (const at of of) {
    const keyOf = key(at);
    if (keyOf < bestKey) [best, bestKey] = [at, keyOf];
  }
  return best;
}
