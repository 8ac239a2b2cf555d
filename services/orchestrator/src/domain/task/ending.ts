import { LIMITS, type TaskError, type TaskState } from '@multiswarm/contracts';
import { backoffMs, type Backoff, type Random } from '@multiswarm/core';
import { close } from './attempt';
import { queue } from './begin';
import { lastStart } from './due';
import { judged, outOfTime } from './task-errors';
import {
  currentAttempt,
  isPlaceable,
  type AttemptResult,
  type Effect,
  type EventDraft,
  type TaskCommand,
  type TaskRecord,
  type Transition,
} from './record';

/** How attempts end, and with them tasks. */

/** Losses in a row after which the next try is still made at once: an ordinary failover costs no pause. */
export const LOSSES_AT_ONCE = 1;
/**
 * The pauses after further losses in a row: 0.5 s, 1.5 s, 4.5 s, 13.5 s. Together they are longer than it takes until a silent swarm
 * is found out, and until another coordinator has taken over a region, so that neither can use up `LIMITS.LOST_ATTEMPTS`.
 */
export const LOSS_BACKOFF: Backoff = { initialMs: 500, factor: 3, maxMs: LIMITS.LOSS_PAUSE_MS, jitter: 0.2 };

/** The task has ended, for good unless somebody retries it. Whatever it waited for, it waits no longer. */
export function end(
  record: TaskRecord,
  state: Extract<TaskState, 'succeeded' | 'failed' | 'cancelled' | 'expired' | 'skipped'>,
  now: number,
  result: Pick<AttemptResult, 'output' | 'outputRef' | 'error'>,
  effects: Effect[] = [],
): Transition {
  return endOwn({ ...record }, state, now, result, effects);
}

/** As `end`, of a record that nobody else has seen yet: it is not copied once more. Most tasks end so. */
function endOwn(
  record: TaskRecord,
  state: Parameters<typeof end>[1],
  now: number,
  { output, outputRef, error: reason }: Parameters<typeof end>[3],
  effects: Effect[],
): Transition {
  const error = state === 'cancelled' ? cancelledError(record, reason) : reason;
  if (isPlaceable(record)) effects.push({ kind: 'dequeue' });
  effects.push({ kind: 'ended' });
  record.state = state;
  record.since = now;
  record.endedAt = now;
  record.output = output;
  record.outputRef = outputRef;
  record.error = error;
  record.retryAt = undefined;
  record.waitingSince = undefined;
  record.paused = undefined;
  record.lastError = undefined;
  return { record, events: [{ type: `task.${state}`, data: error ? { error: { ...error } } : {} }], effects };
}

function cancelledError({ cancel }: TaskRecord, error: TaskError | undefined): TaskError {
  if (error?.code === 'cancelled') return error;
  const message = cancel?.reason ?? error?.message ?? 'cancelled';
  return { code: 'cancelled', message, retryable: false };
}

/** An agent has ended its attempt. From `assigned` too: the report may come before the acceptance. */
export function finished(
  record: TaskRecord,
  { outcome, result }: Extract<TaskCommand, { kind: 'finished' }>,
  now: number,
  random: Random,
): Transition {
  const { startedAt, finishedAt: endedAt, usage } = result;
  const fault = result.error && judged(record, result.error);
  const { record: base, giveBack } = close(record, { outcome, startedAt, endedAt, error: fault, usage });
  base.refusals = undefined;
  base.waitingSince = undefined;
  base.startedAt ??= startedAt;
  const events: EventDraft[] = record.state === 'assigned' ? [{ type: 'task.running' }] : [];
  if (outcome === 'succeeded')
    return prepend(events, endOwn(base, 'succeeded', now, outputOf(result), [giveBack]));
  const error =
    fault ??
    judged(record, {
      code: 'attempt-failed',
      message: `the attempt ended as ${outcome}`,
      retryable: outcome !== 'cancelled',
    });
  if (record.cancel || outcome === 'cancelled')
    return prepend(events, end(base, 'cancelled', now, { error }, [giveBack])); // T5
  return prepend(events, failed(base, error, [giveBack], now, random));
}

function outputOf({ output = null, outputRef }: AttemptResult): Pick<AttemptResult, 'output' | 'outputRef'> {
  return outputRef === undefined ? { output } : { output: null, outputRef };
}

/** One more failure: a further attempt by the retry policy, or the end. @param error as `judged` */
export function failed(
  before: TaskRecord,
  error: TaskError,
  effects: Effect[],
  now: number,
  random: Random,
): Transition {
  const record = { ...before, failures: before.failures + 1, lossesInARow: undefined, lastError: error };
  const { retry } = record.spec;
  if (!error.retryable || record.failures >= retry.maxAttempts)
    return end(record, 'failed', now, { error }, effects);
  const retryAt = now + backoffMs(retry, record.failures, random);
  if (retryAt >= (lastStart(record) ?? Infinity))
    return end(record, 'failed', now, { error: outOfTime(record, error) }, effects);
  return backOff(record, retryAt, { error: { ...error }, retryAt, failures: record.failures }, effects, now);
}

/**
 * The swarm that had it is gone: that is no failure of the agents, but it is not repeated without end either, nor at once
 * again and again (T6).
 */
export function lost(before: TaskRecord, reason: string, now: number, random: Random): Transition {
  const current = currentAttempt(before);
  const losses = before.losses + 1;
  const lossesInARow = (before.lossesInARow ?? 0) + 1;
  const error: TaskError = {
    code: 'attempt-lost',
    message: losses === 1 ? reason : `${losses} attempts were lost with their swarms; the last: ${reason}`,
    retryable: true,
  };
  const startedAt = current?.startedAt;
  const { record: closed, giveBack } = close(before, { outcome: 'lost', startedAt, endedAt: now });
  const record: TaskRecord = { ...closed, losses, lossesInARow, lastError: error };
  const event: EventDraft = { type: 'task.lost', data: { reason } };
  if (record.cancel) return prepend([event], end(record, 'cancelled', now, {}, [giveBack])); // T5
  if (losses > LIMITS.LOST_ATTEMPTS)
    return prepend(
      [event],
      end(record, 'failed', now, { error: { ...error, retryable: false } }, [giveBack]),
    );
  if (lossesInARow > LOSSES_AT_ONCE)
    return prepend([event], afterPause(record, { error, lossesInARow }, [giveBack], now, random));
  const again = queue(record, now, [event]);
  return { ...again, effects: [giveBack, ...again.effects] };
}

function afterPause(
  record: TaskRecord,
  { error, lossesInARow }: { error: TaskError; lossesInARow: number },
  effects: Effect[],
  now: number,
  random: Random,
): Transition {
  const retryAt = now + backoffMs(LOSS_BACKOFF, lossesInARow - LOSSES_AT_ONCE, random);
  if (retryAt >= (lastStart(record) ?? Infinity))
    return end(record, 'failed', now, { error: outOfTime(record, error) }, effects);
  return backOff(record, retryAt, { error: { ...error }, retryAt, lossesInARow }, effects, now);
}

/** Until then it waits for its next attempt. */
function backOff(
  record: TaskRecord,
  retryAt: number,
  data: NonNullable<EventDraft['data']>,
  effects: Effect[],
  now: number,
): Transition {
  return {
    record: { ...record, state: 'backoff', since: now, retryAt },
    events: [{ type: 'task.backoff', data }],
    effects,
  };
}

export function prepend(events: EventDraft[], next: Transition): Transition {
  next.events.unshift(...events);
  return next;
}
