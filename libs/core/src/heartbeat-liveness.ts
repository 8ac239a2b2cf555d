/** Intervals of its own without a heartbeat after which somebody is suspect, and down. */
export const SUSPECT_AFTER_INTERVALS = 2;
export const DOWN_AFTER_INTERVALS = 3;
/** Whoever heartbeats says how often; outside of these bounds it would be down at once, or never. */
const INTERVAL_MS = { least: 100, most: 60_000 };

export type Liveness = 'alive' | 'suspect' | 'down';

/** How many of its intervals somebody has been silent. */
export function missedHeartbeats(silentMs: number, intervalMs: number): number {
  return silentMs / Math.min(INTERVAL_MS.most, Math.max(INTERVAL_MS.least, intervalMs));
}

/** Whether somebody who says that it heartbeats every `intervalMs`, and has been silent for `silentMs`, is still there. */
export function heartbeatLiveness(silentMs: number, intervalMs: number): Liveness {
  const missed = missedHeartbeats(silentMs, intervalMs);
  if (missed >= DOWN_AFTER_INTERVALS) return 'down';
  return missed >= SUSPECT_AFTER_INTERVALS ? 'suspect' : 'alive';
}
