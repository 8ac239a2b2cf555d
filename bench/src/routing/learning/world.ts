import { randomInteger, type Random } from '@multiswarm/core';
import { normal } from '../../../../services/load-balancer/src/domain/learning/normal';

export interface WorldOptions {
  types: number;
  classes: number;
  /** Standard deviation of how much faster (ln) one class is at a type than others are. */
  differences: number;
  /** Rates of success lie between these. */
  success: readonly [number, number];
  /** Prices of a slot-hour, USD, lie between these. */
  prices: readonly [number, number];
  slotsPerClass: number;
}

/** What is true of one type on one class. */
export interface Truth {
  meanMs: number;
  success: number;
}

export interface SimulatedClass {
  name: string;
  slots: number;
  costPerSlotHour: number;
}

/** The true nature of a fleet: what each class of swarms is good at. */
export interface World {
  classes: readonly SimulatedClass[];
  /** By type, then by class. */
  truth: readonly (readonly Truth[])[];
}

/** Types take from 10 to 200 s on an average class. */
const FASTEST_MS = 10_000;
const SLOWEST_FACTOR = 20;
/** How much faster a class is for its price: one that costs four times as much is about 2.3 times as fast. */
const SPEED_FOR_PRICE = 0.6;

export function worldOf(options: WorldOptions, random: Random): World {
  const { types, prices, success } = options;
  const classes = Array.from({ length: options.classes }, (_, index) => ({
    name: `class-${index}`,
    slots: options.slotsPerClass,
    costPerSlotHour: between(prices, random, 'geometric'),
  }));
  const typical = Math.sqrt(prices[0] * prices[1]);
  const truth = Array.from({ length: types }, () => {
    const baseMs = FASTEST_MS * SLOWEST_FACTOR ** random.next();
    return classes.map(({ costPerSlotHour }) => ({
      meanMs:
        baseMs *
        (costPerSlotHour / typical) ** -SPEED_FOR_PRICE *
        Math.exp(options.differences * normal(random)),
      success: between(success, random, 'linear'),
    }));
  });
  return { classes, truth };
}

/** The same fleet after what every other type is good at has moved on to another class. */
export function driftedFrom({ classes, truth }: World, random: Random): World {
  const drifted = truth.map((row, type) => {
    if (type % 2 === 1) return row;
    const by = 1 + randomInteger(random, row.length - 1);
    return row.map((_, at) => row[(at + by) % row.length] as Truth);
  });
  return { classes, truth: drifted };
}

function between(
  [low, high]: readonly [number, number],
  random: Random,
  scale: 'linear' | 'geometric',
): number {
  const share = random.next();
  return scale === 'linear' ? low + share * (high - low) : low * (high / low) ** share;
}
