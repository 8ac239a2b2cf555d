import { RETRY_DUE_MS } from '../shard-timers';

/** A timer that is due is handled at once; Redis may be slow. */
export const LATE_MS = 5_000;

/**
 * Whether a timer is not what its record says since its time has come: it is being handled, or Redis did not answer and it is soon tried
 * again.
 * @param expected when the record is due, epoch ms; undefined where it never is
 * @param found when it will be looked at; undefined where it will not
 */
export function isInHand(expected: number | undefined, found: number | undefined, now: number): boolean {
  if (expected === undefined || expected > now) return false;
  return found === undefined ? expected > now - LATE_MS : found <= now + RETRY_DUE_MS;
}
