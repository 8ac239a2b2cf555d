import { LIMITS, type JsonValue, type TaskError, type TaskState } from '@multiswarm/contracts';
import { backoffMs, type Random } from '@multiswarm/core';
import { close } from './attempt';
import { queue } from './begin';
import { lastStart } from './due';
import {
  currentAttempt,
  isPlaceable,
  type Effect,
  type EventDraft,
  type TaskCommand,
  type TaskRecord,
  type Transition,
} from './record';

/** How attempts end, and with them tasks. */

/** The task has ended, for good unless somebody retries it. Whatever it waited for, it waits no longer. */
export function end(
  record: TaskRecord,
  state: Extract<TaskState, 'succeeded' | 'failed' | 'cancelled' | 'expired' | 'skipped'>,
  now: number,
  result: { output?: JsonValue; error?: TaskError },
  effects: Effect[] = [],
): Transition {
  const error = state === 'cancelled' ? cancelledError(record, result.error) : result.error;
  const ended: TaskRecord = {
    ...record,
    state,
    since: now,
    endedAt: now,
    output: result.output,
    error,
    retryAt: undefined,
    waitingSince: undefined,
    paused: undefined,
    lastError: undefined,
  };
  const gone: Effect[] = isPlaceable(record) ? [{ kind: 'dequeue' }] : [];
  return {
    record: ended,
    events: [{ type: `task.${state}`, data: error ? { error: { ...error } } : {} }],
    effects: [...effects, ...gone, { kind: 'ended' }],
  };
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
  const { startedAt, finishedAt: endedAt, error: fault, usage } = result;
  const begun: TaskRecord = {
    ...record,
    refusals: undefined,
    waitingSince: undefined,
    startedAt: record.startedAt ?? startedAt,
  };
  const { record: base, giveBack } = close(begun, { outcome, startedAt, endedAt, error: fault, usage });
  const events: EventDraft[] = record.state === 'assigned' ? [{ type: 'task.running' }] : [];
  if (outcome === 'succeeded')
    return prepend(events, end(base, 'succeeded', now, { output: result.output ?? null }, [giveBack]));
  const error = fault ?? {
    code: 'attempt-failed',
    message: `the attempt ended as ${outcome}`,
    retryable: outcome !== 'cancelled',
  };
  if (record.cancel || outcome === 'cancelled')
    return prepend(events, end(base, 'cancelled', now, { error }, [giveBack])); // T5
  return prepend(events, failed(base, error, [giveBack], now, random));
}

/** One more failure: a further attempt by the retry policy, or the end. */
export function failed(
  before: TaskRecord,
  error: TaskError,
  effects: Effect[],
  now: number,
  random: Random,
): Transition {
  const record = { ...before, failures: before.failures + 1, lastError: error };
  const { retry } = record.spec;
  const retryAt = now + backoffMs(retry, record.failures, random);
  const again =
    error.retryable &&
    !retry.nonRetryableCodes.includes(error.code) &&
    record.failures < retry.maxAttempts &&
    retryAt < (lastStart(record) ?? Infinity);
  if (!again) return end(record, 'failed', now, { error }, effects);
  return {
    record: { ...record, state: 'backoff', since: now, retryAt },
    events: [{ type: 'task.backoff', data: { error: { ...error }, retryAt, failures: record.failures } }],
    effects,
  };
}

/** The swarm that had it is gone: that is no failure of the agents, but it is not repeated without end either. */
export function lost(record: TaskRecord, reason: string, now: number): Transition {
  const current = currentAttempt(record);
  const losses = record.losses + 1;
  const error: TaskError = {
    code: 'attempt-lost',
    message: losses === 1 ? reason : `${losses} attempts were lost with their swarms; the last: ${reason}`,
    retryable: true,
  };
  const startedAt = current?.startedAt;
  const { record: closed, giveBack } = close(record, { outcome: 'lost', startedAt, endedAt: now });
  const base: TaskRecord = { ...closed, losses, lastError: error };
  const event: EventDraft = { type: 'task.lost', data: { reason } };
  if (record.cancel) return prepend([event], end(base, 'cancelled', now, {}, [giveBack])); // T5
  if (losses > LIMITS.LOST_ATTEMPTS)
    return prepend([event], end(base, 'failed', now, { error: { ...error, retryable: false } }, [giveBack]));
  const again = queue(base, now, [event], current?.swarmId);
  return { ...again, effects: [giveBack, ...again.effects] };
}

export function prepend(events: EventDraft[], next: Transition): Transition {
  return { ...next, events: [...events, ...next.events] };
}
