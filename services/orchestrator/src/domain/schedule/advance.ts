import { startOf } from './jitter';
import { isBusy, isHeld, note, offer, release } from './overlap';
import type { Backfill, Conduct, Fire, ScheduleState } from './schedule';

/** Times that are looked at, or started, in one turn; the others come in the next one. */
export const TIMES_PER_TURN = 100;
/** How often it is looked whether a run that others wait for has ended, also where nobody was told. */
export const LOOK_AGAIN_MS = 60_000;

/**
 * Decides what is due.
 *
 * A1. A time is decided once: the cursor goes behind it in the same state that has what came of it.
 * A2. What is to start stands in `starting` before anybody submits it, and until the answer is noted. Whoever takes over submits it
 *     again, whatever the schedule has become meanwhile.
 * A3. With any policy but `allow` nothing is put into `starting` while something of the schedule is under way.
 *
 * @param now epoch ms
 * @returns the new state; the given one is left as it is
 */
export function advance(conduct: Conduct, given: ScheduleState, now: number): ScheduleState {
  const state = copyOf(given);
  for (const fire of state.asked.splice(0)) offer(state, fire, fire.overlap ?? conduct.overlap, now);
  if (state.paused === undefined) takeDue(conduct, state, now);
  release(state);
  takeBackfills(conduct, state);
  return state;
}

/** When there is something to do next, epoch ms; undefined where that comes from elsewhere, or never. */
export function wakeAt(conduct: Conduct, state: ScheduleState, now: number): number | undefined {
  const isIdle = !isBusy(state);
  const someWait = state.waiting.some((fire) => !isHeld(state, fire));
  if (state.asked.length > 0 || state.starting.length > 0) return now;
  if (state.backfills.some(({ overlap }) => overlap === 'allow')) return now;
  if (isIdle && (someWait || state.backfills.length > 0)) return now;
  const again = waitsForEnd(state) ? now + LOOK_AGAIN_MS : Infinity;
  const due = state.paused === undefined ? nextStart(conduct, state) : Infinity;
  const first = Math.min(again, due);
  return first === Infinity ? undefined : first;
}

/** Something starts as soon as what runs has ended. */
export function waitsForEnd(state: ScheduleState): boolean {
  if (state.running.length === 0) return false;
  return state.backfills.length > 0 || state.waiting.some((fire) => !isHeld(state, fire));
}

function nextStart(conduct: Conduct, { cursor }: ScheduleState): number {
  const next = conduct.times.next(cursor);
  return next === undefined ? Infinity : startOf(conduct, next);
}

/** A1. */
function takeDue(conduct: Conduct, state: ScheduleState, now: number): void {
  const { times, overlap } = conduct;
  if (!takeMissed(conduct, state, now)) return;
  for (let taken = 0; taken < TIMES_PER_TURN; taken += 1) {
    const at = times.next(state.cursor);
    if (at === undefined || at > now || startOf(conduct, at) > now) return;
    state.cursor = at;
    offer(state, { at, cause: 'time' }, overlap, now);
  }
}

/**
 * Times in a row that nobody could start at in time. They are counted as far as that takes no time to speak of.
 * @returns whether these were all
 */
function takeMissed(conduct: Conduct, state: ScheduleState, now: number): boolean {
  const { times } = conduct;
  const since = now - conduct.catchUpMs;
  let first: number | undefined;
  let count = 0;
  for (let at = times.next(state.cursor); at !== undefined && startOf(conduct, at) < since;) {
    first ??= at;
    count += 1;
    state.cursor = at;
    if (count === TIMES_PER_TURN) {
      state.cursor = Math.max(at, since - conduct.jitterMs - 1);
      break;
    }
    at = times.next(at);
  }
  if (first === undefined) return true;
  const missed = { at: first, cause: 'time' as const, decidedAt: now, reason: 'downtime' as const };
  note(state, { ...missed, outcome: 'missed', ...(count > 1 ? { times: count } : {}) });
  return count < TIMES_PER_TURN;
}

/** Ranges that may start at once do; the others start one time after the other, when nothing else does. */
function takeBackfills(conduct: Conduct, state: ScheduleState): void {
  for (const backfill of state.backfills) {
    const isAtOnce = backfill.overlap === 'allow';
    while (isAtOnce ? state.starting.length < TIMES_PER_TURN : !isBusy(state)) {
      const fire = nextOf(conduct, backfill);
      if (!fire) break;
      state.starting.push(fire);
    }
  }
  state.backfills = state.backfills.filter((backfill) => hasMore(conduct, backfill));
}

function nextOf({ times }: Conduct, backfill: Backfill): Fire | undefined {
  const at = times.next(backfill.cursor);
  if (at === undefined || at > backfill.to) return undefined;
  backfill.cursor = at;
  return { at, cause: 'backfill', overlap: backfill.overlap, requestedBy: backfill.requestedBy };
}

function hasMore({ times }: Conduct, { cursor, to }: Backfill): boolean {
  const at = times.next(cursor);
  return at !== undefined && at <= to;
}

/** What is changed in place is copied: entries never change. */
export function copyOf(state: ScheduleState): ScheduleState {
  return {
    ...state,
    asked: [...state.asked],
    waiting: [...state.waiting],
    starting: [...state.starting],
    backfills: state.backfills.map((backfill) => ({ ...backfill })),
    recent: [...state.recent],
    counts: { ...state.counts },
  };
}
