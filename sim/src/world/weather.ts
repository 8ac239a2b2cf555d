import type { Random } from '@multiswarm/core';
import { between, chance } from './seeds';

/** What becomes of messages. Shares are from 0 to 1. */
export interface Weather {
  /** Messages that take long, and how long at most. With random delays messages overtake each other. */
  slowShare: number;
  slowMs: number;
  dropShare: number;
  /** Delivered a second time, later. */
  duplicateShare: number;
}

export const CALM: Weather = { slowShare: 0, slowMs: 0, dropShare: 0, duplicateShare: 0 };

const USUAL_MS = { from: 0.1, to: 1.5 };

export function delayOf(weather: Weather, random: Random): number {
  const usual = between(random, USUAL_MS.from, USUAL_MS.to);
  return chance(random, weather.slowShare) ? usual + between(random, 0, weather.slowMs) : usual;
}

/** The delays of all copies that arrive: usually one. */
export function copiesOf(weather: Weather, random: Random): number[] {
  if (chance(random, weather.dropShare)) return [];
  const first = delayOf(weather, random);
  return chance(random, weather.duplicateShare) ? [first, first + delayOf(weather, random)] : [first];
}
