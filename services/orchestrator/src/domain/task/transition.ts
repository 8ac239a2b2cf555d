import {
  isTerminal,
  LIMITS,
  type Placement,
  type TaskError,
  type TaskState,
  type Usage,
} from '@multiswarm/contracts';
import { backoffMs, type Backoff, type Random } from '@multiswarm/core';
import {
  currentAttempt,
  type Attempt,
  type AttemptResult,
  type Effect,
  type EventDraft,
  type TaskCommand,
  type TaskRecord,
  type Transition,
} from './record';

/** Refusals in a row after which the next try is still made at once, at another swarm. */
export const REFUSALS_AT_ONCE = 2;
export const REFUSAL_BACKOFF: Backoff = { initialMs: 100, factor: 2, maxMs: 30_000, jitter: 0.2 };

/**
 * The task state machine. Pure: time and chance come in as arguments.
 *
 * T1. Terminal states are final: no command changes a task that has ended.
 * T2. Only the current attempt counts: a command that carries another number changes nothing.
 * T3. The attempt number only grows, and grows only by `assign`.
 * T4. Every attempt that was assigned is given back exactly once: by refusal, loss or end.
 * T5. A task whose cancellation was asked for runs no further attempt.
 * T6. A task that is refused again and again is tried more and more slowly: swarms that drain must not be stormed.
 *
 * @returns undefined where the command changes nothing: it came too late, or does not fit the state.
 */
export function transition(
  record: TaskRecord,
  command: TaskCommand,
  now: number,
  random: Random,
): Transition | undefined {
  if (isTerminal(record.state)) return undefined; // T1
  switch (command.kind) {
    case 'unblock':
      return record.state === 'blocked' ? queued(record, now, [], {}) : undefined;
    case 'retry-due':
      return record.state === 'backoff' ? queued(record, now, [], {}) : undefined;
    case 'assign':
      return record.state === 'queued' ? assign(record, command.placement, now) : undefined;
    case 'accepted':
      return record.state === 'assigned' && isCurrent(record, command.attempt)
        ? accepted(record, now)
        : undefined;
    case 'refused':
      return record.state === 'assigned' && isCurrent(record, command.attempt)
        ? refused(record, command.reason, now, random)
        : undefined;
    case 'lost':
      return isHeld(record) && isCurrent(record, command.attempt)
        ? lost(record, command.reason, now)
        : undefined;
    case 'finished':
      return isHeld(record) && isCurrent(record, command.attempt)
        ? finished(record, command.outcome, command.result, now, random)
        : undefined;
    case 'cancel':
      return cancel(record, command.reason, now);
    case 'skip':
      return record.state === 'blocked' ? end(record, 'skipped', now, { error: command.error }) : undefined;
    case 'reject':
      return record.state === 'blocked' ? end(record, 'failed', now, { error: command.error }) : undefined;
  }
}

function isHeld(record: TaskRecord): boolean {
  return record.state === 'assigned' || record.state === 'running';
}

/** T2. */
function isCurrent(record: TaskRecord, attempt: number): boolean {
  return record.attempt === attempt;
}

function queued(
  record: TaskRecord,
  now: number,
  events: EventDraft[],
  enqueue: { avoid?: string },
): Transition {
  const { retryAt: _passed, ...rest } = record;
  return {
    record: { ...rest, state: 'queued', since: now },
    events: [...events, { type: 'task.queued' }],
    effects: [{ kind: 'enqueue', ...enqueue }],
  };
}

function assign(record: TaskRecord, placement: Placement, now: number): Transition {
  const number = record.attempt + 1; // T3
  const attempt: Attempt = {
    attempt: number,
    swarmId: placement.swarmId,
    region: placement.region,
    assignedAt: now,
    costPerSlotHour: placement.costPerSlotHour,
    receipt: placement.receipt,
    reservationId: placement.reservationId,
  };
  const attempts = [...record.attempts, attempt].slice(-LIMITS.ATTEMPT_HISTORY);
  return {
    record: { ...record, state: 'assigned', since: now, attempt: number, attempts },
    events: [{ type: 'task.assigned', data: { because: placement.receipt.because } }],
    effects: [{ kind: 'dispatch' }],
  };
}

function accepted(record: TaskRecord, now: number): Transition {
  const { refusals: _over, ...rest } = record;
  const attempts = withCurrent(record, { startedAt: now });
  return {
    record: { ...rest, state: 'running', since: now, startedAt: record.startedAt ?? now, attempts },
    events: [{ type: 'task.running' }],
    effects: [],
  };
}

/** T6. */
function refusedAgain(
  record: TaskRecord,
  reason: string,
  giveBack: Effect,
  now: number,
  random: Random,
): Transition {
  const retryAt = now + backoffMs(REFUSAL_BACKOFF, (record.refusals ?? 1) - REFUSALS_AT_ONCE, random);
  return {
    record: { ...record, state: 'backoff', since: now, retryAt },
    events: [{ type: 'task.refused', data: { reason, retryAt, refusals: record.refusals ?? 1 } }],
    effects: [giveBack, { kind: 'wake-at', at: retryAt }],
  };
}

function refused(record: TaskRecord, reason: string, now: number, random: Random): Transition {
  const { attempts, giveBack, attempt } = close(record, 'refused', now, now);
  const base = { ...record, attempts };
  if (record.cancel) return end(base, 'cancelled', now, {}, [giveBack]); // T5
  const refusals = (record.refusals ?? 0) + 1;
  if (refusals > REFUSALS_AT_ONCE) return refusedAgain({ ...base, refusals }, reason, giveBack, now, random);
  const events: EventDraft[] = [{ type: 'task.refused', data: { reason } }];
  const again = queued({ ...base, refusals }, now, events, { avoid: attempt.swarmId });
  return { ...again, effects: [giveBack, ...again.effects] };
}

function lost(record: TaskRecord, reason: string, now: number): Transition {
  const { attempts, attempt, giveBack, cost } = close(
    record,
    'lost',
    currentAttempt(record)?.startedAt ?? now,
    now,
  );
  const base: TaskRecord = { ...record, attempts, losses: record.losses + 1, cost: record.cost + cost };
  const event: EventDraft = { type: 'task.lost', data: { reason } };
  if (record.cancel) return prepend([event], end(base, 'cancelled', now, {}, [giveBack])); // T5
  if (base.losses > LIMITS.LOST_ATTEMPTS) {
    const error: TaskError = {
      code: 'attempt-lost',
      message: `${base.losses} attempts were lost with their swarms; the last: ${reason}`,
      retryable: false,
    };
    return prepend([event], end(base, 'failed', now, { error }, [giveBack]));
  }
  const again = queued(base, now, [event], { avoid: attempt.swarmId });
  return { ...again, effects: [giveBack, ...again.effects] };
}

function finished(
  record: TaskRecord,
  outcome: 'succeeded' | 'failed' | 'cancelled' | 'timed-out',
  result: AttemptResult,
  now: number,
  random: Random,
): Transition {
  const { attempts, giveBack, cost } = close(record, outcome, result.startedAt, result.finishedAt, result);
  const { refusals: _over, ...rest } = record;
  const base: TaskRecord = {
    ...rest,
    attempts,
    startedAt: record.startedAt ?? result.startedAt,
    cost: record.cost + cost,
    usage: addUsage(record.usage, result.usage),
  };
  if (outcome === 'succeeded')
    return end(base, 'succeeded', now, { output: result.output ?? null }, [giveBack]);
  const error = result.error ?? {
    code: 'attempt-failed',
    message: `the attempt ended as ${outcome}`,
    retryable: outcome !== 'cancelled',
  };
  if (record.cancel || outcome === 'cancelled') return end(base, 'cancelled', now, { error }, [giveBack]); // T5
  return failed({ ...base, failures: base.failures + 1 }, error, giveBack, now, random);
}

function failed(
  record: TaskRecord,
  error: TaskError,
  giveBack: Effect,
  now: number,
  random: Random,
): Transition {
  const { retry } = record.spec;
  const again =
    error.retryable && !retry.nonRetryableCodes.includes(error.code) && record.failures < retry.maxAttempts;
  if (!again) return end(record, 'failed', now, { error }, [giveBack]);
  const retryAt = now + backoffMs(retry, record.failures, random);
  return {
    record: { ...record, state: 'backoff', since: now, retryAt },
    events: [{ type: 'task.backoff', data: { error: { ...error }, retryAt, failures: record.failures } }],
    effects: [giveBack, { kind: 'wake-at', at: retryAt }],
  };
}

function cancel(record: TaskRecord, reason: string, now: number): Transition | undefined {
  if (record.cancel) return undefined;
  const base = { ...record, cancel: { at: now, reason } };
  const asked: EventDraft = { type: 'task.cancel-requested', data: { reason } };
  const attempt = currentAttempt(record);
  if (isHeld(record) && attempt) {
    const { swarmId, region } = attempt;
    return {
      record: base,
      events: [asked],
      effects: [{ kind: 'cancel-attempt', attempt: record.attempt, swarmId, region, reason }],
    };
  }
  const error: TaskError = { code: 'cancelled', message: reason, retryable: false };
  return prepend([asked], end(base, 'cancelled', now, { error }, [{ kind: 'dequeue' }]));
}

function end(
  record: TaskRecord,
  state: TaskState,
  now: number,
  result: { output?: TaskRecord['output']; error?: TaskError },
  effects: Effect[] = [],
): Transition {
  const { retryAt: _passed, ...rest } = record;
  const error = state === 'cancelled' ? cancelledError(record, result.error) : result.error;
  return {
    record: {
      ...rest,
      state,
      since: now,
      endedAt: now,
      ...(result.output === undefined ? {} : { output: result.output }),
      ...(error ? { error } : {}),
    },
    events: [{ type: `task.${state}` as EventDraft['type'], data: error ? { error: { ...error } } : {} }],
    effects: [...effects, { kind: 'ended' }],
  };
}

function cancelledError(record: TaskRecord, error: TaskError | undefined): TaskError {
  return error?.code === 'cancelled'
    ? error
    : {
        code: 'cancelled',
        message: record.cancel?.reason ?? error?.message ?? 'cancelled',
        retryable: false,
      };
}

/** T4: the current attempt with its end, and the effect that gives its slot back. */
function close(
  record: TaskRecord,
  outcome: NonNullable<Attempt['outcome']>,
  startedAt: number,
  endedAt: number,
  result?: AttemptResult,
): { attempts: Attempt[]; attempt: Attempt; giveBack: Effect; cost: number } {
  const durationMs = Math.max(0, endedAt - startedAt);
  const price = currentAttempt(record)?.costPerSlotHour ?? 0;
  const cost = outcome === 'refused' ? 0 : (price * durationMs) / 3_600_000;
  const attempts = withCurrent(record, {
    endedAt,
    outcome,
    cost,
    ...(outcome === 'refused' ? {} : { startedAt }),
    ...(result?.error ? { error: result.error } : {}),
    ...(result?.usage ? { usage: result.usage } : {}),
  });
  const attempt = attempts[attempts.length - 1];
  if (!attempt) throw new Error(`invariant T4: task ${record.id} holds no attempt to close`);
  return { attempts, attempt, cost, giveBack: { kind: 'give-back', attempt, outcome, durationMs } };
}

function withCurrent(record: TaskRecord, change: Partial<Attempt>): Attempt[] {
  return record.attempts.map((attempt, index) =>
    index === record.attempts.length - 1 ? { ...attempt, ...change } : attempt,
  );
}

function prepend(events: EventDraft[], next: Transition): Transition {
  return { ...next, events: [...events, ...next.events] };
}

function addUsage(total: Usage, more: Usage | undefined): Usage {
  if (!more) return total;
  const sum = (a?: number, b?: number): number => (a ?? 0) + (b ?? 0);
  return {
    inputTokens: sum(total.inputTokens, more.inputTokens),
    outputTokens: sum(total.outputTokens, more.outputTokens),
  };
}
