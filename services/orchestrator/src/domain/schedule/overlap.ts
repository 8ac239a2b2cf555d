import { LIMITS, type Overlap, type ScheduleFire } from '@multiswarm/contracts';
import type { Fire, Past, ScheduleState } from './schedule';

/** Something of the schedule is under way. */
export function isBusy({ running, starting }: ScheduleState): boolean {
  return running.length > 0 || starting.length > 0;
}

/** While a schedule is paused its own times wait; what somebody asks for does not. */
export function isHeld({ paused }: ScheduleState, { cause }: Fire): boolean {
  return paused !== undefined && cause === 'time';
}

/** What becomes of a time, by its overlap policy. Changes the state. */
export function offer(state: ScheduleState, fire: Fire, overlap: Overlap, now: number): void {
  const own = { ...fire, overlap };
  const waiting = state.waiting.filter((other) => !isHeld(state, other));
  const isFree = !isBusy(state) && waiting.length === 0;
  if (overlap === 'allow') state.starting.push(own);
  else if (overlap === 'cancel-other') replaceWaiting(state, own, now);
  else if (isFree) state.starting.push(own);
  else if (overlap === 'skip') skip(state, fire, 'overlap', now);
  else if (overlap === 'buffer-one' && state.waiting.length > 0) skip(state, fire, 'overlap', now);
  else if (state.waiting.length >= LIMITS.SCHEDULE_BUFFER) skip(state, fire, 'buffer-full', now);
  else state.waiting.push(own);
}

/**
 * Lets the first that waits go when nothing is under way; what it wants to be cancelled is marked until then. Changes the state.
 */
export function release(state: ScheduleState): void {
  const first = state.waiting.find((fire) => !isHeld(state, fire));
  if (!first) return;
  if (!isBusy(state)) {
    state.waiting = state.waiting.filter((fire) => fire !== first);
    state.starting.push(first);
  } else if (first.overlap === 'cancel-other') {
    state.running = state.running.map((run) => ({ ...run, cancel: true }));
  }
}

function skip(
  state: ScheduleState,
  fire: Fire,
  reason: NonNullable<ScheduleFire['reason']>,
  now: number,
): void {
  note(state, { ...pastOf(fire, now), outcome: 'skipped', reason });
}

export function note(state: ScheduleState, past: Past): void {
  state.counts[past.outcome] += past.times ?? 1;
  state.recent.push(past);
  if (state.recent.length > LIMITS.SCHEDULE_RECENT)
    state.recent = state.recent.slice(-LIMITS.SCHEDULE_RECENT);
}

export function pastOf({ overlap: _overlap, ...fire }: Fire, decidedAt: number): Omit<Past, 'outcome'> {
  return { ...fire, decidedAt };
}

/** Only the newest time starts. */
function replaceWaiting(state: ScheduleState, fire: Fire, now: number): void {
  for (const older of state.waiting) skip(state, older, 'replaced', now);
  state.waiting = [fire];
}
