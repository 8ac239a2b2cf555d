import { LIMITS, type TaskError } from '@multiswarm/contracts';
import type { Random } from '@multiswarm/core';
import { close, stop } from './attempt';
import { begin, queue } from './begin';
import { dueTimer, type Timer } from './due';
import { end, failed, lost } from './ending';
import { cut, judged, outOfTime } from './task-errors';
import { currentAttempt, isHeld, type TaskRecord, type Transition } from './record';

/** T10: what happens when a time has come. */
export function timePassed(record: TaskRecord, now: number, random: Random): Transition | undefined {
  const timer = dueTimer(record, now);
  return timer && onTimer(record, timer, now, random);
}

function onTimer(record: TaskRecord, timer: Timer, now: number, random: Random): Transition {
  const { timeouts, waitFor } = record.spec;
  switch (timer) {
    case 'deadline':
      return deadlinePassed(record, now);
    case 'cancel-grace':
      return cancelGraceOver(record, now, random);
    case 'start-to-close':
      return ranTooLong(record, now, random);
    case 'schedule-to-start':
      return expired(
        record,
        'schedule-to-start-timeout',
        `no attempt started within ${timeouts.scheduleToStartMs ?? 0} ms (timeouts.scheduleToStartMs)`,
        now,
      );
    case 'total-time':
      return end(
        record,
        'failed',
        now,
        record.lastError ? { error: outOfTime(record, record.lastError) } : {},
      );
    case 'signal-wait':
      return expired(
        record,
        'signal-timeout',
        `the signal "${waitFor?.signal ?? ''}" did not come within ${waitFor?.timeoutMs ?? 0} ms (waitFor.timeoutMs)`,
        now,
      );
    case 'not-before':
      return begin(record, now, []);
    case 'wake':
      return end(record, 'succeeded', now, { output: null });
    case 'backoff':
      return queue(record, now, []);
  }
}

function expired(record: TaskRecord, code: string, message: string, now: number): Transition {
  return end(record, 'expired', now, { error: expiry(record, code, message) });
}

/** Which time ran out, and why no attempt had brought it to an end before. */
function expiry({ lastError }: TaskRecord, code: string, message: string): TaskError {
  const before = lastError ? `; the last error: ${lastError.message} (${lastError.code})` : '';
  return { code, message: cut(message + before), retryable: false };
}

/** The swarm is told to stop, but nobody waits for it: its result is fenced off (T2). */
function deadlinePassed(record: TaskRecord, now: number): Transition {
  const { deadline = '' } = record.spec.timeouts;
  const message = `the task had to be done by ${deadline} (timeouts.deadline)`;
  const error = expiry(record, 'deadline-exceeded', message);
  if (!isHeld(record)) return end(record, 'expired', now, { error });
  const startedAt = currentAttempt(record)?.startedAt;
  const { record: base, giveBack } = close(record, { outcome: 'timed-out', startedAt, endedAt: now, error });
  return end(base, 'expired', now, { error }, [...stop(record, error.message), giveBack]);
}

/** T5. */
function cancelGraceOver(record: TaskRecord, now: number, random: Random): Transition {
  const reason = `it did not end within ${LIMITS.CANCEL_GRACE_MS} ms after it was cancelled`;
  const next = lost(record, reason, now, random);
  return { ...next, effects: [...stop(record, record.cancel?.reason ?? reason), ...next.effects] };
}

function ranTooLong(record: TaskRecord, now: number, random: Random): Transition {
  const { startToCloseMs } = record.spec.timeouts;
  const error = judged(record, {
    code: 'attempt-timeout',
    message: `the attempt ran longer than ${startToCloseMs ?? 0} ms (timeouts.startToCloseMs), and its swarm did not end it`,
    retryable: true,
  });
  const startedAt = currentAttempt(record)?.startedAt;
  const { record: base, giveBack } = close(record, { outcome: 'timed-out', startedAt, endedAt: now, error });
  const effects = [...stop(record, error.message), giveBack];
  return record.cancel
    ? end(base, 'cancelled', now, { error }, effects)
    : failed(base, error, effects, now, random);
}
