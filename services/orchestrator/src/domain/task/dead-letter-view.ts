import {
  LIMITS,
  type DeadLetter,
  type DeadLetterDetail,
  type DeadState,
  type Event,
} from '@multiswarm/contracts';
import { currentAttempt, type TaskRecord } from './record';
import { iso } from './times';
import { taskView, traceIdIn } from './view';
import { whyNot } from './why-not';

/** A dead letter as lists show it. @param record of one */
export function deadLetterView(record: TaskRecord, now: number): DeadLetter {
  const { id, spec, error, attempt, failures, losses, cost } = record;
  const last = currentAttempt(record);
  const notRedrivable = whyNot(record, { kind: 'retry' }, now);
  return {
    id,
    type: spec.type,
    namespace: spec.namespace,
    state: record.state as DeadState, // it is one: D1
    cause: causeOf(record),
    ...(error ? { error } : {}),
    createdAt: iso(record.createdAt),
    endedAt: iso(record.since),
    priority: spec.priority,
    ...{ attempt, failures, losses },
    ...(last ? { swarmId: last.swarmId, region: last.region } : {}),
    cost,
    ...(notRedrivable === undefined ? {} : { notRedrivable }),
    traceId: traceIdIn(spec.traceparent),
  };
}

export function deadLetterDetail(record: TaskRecord, history: Event[], now: number): DeadLetterDetail {
  const { input, inputRef, attempts } = taskView(record);
  return { ...deadLetterView(record, now), input, ...(inputRef ? { inputRef } : {}), attempts, history };
}

const EXPIRIES: Readonly<Record<string, DeadLetter['cause']>> = {
  'schedule-to-start-timeout': 'never-started',
  'signal-timeout': 'signal-missing',
};

/** Why nothing more was tried, as the record tells it. */
export function causeOf({ state, error, spec, failures, losses }: TaskRecord): DeadLetter['cause'] {
  if (state === 'expired') return EXPIRIES[error?.code ?? ''] ?? 'deadline-passed';
  if (losses > LIMITS.LOST_ATTEMPTS) return 'attempts-lost';
  if (failures >= spec.retry.maxAttempts) return 'attempts-used-up';
  return error?.retryable === true ? 'time-used-up' : 'not-retryable';
}
