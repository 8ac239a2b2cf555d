import { randomInteger, seededRandom, type Random } from '@multiswarm/core';

/** Streams of random numbers that follow from one seed and a label, so that one more number drawn here shifts nothing there. */
export class Seeds {
  constructor(readonly seed: number) {}

  stream(label: string): Random {
    return seededRandom(hash32(`${this.seed}/${label}`));
  }
}

/** FNV-1a, then the finalizer of murmur3: neighbouring seeds must not give neighbouring streams. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export function chance(random: Random, share: number): boolean {
  return random.next() < share;
}

/** A number in [from, to). */
export function between(random: Random, from: number, to: number): number {
  return from + (to - from) * random.next();
}

/** A whole number in [from, to]. */
export function wholeBetween(random: Random, from: number, to: number): number {
  return from + randomInteger(random, to - from + 1);
}

export function pick<T>(random: Random, items: readonly T[]): T {
  const item = items[randomInteger(random, items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

/** One of the entries, each as often as its weight says. */
export function pickWeighted<T>(random: Random, entries: readonly (readonly [weight: number, item: T])[]): T {
  let at = random.next() * entries.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, item] of entries) {
    at -= weight;
    if (at < 0) return item;
  }
  return pick(random, entries)[1];
}
