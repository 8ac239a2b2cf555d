import { seededRandom, type Random } from '@multiswarm/core';
import { Learner } from '../../../../services/load-balancer/src/domain/learning/learner';
import { costOf } from '../../../../services/load-balancer/src/domain/learning/posterior';
import type { Chooser, Course } from './simulate';
import type { Truth, World } from './world';

/** A failed attempt ends at half of its time, on average. */
const FAILED_RATIO = 0.5;
const NO_WAITING = 0.001;
/** What a failed try costs beside its slot, in mean attempts of its type. */
const FAILED_TRY = 2;
const HALF_LIFE_MS = 6 * 3_600_000;

/** Knows what is true, also after it has changed, and takes the open class that is the cheapest until a success. */
export function oracle(): Chooser {
  return {
    name: 'oracle',
    choose: (type, open, _, world) => least(open, (at) => trueCost(world, type, at)),
    ended: () => undefined,
  };
}

export function trueCost(world: World, type: number, at: number): number {
  const row = world.truth[type] as readonly Truth[];
  const { meanMs, success } = row[at] as Truth;
  const price = world.classes[at]?.costPerSlotHour as number;
  const stakes = { hourOfWaiting: NO_WAITING, failedTry: FAILED_TRY * meanTry(world, row) };
  return costOf(meanMs, (1 - success) / success, FAILED_RATIO, price, stakes);
}

function meanTry({ classes }: World, row: readonly Truth[]): number {
  const costs = row.map(({ meanMs, success }, at) => {
    const ms = meanMs * (success + (1 - success) * FAILED_RATIO);
    return (ms / 3_600_000) * ((classes[at]?.costPerSlotHour as number) + NO_WAITING);
  });
  return costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
}

/** Most free slots first, whatever the class. */
export function leastLoaded(): Chooser {
  return {
    name: 'least-loaded',
    choose: (_, open, free) => least(open, (at) => -(free[at] as number)),
    ended: () => undefined,
  };
}

export function cheapest({ before }: Course): Chooser {
  return {
    name: 'cheapest',
    choose: (_, open) => least(open, (at) => before.classes[at]?.costPerSlotHour as number),
    ended: () => undefined,
  };
}

export function learned({ before: { classes } }: Course, seed: number, tie: number): Chooser {
  const random: Random = seededRandom(seed);
  const learner = new Learner({
    halfLifeMs: HALF_LIFE_MS,
    pairs: 4_096,
    hourOfWaiting: NO_WAITING,
    failedTry: FAILED_TRY,
    isOff: () => false,
  });
  const scores = new Float64Array(classes.length);
  return {
    name: 'learned',
    choose: (type, open, free) => {
      let best = Infinity;
      for (const at of open) {
        const { name, costPerSlotHour } = classes[at] as World['classes'][number];
        scores[at] = learner.draw(String(type), name, costPerSlotHour, random).costToSuccess;
        best = Math.min(best, scores[at] as number);
      }
      const ties = open.filter((at) => (scores[at] as number) <= best * (1 + tie));
      return least(ties, (at) => -(free[at] as number));
    },
    ended: ({ type, chosen, succeeded, durationMs, nowMs }) => {
      const { name, costPerSlotHour } = classes[chosen] as World['classes'][number];
      const outcome = succeeded ? 'succeeded' : 'failed';
      learner.observe(
        { namespace: 'default', type: String(type), swarmClass: name, outcome, durationMs, costPerSlotHour },
        nowMs,
      );
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
