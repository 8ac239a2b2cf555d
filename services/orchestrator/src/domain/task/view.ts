import {
  isTerminal,
  type AttemptRecord,
  type Task,
  type TaskSpec,
  type TaskSummary,
  type Waiting,
} from '@multiswarm/contracts';
import { ownReason } from './own-reason';
import { receiptOf } from './receipt';
import { isHeld, isPlaceable, type Attempt, type TaskRecord, type Wish } from './record';
import { iso } from './times';

/** The 32 hex digits of the trace in a W3C traceparent. */
export function traceIdIn(traceparent: string): string {
  return traceparent.split('-')[1] ?? '';
}

/** A task as people read it. @param waiting why, as the scheduler or the run of a step knows it */
export function taskView(record: TaskRecord, waiting?: Waiting): Task {
  const { signals, output, outputRef, spec } = record;
  return {
    ...taskSummary(record, waiting),
    input: spec.input,
    ...(spec.inputRef ? { inputRef: spec.inputRef } : {}),
    ...(output === undefined ? {} : { output }),
    ...(outputRef ? { outputRef } : {}),
    ...(signals ? { signals } : {}),
    attempts: record.attempts.map(attemptView),
  };
}

/** An attempt as people read it, with its receipt. */
export function attemptView(attempt: Attempt): AttemptRecord {
  const { reservationId: _ours, after: _inReceipt, ...shown } = attempt;
  return { ...shown, receipt: receiptOf(attempt) };
}

/** Without what may be large: input, output, signals, and the attempts with their receipts. */
export function taskSummary(record: TaskRecord, waiting?: Waiting): TaskSummary {
  const { spec } = record;
  const placed = isTerminal(record.state) || isHeld(record) ? record.attempts.at(-1) : undefined;
  const reason = reasonOf(record, waiting);
  return {
    id: record.id,
    type: spec.type,
    namespace: spec.namespace,
    state: record.state,
    stateSince: iso(record.since),
    createdAt: iso(record.createdAt),
    ...(record.startedAt === undefined ? {} : { startedAt: iso(record.startedAt) }),
    ...(record.endedAt === undefined ? {} : { endedAt: iso(record.endedAt) }),
    priority: spec.priority,
    ...(record.error ? { error: record.error } : {}),
    requirements: spec.requirements,
    ...(spec.routing === undefined ? {} : { routing: spec.routing }),
    retry: spec.retry,
    timeouts: spec.timeouts,
    ...given(spec),
    metadata: spec.metadata,
    attempt: record.attempt,
    ...(placed ? { swarmId: placed.swarmId, region: placed.region } : {}),
    cost: record.cost,
    usage: record.usage,
    ...(record.progress ? { progress: record.progress } : {}),
    ...(record.cancel ? cancelView(record.cancel) : {}),
    ...(record.paused ? { paused: wishView(record.paused) } : {}),
    ...(record.retryAt === undefined ? {} : { retryAt: iso(record.retryAt) }),
    ...(reason ? { waiting: reason } : {}),
    traceId: traceIdIn(spec.traceparent),
  };
}

/** A pause as people read it. */
export function wishView({ at, reason, requestedBy }: Wish): NonNullable<Task['paused']> {
  return { at: iso(at), reason, ...(requestedBy === undefined ? {} : { requestedBy }) };
}

/** Of a task or a workflow. */
export function cancelView({ at, requestedBy }: Wish): Pick<Task, 'cancelRequestedAt' | 'cancelRequestedBy'> {
  return {
    cancelRequestedAt: iso(at),
    ...(requestedBy === undefined ? {} : { cancelRequestedBy: requestedBy }),
  };
}

/** What the submission may leave out, where it did not. */
function given(spec: TaskSpec): Partial<TaskSummary> {
  const { estimateMs, fairnessKey, limitKeys, notBefore, waitFor, rerunOf, workflowId, step } = spec;
  return {
    ...(estimateMs === undefined ? {} : { estimateMs }),
    ...(fairnessKey === undefined ? {} : { fairnessKey }),
    ...(limitKeys === undefined ? {} : { limitKeys }),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(waitFor === undefined ? {} : { waitFor }),
    ...(rerunOf === undefined ? {} : { rerunOf }),
    ...(workflowId === undefined ? {} : { workflowId }),
    ...(step === undefined ? {} : { step }),
  };
}

/** What the record tells itself, unless the scheduler or the run of a step knows more. */
function reasonOf(record: TaskRecord, told: Waiting | undefined): Waiting | undefined {
  const own = ownReason(record);
  return isPlaceable(record) || own?.reason === 'steps' ? (told ?? own) : own;
}
