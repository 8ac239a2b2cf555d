import type { Explanation, StandingReply } from '@multiswarm/contracts';
import { iso } from '../task/times';

/** With these, time alone brings the turn of a task. */
const MATTER_OF_TIME: ReadonlySet<Explanation['why']['reason']> = new Set([
  'no-slot',
  'limit',
  'rate',
  'not-yet-considered',
]);

/**
 * When a task is likely to start, if its class goes on as fast as it was measured: those before it and itself, each after
 * inMs / starts. Undefined where nothing was measured, or more are before it than were counted.
 */
export function likelyStart(
  reason: Explanation['why']['reason'],
  standing: StandingReply | undefined,
  now: number,
): Explanation['likelyStart'] {
  const { line, pace, limits = [] } = standing ?? {};
  if (!line || !pace || line.isLeast || !MATTER_OF_TIME.has(reason)) return undefined;
  const after = ((line.before + 1) * pace.inMs) / pace.starts;
  const allowed = limits.map(({ nextStartAt }) => (nextStartAt === undefined ? 0 : Date.parse(nextStartAt)));
  return { at: iso(Math.round(Math.max(now + after, ...allowed))), pace };
}
