import type { Clock } from './clock';
import { systemClock } from './clock';
import type { Random } from './random';
import { randomHex } from './random-hex';

/** A source of unique, time-ordered texts of 26 lower-case hex digits. */
export interface Ids {
  next(): string;
}

/** 48 bits of time, then 56 random bits: the layout of UUIDv7 (RFC 9562) without version bits and dashes. */
export function timeOrderedIds(clock: Clock, random: (bytes: number) => string): Ids {
  return { next: () => clock.now().toString(16).padStart(12, '0') + random(7) };
}

export const systemIds: Ids = timeOrderedIds(systemClock, randomHex);

export function seededIds(clock: Clock, random: Random): Ids {
  const hex = (): string =>
    Math.floor(random.next() * 256)
      .toString(16)
      .padStart(2, '0');
  return timeOrderedIds(clock, (bytes) => Array.from({ length: bytes }, hex).join(''));
}
