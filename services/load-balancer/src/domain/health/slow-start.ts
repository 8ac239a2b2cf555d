import { THRESHOLDS } from './health-settings';

/**
 * How many of its slots a swarm may use so long after it came or recovered: Envoy's slow start, max(least, (t/window)^(1/aggression)) of
 * them, rounded up; at least one, so that it can show how it does, and all when the window is over.
 */
export function slowStartAllowance(slots: number, sinceMs: number, windowMs: number): number {
  if (sinceMs >= windowMs) return slots;
  const { SLOW_START_LEAST, SLOW_START_AGGRESSION } = THRESHOLDS;
  const share = Math.max(SLOW_START_LEAST, (sinceMs / windowMs) ** (1 / SLOW_START_AGGRESSION));
  return Math.max(1, Math.ceil(slots * share));
}
