import type { Memory } from '../stack/log-watch';

const MB = 1024 * 1024;
/** What a service may hold more of after many rounds than after the first ones: histories, ids and caches have limits of their own. */
const GROWTH_BYTES = 24 * MB;
const GROWTH_SHARE = 0.25;
/** The first rounds fill caches, and the optimizer compiles. */
const WARM_UP_SHARE = 1 / 3;

/** By how much a service may hold more after each of several looks while nothing new was asked of it: what the collector leaves. */
const LOOK_BYTES = MB;

/**
 * Whether a service holds more at each look than at the one before.
 * @param looks in between the same requests were made again, as often each time
 * @returns what is wrong, or undefined
 */
export function heldMore(looks: readonly Memory[]): string | undefined {
  const held = looks.map(({ heapUsed, external }) => heapUsed + external);
  const grows = held.slice(1).every((bytes, index) => bytes > (held[index] ?? 0) + LOOK_BYTES);
  if (held.length < 3 || !grows) return undefined;
  const inMb = held.map((bytes) => (bytes / MB).toFixed(1)).join(', ');
  return `holds more each time that it is asked the same again: ${inMb} MB`;
}

/**
 * Whether a service holds more and more, round by round. What it holds is what is left after a collection of garbage; of the
 * late rounds the least counts and of the early ones the most, so that one round in which much was under way says nothing.
 * @param rounds of equal size, oldest first
 * @returns what is wrong, or undefined
 */
export function growthIn(rounds: readonly Memory[]): string | undefined {
  const warm = rounds.slice(Math.ceil(rounds.length * WARM_UP_SHARE) - 1);
  if (warm.length < 2) return undefined;
  const held = warm.map(({ heapUsed, external }) => heapUsed + external);
  const half = Math.floor(held.length / 2);
  const early = Math.max(...held.slice(0, half));
  const late = Math.min(...held.slice(half));
  if (late <= early * (1 + GROWTH_SHARE) + GROWTH_BYTES) return undefined;
  const inMb = held.map((bytes) => Math.round(bytes / MB)).join(', ');
  return `holds more and more, round by round, after a collection of garbage: ${inMb} MB`;
}
