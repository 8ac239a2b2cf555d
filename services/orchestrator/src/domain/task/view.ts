import {
  isTerminal,
  type AttemptRecord,
  type Task,
  type TaskSpec,
  type TaskSummary,
  type Waiting,
} from '@multiswarm/contracts';
import { receiptOf } from './receipt';
import { isHeld, type Attempt, type TaskRecord } from './record';

/** The last instant that a Date can hold (ECMA-262, time values). */
const LAST_INSTANT_MS = 8.64e15;

/** A retry policy may ask for more than the calendar has, and swarms send times of their own: neither may break a list. */
export function iso(ms: number): string {
  return new Date(Math.min(ms, LAST_INSTANT_MS)).toISOString();
}

/** The 32 hex digits of the trace in a W3C traceparent. */
export function traceIdIn(traceparent: string): string {
  return traceparent.split('-')[1] ?? '';
}

/** A task as people read it. */
export function taskView(record: TaskRecord, waiting?: Waiting): Task {
  const { signals, output } = record;
  return {
    ...taskSummary(record, waiting),
    input: record.spec.input,
    ...(output === undefined ? {} : { output }),
    ...(signals ? { signals } : {}),
    attempts: record.attempts.map(attemptView),
  };
}

function attemptView(attempt: Attempt): AttemptRecord {
  const { reservationId: _ours, after: _inReceipt, ...shown } = attempt;
  return { ...shown, receipt: receiptOf(attempt) };
}

/** Without what may be large: input, output, signals, and the attempts with their receipts. */
export function taskSummary(record: TaskRecord, waiting?: Waiting): TaskSummary {
  const { spec } = record;
  const placed = isTerminal(record.state) || isHeld(record) ? record.attempts.at(-1) : undefined;
  const reason = record.state === 'queued' ? (pausedReason(record) ?? waiting) : undefined;
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
    retry: spec.retry,
    timeouts: spec.timeouts,
    ...given(spec),
    metadata: spec.metadata,
    attempt: record.attempt,
    ...(placed ? { swarmId: placed.swarmId, region: placed.region } : {}),
    cost: record.cost,
    usage: record.usage,
    ...(record.progress ? { progress: record.progress } : {}),
    ...(record.cancel ? { cancelRequestedAt: iso(record.cancel.at) } : {}),
    ...(record.paused ? { paused: { at: iso(record.paused.at), reason: record.paused.reason } } : {}),
    ...(record.retryAt === undefined ? {} : { retryAt: iso(record.retryAt) }),
    ...(reason ? { waiting: reason } : {}),
    traceId: traceIdIn(spec.traceparent),
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

/** The scheduler does not know of a paused task, so its owner's record tells why it waits. */
function pausedReason({ paused }: TaskRecord): Waiting | undefined {
  if (!paused) return undefined;
  const detail = `paused: ${paused.reason}`;
  return { reason: 'paused', since: iso(paused.at), detail, unmet: [] };
}
