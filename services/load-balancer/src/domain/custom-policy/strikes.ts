import { LIMITS } from '@multiswarm/contracts';
import { backoffMs, type Backoff, type Random } from '@multiswarm/core';

/** A thread takes about 50 ms to start; one that ends at once must not be started all the time. */
const RESTART: Backoff = { initialMs: 500, factor: 4, maxMs: 10_000, jitter: 0.2 };

/** How often the thread of a policy had to be ended lately. Times are of the monotonic clock, in ms. */
export interface Strikes {
  readonly count: number;
  readonly lastMs: number;
}

export const NO_STRIKES: Strikes = { count: 0, lastMs: 0 };

export type AfterStrike = { kind: 'restart'; afterMs: number } | { kind: 'off' };

/** One strike more: what is noted, and whether the thread gets another chance, and when. */
export function strike(
  { count, lastMs }: Strikes,
  nowMs: number,
  random: Random,
): { strikes: Strikes; next: AfterStrike } {
  const recent = count > 0 && nowMs - lastMs < LIMITS.CUSTOM_POLICY_STRIKES_MS ? count : 0;
  const strikes = { count: recent + 1, lastMs: nowMs };
  if (strikes.count >= LIMITS.CUSTOM_POLICY_STRIKES) return { strikes, next: { kind: 'off' } };
  return { strikes, next: { kind: 'restart', afterMs: backoffMs(RESTART, strikes.count, random) } };
}
