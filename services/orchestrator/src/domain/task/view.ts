import { isTerminal, type Task, type TaskSummary, type Waiting } from '@multiswarm/contracts';
import type { TaskRecord } from './record';

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
  return {
    ...taskSummary(record, waiting),
    input: record.spec.input,
    ...outputOf(record),
    attempts: record.attempts.map(({ reservationId: _own, ...rest }) => rest),
  };
}

function outputOf(record: TaskRecord): { output?: NonNullable<Task['output']> | null } {
  return record.output === undefined ? {} : { output: record.output };
}

export function taskSummary(record: TaskRecord, waiting?: Waiting): TaskSummary {
  const { spec } = record;
  const placed =
    isTerminal(record.state) || record.state === 'assigned' || record.state === 'running'
      ? record.attempts.at(-1)
      : undefined;
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
    ...(spec.estimateMs === undefined ? {} : { estimateMs: spec.estimateMs }),
    metadata: spec.metadata,
    ...(spec.workflowId === undefined ? {} : { workflowId: spec.workflowId }),
    ...(spec.step === undefined ? {} : { step: spec.step }),
    attempt: record.attempt,
    ...(placed ? { swarmId: placed.swarmId, region: placed.region } : {}),
    cost: record.cost,
    usage: record.usage,
    ...(record.cancel ? { cancelRequestedAt: iso(record.cancel.at) } : {}),
    ...(record.retryAt === undefined ? {} : { retryAt: iso(record.retryAt) }),
    ...(waiting && record.state === 'queued' ? { waiting } : {}),
    traceId: traceIdIn(spec.traceparent),
  };
}
