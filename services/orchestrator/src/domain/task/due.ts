import { LIMITS, type TaskState } from '@multiswarm/contracts';
import { currentAttempt, isLone, type TaskRecord } from './record';

/** When what can come due does, where it is running. Epoch milliseconds. */
const WHEN = {
  deadline: deadlineOf,
  'cancel-grace': ({ cancel }: TaskRecord) => sum(cancel?.at, LIMITS.CANCEL_GRACE_MS),
  'start-to-close': startToClose,
  'schedule-to-start': scheduleToStart,
  'total-time': totalTime,
  'signal-wait': ({ since, spec }: TaskRecord) => sum(since, spec.waitFor?.timeoutMs),
  'not-before': (record: TaskRecord) => (isLone(record) ? instant(record.spec.notBefore) : undefined),
  backoff: ({ retryAt }: TaskRecord) => retryAt,
  wake: ({ wakesAt }: TaskRecord) => wakesAt,
} satisfies Record<string, (record: TaskRecord) => number | undefined>;
export type Timer = keyof typeof WHEN;

/** What can come due in each state, in the order in which it counts when several have: ends come before what goes on. */
const TIMERS: Record<TaskState, readonly Timer[]> = {
  blocked: ['deadline', 'not-before'],
  waiting: ['deadline', 'signal-wait', 'wake'],
  queued: ['deadline', 'schedule-to-start', 'total-time'],
  assigned: ['deadline', 'cancel-grace'],
  running: ['deadline', 'cancel-grace', 'start-to-close'],
  backoff: ['deadline', 'schedule-to-start', 'total-time', 'backoff'],
  succeeded: [],
  failed: [],
  cancelled: [],
  expired: [],
  skipped: [],
};

/**
 * The next time at which the task needs the command `due`, epoch milliseconds; it may lie in the past, and farther ahead
 * than a timer reaches. Undefined exactly when nothing of the task is timed.
 */
export function dueAt(record: TaskRecord): number | undefined {
  let first: number | undefined;
  for (const timer of TIMERS[record.state]) {
    const at = WHEN[timer](record);
    if (at !== undefined && (first === undefined || at < first)) first = at;
  }
  return first;
}

/** Everything of the task that is timed, the earliest first. Epoch milliseconds. */
export function timersOf(record: TaskRecord): { timer: Timer; at: number }[] {
  return TIMERS[record.state]
    .flatMap((timer) => {
      const at = WHEN[timer](record);
      return at === undefined ? [] : [{ timer, at }];
    })
    .sort((a, b) => a.at - b.at);
}

/** Of what has come due, that which counts. */
export function dueTimer(record: TaskRecord, now: number): Timer | undefined {
  for (const timer of TIMERS[record.state]) {
    const at = WHEN[timer](record);
    if (at !== undefined && at <= now) return timer;
  }
  return undefined;
}

/** The swarm ends an attempt in time by itself: this is for one that does not. */
function startToClose(record: TaskRecord): number | undefined {
  const { startToCloseMs } = record.spec.timeouts;
  return sum(sum(currentAttempt(record)?.startedAt, startToCloseMs), LIMITS.TIMEOUT_GRACE_MS);
}

/** The wait goes on through refusals, and stands still while the task is paused. */
function scheduleToStart(record: TaskRecord): number | undefined {
  if (record.paused) return undefined;
  return sum(record.waitingSince, record.spec.timeouts.scheduleToStartMs);
}

/** Only further attempts are too late: the first one may wait as long as the other limits let it. */
function totalTime(record: TaskRecord): number | undefined {
  return record.lastError ? lastStart(record) : undefined;
}

/** From when on no further attempt may begin: `retry.totalMs`. */
export function lastStart({ retriedAt, createdAt, spec }: TaskRecord): number | undefined {
  return sum(retriedAt ?? createdAt, spec.retry.totalMs);
}

export function deadlineOf({ spec }: TaskRecord): number | undefined {
  return instant(spec.timeouts.deadline);
}

function instant(iso: string | undefined): number | undefined {
  return iso === undefined ? undefined : Date.parse(iso);
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}
