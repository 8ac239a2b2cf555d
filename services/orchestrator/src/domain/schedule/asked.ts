import {
  LIMITS,
  MultiswarmError,
  type BackfillSchedule,
  type ErrorCode,
  type TriggerSchedule,
} from '@multiswarm/contracts';
import { copyOf } from './advance';
import type { Backfill, Fire, ScheduleState, Times } from './schedule';

const MINUTE_MS = 60_000;

/** What people ask of a schedule. Each gives a new state, or refuses. */

export function paused(
  state: ScheduleState,
  { note, requestedBy }: { note: string; requestedBy: string },
  now: number,
): ScheduleState {
  return { ...state, paused: { at: now, note, requestedBy } };
}

/** Times that have passed meanwhile are not made up for: whoever wants them has a backfill. */
export function resumed({ paused: _paused, ...state }: ScheduleState, now: number): ScheduleState {
  return _paused === undefined ? state : retimed(state, now);
}

/** Times are other ones from now on. */
export function retimed(state: ScheduleState, now: number): ScheduleState {
  return { ...state, cursor: Math.max(state.cursor, now) };
}

/**
 * One run now. A key that is known has its run already.
 * @throws MultiswarmError `invalid-request` where SCHEDULE_BUFFER of them are not decided
 */
export function triggered(
  given: ScheduleState,
  { overlap, idempotencyKey: key, requestedBy }: Omit<TriggerSchedule, 'name' | 'namespace'>,
  now: number,
): { state: ScheduleState; at: number } {
  const known = key === undefined ? undefined : allOf(given).find((fire) => fire.key === key);
  if (known) return { state: given, at: known.at };
  if (given.asked.length >= LIMITS.SCHEDULE_BUFFER)
    throw refused(
      '',
      'too-many-triggers',
      `${LIMITS.SCHEDULE_BUFFER} triggers wait already (SCHEDULE_BUFFER)`,
    );
  const fire: Fire = { at: freeTime(given, now), cause: 'trigger' };
  if (overlap !== undefined) fire.overlap = overlap;
  if (requestedBy !== undefined) fire.requestedBy = requestedBy;
  if (key !== undefined) fire.key = key;
  return { state: { ...given, asked: [...given.asked, fire] }, at: fire.at };
}

export interface Backfilled {
  state: ScheduleState;
  times: number[];
}

/**
 * The times of a range that has passed.
 * @throws MultiswarmError `invalid-request` for a range that is none, is not over, or has too many times
 */
export function backfilled(
  given: ScheduleState,
  schedule: Times,
  asked: Pick<BackfillSchedule, 'from' | 'to' | 'overlap'> & { requestedBy: string },
  now: number,
): Backfilled {
  const [from, to] = [Date.parse(asked.from), Date.parse(asked.to)];
  if (to < from) throw refused('/to', 'range', 'it is before "from"');
  if (to > now)
    throw refused('/to', 'range', 'the range is not over: only times that have passed are made up for');
  if (given.backfills.length >= LIMITS.SCHEDULE_BACKFILLS)
    throw refused(
      '',
      'too-many-backfills',
      `${LIMITS.SCHEDULE_BACKFILLS} backfills are not done yet (SCHEDULE_BACKFILLS): wait for them`,
    );
  const times: number[] = [];
  for (let at = schedule.next(from - 1); at !== undefined && at <= to; at = schedule.next(at)) {
    if (times.length === LIMITS.SCHEDULE_BACKFILL_TIMES) throw tooMany(at);
    times.push(at);
  }
  if (times.length === 0) return { state: given, times };
  const backfill: Backfill = { cursor: from - 1, to, overlap: asked.overlap, requestedBy: asked.requestedBy };
  const state = copyOf(given);
  state.backfills.push(backfill);
  return { state, times };
}

/** Times of cron are whole minutes, and no two triggers have the same. */
function freeTime(state: ScheduleState, now: number): number {
  const taken = new Set(allOf(state).map(({ at }) => at));
  let at = now;
  while (at % MINUTE_MS === 0 || taken.has(at)) at += 1;
  return at;
}

function allOf({ asked, waiting, starting, recent }: ScheduleState): readonly { at: number; key?: string }[] {
  return [...asked, ...waiting, ...starting, ...recent];
}

function tooMany(at: number): MultiswarmError {
  const { SCHEDULE_BACKFILL_TIMES: most } = LIMITS;
  const last = new Date(at).toISOString();
  return refused(
    '/to',
    'too-many-times',
    `the range has more than ${most} times (SCHEDULE_BACKFILL_TIMES): let it end before ${last}, and the rest follow`,
  );
}

function refused(pointer: string, code: string, message: string, of: ErrorCode = 'invalid-request') {
  return new MultiswarmError(of, `${pointer === '' ? '' : `${pointer}: `}${message}`, {
    findings: [{ pointer, code, message }],
  });
}
