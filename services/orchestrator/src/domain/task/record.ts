import type {
  AttemptRecord,
  EventType,
  JsonValue,
  Placement,
  TaskError,
  TaskSpec,
  TaskState,
  Usage,
} from '@multiswarm/contracts';

export type Attempt = AttemptRecord & { reservationId?: string };

/** The truth about one task. Times are epoch milliseconds, costs are USD. */
export interface TaskRecord {
  id: string;
  spec: TaskSpec;
  state: TaskState;
  since: number;
  createdAt: number;
  /** Number of the current or last attempt: the fencing token. It never restarts and is not the `maxAttempts` count. */
  attempt: number;
  /** Attempts that the agents failed: counted against `retry.maxAttempts`. */
  failures: number;
  /** Attempts that were lost with their swarm: counted against `LIMITS.LOST_ATTEMPTS`. */
  losses: number;
  /** Refusals since a swarm last accepted it: after a few, each further try waits longer. */
  refusals?: number;
  attempts: Attempt[];
  cancel?: { at: number; reason: string };
  retryAt?: number;
  startedAt?: number;
  endedAt?: number;
  output?: JsonValue;
  error?: TaskError;
  cost: number;
  usage: Usage;
}

/** What `transition` is asked to do. */
export type TaskCommand =
  | { kind: 'unblock' }
  | { kind: 'assign'; placement: Placement }
  | { kind: 'accepted'; attempt: number }
  | { kind: 'refused'; attempt: number; reason: string }
  | { kind: 'lost'; attempt: number; reason: string }
  | {
      kind: 'finished';
      attempt: number;
      outcome: 'succeeded' | 'failed' | 'cancelled' | 'timed-out';
      result: AttemptResult;
    }
  | { kind: 'retry-due' }
  | { kind: 'cancel'; reason: string }
  /** Ends a task that has not been placed: a dependency did not succeed (`skip`), or it can never be sent (`reject`). */
  | { kind: 'skip'; error: TaskError }
  | { kind: 'reject'; error: TaskError };

export interface AttemptResult {
  startedAt: number;
  finishedAt: number;
  output?: JsonValue;
  error?: TaskError;
  usage?: Usage;
}

export interface EventDraft {
  type: EventType;
  data?: Record<string, JsonValue>;
}

/** What has to happen after the change is committed, never before. */
export type Effect =
  | { kind: 'enqueue'; avoid?: string }
  | { kind: 'dequeue' }
  | { kind: 'dispatch' }
  | { kind: 'cancel-attempt'; attempt: number; swarmId: string; region: string; reason: string }
  | { kind: 'give-back'; attempt: Attempt; outcome: NonNullable<Attempt['outcome']>; durationMs: number }
  | { kind: 'wake-at'; at: number }
  | { kind: 'ended' };

export interface Transition {
  record: TaskRecord;
  events: EventDraft[];
  effects: Effect[];
}

export function newTask(id: string, spec: TaskSpec, blocked: boolean, now: number): Transition {
  const record: TaskRecord = {
    id,
    spec,
    state: blocked ? 'blocked' : 'queued',
    since: now,
    createdAt: now,
    attempt: 0,
    failures: 0,
    losses: 0,
    attempts: [],
    cost: 0,
    usage: {},
  };
  const submitted: EventDraft = {
    type: 'task.submitted',
    data: { type: spec.type, priority: spec.priority },
  };
  if (blocked) return { record, events: [submitted], effects: [] };
  return { record, events: [submitted, { type: 'task.queued' }], effects: [{ kind: 'enqueue' }] };
}

export function currentAttempt(record: TaskRecord): Attempt | undefined {
  return record.attempts[record.attempts.length - 1];
}
