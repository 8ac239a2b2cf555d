import { isTerminal, LIMITS } from '@multiswarm/contracts';
import { currentAttempt, isHeld, isLone, type TaskRecord } from './record';

/** What can come due, in the order in which it counts when several have: ends come before what goes on. */
const TIMERS = [
  'deadline',
  'cancel-grace',
  'start-to-close',
  'schedule-to-start',
  'total-time',
  'signal-wait',
  'not-before',
  'backoff',
] as const;
export type Timer = (typeof TIMERS)[number];

/** When each comes due, where it is running. Epoch milliseconds. */
const WHEN: Record<Timer, (record: TaskRecord) => number | undefined> = {
  deadline: ({ spec }) => instant(spec.timeouts.deadline),
  'cancel-grace': (record) => (isHeld(record) ? sum(record.cancel?.at, LIMITS.CANCEL_GRACE_MS) : undefined),
  'start-to-close': startToClose,
  'schedule-to-start': scheduleToStart,
  'total-time': totalTime,
  'signal-wait': ({ state, since, spec }) =>
    state === 'waiting' ? sum(since, spec.waitFor?.timeoutMs) : undefined,
  'not-before': (record) =>
    record.state === 'blocked' && isLone(record) ? instant(record.spec.notBefore) : undefined,
  backoff: ({ state, retryAt }) => (state === 'backoff' ? retryAt : undefined),
};

/**
 * The next time at which the task needs the command `due`, epoch milliseconds; it may lie in the past, and farther ahead
 * than a timer reaches. Undefined exactly when nothing of the task is timed.
 */
export function dueAt(record: TaskRecord): number | undefined {
  if (isTerminal(record.state)) return undefined;
  let first: number | undefined;
  for (const timer of TIMERS) {
    const at = WHEN[timer](record);
    if (at !== undefined && (first === undefined || at < first)) first = at;
  }
  return first;
}

/** Of what has come due, that which counts. */
export function dueTimer(record: TaskRecord, now: number): Timer | undefined {
  if (isTerminal(record.state)) return undefined;
  return TIMERS.find((timer) => {
    const at = WHEN[timer](record);
    return at !== undefined && at <= now;
  });
}

/** The swarm ends an attempt in time by itself: this is for one that does not. */
function startToClose(record: TaskRecord): number | undefined {
  if (record.state !== 'running') return undefined;
  const { startToCloseMs } = record.spec.timeouts;
  return sum(sum(currentAttempt(record)?.startedAt, startToCloseMs), LIMITS.TIMEOUT_GRACE_MS);
}

/** The wait goes on through refusals, and stands still while the task is paused. */
function scheduleToStart(record: TaskRecord): number | undefined {
  if (record.paused || !isBetweenAttempts(record)) return undefined;
  return sum(record.waitingSince, record.spec.timeouts.scheduleToStartMs);
}

/** Only further attempts are too late: the first one may wait as long as the other limits let it. */
function totalTime(record: TaskRecord): number | undefined {
  return isBetweenAttempts(record) && record.lastError ? lastStart(record) : undefined;
}

/** From when on no further attempt may begin: `retry.totalMs`. */
export function lastStart({ retriedAt, createdAt, spec }: TaskRecord): number | undefined {
  return sum(retriedAt ?? createdAt, spec.retry.totalMs);
}

export function deadlineOf({ spec }: TaskRecord): number | undefined {
  return instant(spec.timeouts.deadline);
}

function isBetweenAttempts({ state }: TaskRecord): boolean {
  return state === 'queued' || state === 'backoff';
}

function instant(iso: string | undefined): number | undefined {
  return iso === undefined ? undefined : Date.parse(iso);
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}
