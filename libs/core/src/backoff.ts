import type { Random } from './random';

export interface Backoff {
  initialMs: number;
  factor: number;
  maxMs: number;
  /** Share of the delay that is random, 0 to 1: the result lies in [d * (1 - jitter), d * (1 + jitter)]. */
  jitter: number;
}

/** Delay after `failures` failures (1 or more): min(maxMs, initialMs * factor^(failures-1)), spread by ±jitter. Milliseconds. */
export function backoffMs(policy: Backoff, failures: number, random: Random): number {
  const exponential = Math.min(policy.maxMs, policy.initialMs * policy.factor ** Math.max(0, failures - 1));
  const spread = 1 + policy.jitter * (2 * random.next() - 1);
  return Math.round(exponential * spread);
}
