/** The last instant that a Date can hold (ECMA-262, time values). */
const LAST_INSTANT_MS = 8.64e15;

/** Swarms send times of their own, and none of them may break a list. */
export function iso(ms: number): string {
  return new Date(Math.min(ms, LAST_INSTANT_MS)).toISOString();
}
