import type {
  AttemptRecord,
  Event,
  EventType,
  JsonValue,
  PayloadRef,
  Placement,
  Progress,
  Signal,
  TaskError,
  TaskSpec,
  TaskState,
  Usage,
} from '@multiswarm/contracts';
import type { Asked } from './asked';
import { beginOwn, waitsAtBirth } from './begin';

/** `after`: the task that ended in its slot, where it was fetched for that; it has this instead of a receipt. */
export type Attempt = AttemptRecord & { reservationId?: string | undefined; after?: string | undefined };
/** Where an attempt goes: with the receipt of the load-balancer, or with the task after which it was fetched. */
export type AttemptPlacement = Omit<Placement, 'receipt'> & Pick<Attempt, 'receipt' | 'after'>;
export type Outcome = NonNullable<Attempt['outcome']>;

/**
 * The truth about one task. Times are epoch milliseconds, costs are USD. Undefined is the same as absent: every record is born
 * with all fields, and changed by copying it whole, so that all of them have one shape. What copies, reads and prints
 * records of many shapes takes several times as long (measured).
 */
export interface TaskRecord {
  id: string;
  spec: TaskSpec;
  state: TaskState;
  since: number;
  createdAt: number;
  /** Epoch ms of the submission × 1000 plus a counter: between equals, the smaller one goes first. */
  order: number;
  /** Events of the task's own history so far; 0 for steps, whose run counts. */
  events: number;
  /** Its events are kept, all but the first (`firstEvents`), since the record would not tell them: see `toldEvents`. */
  historyKept?: true | undefined;
  /** Number of the current or last attempt: the fencing token. It never restarts and is not the `maxAttempts` count. */
  attempt: number;
  /** Attempts that the agents failed: counted against `retry.maxAttempts`. */
  failures: number;
  /** Attempts that were lost with their swarm: counted against `LIMITS.LOST_ATTEMPTS`. */
  losses: number;
  /** Losses since agents last ended an attempt of it: after the first, each further try waits longer. */
  lossesInARow?: number | undefined;
  /** Refusals since a swarm last accepted it: after a few, each further try waits longer. */
  refusals?: number | undefined;
  attempts: Attempt[];
  cancel?: Wish | undefined;
  /** No attempt begins until the task is resumed. */
  paused?: Wish | undefined;
  /** Oldest first. */
  signals?: Signal[] | undefined;
  /** Of the current or last attempt. */
  progress?: Progress | undefined;
  /** Since when it waits for a start, without the time for which it was paused: for `scheduleToStartMs`. */
  waitingSince?: number | undefined;
  /** When somebody last asked for a retry: from then on `retry.totalMs` counts, else from `createdAt`. */
  retriedAt?: number | undefined;
  /** Of the request that last redrove it: a repetition does not redrive it again. */
  redriveKey?: string | undefined;
  /** When it was taken off the list of dead letters. */
  purgedAt?: number | undefined;
  retryAt?: number | undefined;
  /** When a step that waits for a time has waited enough. */
  wakesAt?: number | undefined;
  /** Why the last attempt that failed or was lost came to nothing, as long as another one is to follow. */
  lastError?: TaskError | undefined;
  startedAt?: number | undefined;
  endedAt?: number | undefined;
  output?: JsonValue | undefined;
  /** The output is a payload, and `output` null. */
  outputRef?: PayloadRef | undefined;
  error?: TaskError | undefined;
  cost: number;
  usage: Usage;
}

/** What somebody has asked for, and when. `requestedBy`: see `Asked`. */
export interface Wish {
  at: number;
  reason: string;
  requestedBy?: string | undefined;
}

/** With every field there: what the compiler holds those to who make records. */
export type WholeRecord = { [K in keyof Required<TaskRecord>]: TaskRecord[K] };

/** What `transition` is asked to do. */
export type TaskCommand =
  /** What a step depends on has ended as it should. */
  | { kind: 'unblock' }
  /** `attempt`: the number that was granted; another one than the next changes nothing. */
  | { kind: 'assign'; placement: AttemptPlacement; attempt: number }
  /** `placement`: where the attempt is, if the coordinator has sent it elsewhere under the same number. */
  | { kind: 'accepted'; attempt: number; placement?: Placement }
  /** `refusedBy`: the swarms that were asked one after the other, where there were several. */
  | { kind: 'refused'; attempt: number; reason: string; refusedBy?: string[] }
  | { kind: 'lost'; attempt: number; reason: string }
  | { kind: 'finished'; attempt: number; outcome: AttemptEnd; result: AttemptResult }
  /** The time that `dueAt` tells has come. */
  | { kind: 'due' }
  | ({ kind: 'cancel' } & WishedFor)
  | ({ kind: 'pause' } & WishedFor)
  | { kind: 'resume'; requestedBy?: string | undefined }
  | { kind: 'signal'; signal: Signal }
  /** A person wants another try. */
  | { kind: 'retry'; requestedBy?: string | undefined }
  | DeadLetterCommand
  /** Ends a step that is blocked: a step before it did not succeed (`skip`), or it can never be sent (`reject`), which also ends one that no swarm runs. */
  | { kind: 'skip'; error: TaskError }
  | { kind: 'reject'; error: TaskError }
  /** A step that no swarm runs begins to wait, for what its run does, or until a time (epoch ms). */
  | { kind: 'await'; wakesAt?: number }
  /** It has what it waited for; or an earlier run had it, whose task that is. */
  | { kind: 'fulfil'; output: JsonValue; outputRef?: PayloadRef | undefined; keptFrom?: string | undefined }
  /** A step that waits for the run that it has started: what that run has spent since it was told last. */
  | { kind: 'spent'; cost: number; usage: Usage }
  | { kind: 'progress'; attempt: number; progress: Progress }
  /** What an attempt came to that may be over already. `swarmId`: who says so. */
  | { kind: 'late-result'; attempt: number; swarmId: string; outcome: AttemptEnd; result: AttemptResult };

/** A wish before its time is known. */
export type WishedFor = Omit<Wish, 'at'>;

/** What people do to dead letters. `key` is that of the request: see `redriveKey`. `again`: it was sent before, and may have been done. */
export type DeadLetterCommand =
  | { kind: 'redrive'; key: string; asked: Asked }
  | { kind: 'purge'; asked: Asked; again?: boolean | undefined };

/** How the agents of a swarm can end an attempt. */
export type AttemptEnd = Extract<Outcome, 'succeeded' | 'failed' | 'cancelled' | 'timed-out'>;

export interface AttemptResult {
  startedAt: number;
  finishedAt: number;
  output?: JsonValue;
  outputRef?: PayloadRef;
  error?: TaskError;
  usage?: Usage;
}

export interface EventDraft {
  type: EventType;
  /** Of which attempt it tells, where that is not the last one. */
  attempt?: number;
  /** Of which swarm it tells, where that is not the one of the attempt. */
  swarmId?: string;
  data?: Record<string, JsonValue>;
}

/** What has to happen after the change is committed, never before. */
export type Effect =
  /** It may be placed from now on. */
  | { kind: 'enqueue' }
  /** It must not be placed any more. */
  | { kind: 'dequeue' }
  | { kind: 'dispatch' }
  | { kind: 'cancel-attempt'; attempt: number; swarmId: string; region: string; reason: string }
  /** The swarm gets all signals of the task, oldest first. */
  | { kind: 'signal-attempt'; attempt: number; swarmId: string; region: string }
  | { kind: 'give-back'; attempt: Attempt; outcome: Outcome; durationMs: number }
  /** The coordinator has found another swarm for the attempt: what was reserved at this one, which has refused it, is free. */
  | { kind: 'replaced'; attempt: Attempt }
  | { kind: 'ended' }
  /** It had ended, and is active again. */
  | { kind: 'reopened' };

/** `record` is always a new object, never the one that was given. */
export interface Transition {
  record: TaskRecord;
  events: EventDraft[];
  effects: Effect[];
}

/** @param blocked by the steps before it: only a step is. A lone task waits for its `notBefore` and its `waitFor`. */
export function newTask(
  id: string,
  spec: TaskSpec,
  { blocked, order }: { blocked: boolean; order: number },
  now: number,
): Transition {
  const record = bornTask(id, spec, order, now);
  const submitted = submittedEvent(spec);
  if (blocked) return { record, events: [submitted], effects: [] };
  return beginOwn(record, now, [submitted]);
}

/** A task as it is before anything has happened to it, with every field that a record may have. */
export function bornTask(id: string, spec: TaskSpec, order: number, now: number): WholeRecord {
  return {
    id,
    spec,
    state: 'blocked',
    since: now,
    createdAt: now,
    order,
    events: 0,
    historyKept: undefined,
    attempt: 0,
    failures: 0,
    losses: 0,
    lossesInARow: undefined,
    refusals: undefined,
    attempts: [],
    cancel: undefined,
    paused: undefined,
    signals: undefined,
    progress: undefined,
    waitingSince: undefined,
    retriedAt: undefined,
    redriveKey: undefined,
    purgedAt: undefined,
    retryAt: undefined,
    wakesAt: undefined,
    lastError: undefined,
    startedAt: undefined,
    endedAt: undefined,
    output: undefined,
    outputRef: undefined,
    error: undefined,
    cost: 0,
    usage: {},
  };
}

function submittedEvent({ type, priority }: TaskSpec): EventDraft {
  return { type: 'task.submitted', data: { type, priority } };
}

/**
 * The first events of a lone task that was queued at once, which its record tells: nobody has to keep them.
 * @returns none for other tasks, whose events are all kept
 */
export function firstEvents(record: TaskRecord): Event[] {
  const { id, spec, createdAt } = record;
  if (!isLone(record) || waitsAtBirth(spec, createdAt)) return [];
  const root = { at: createdAt, namespace: spec.namespace, root: id, taskId: id };
  return [
    { v: 1, seq: 1, ...submittedEvent(spec), ...root },
    { v: 1, seq: 2, type: 'task.queued', ...root },
  ];
}

/** No step of a workflow. */
export function isLone(record: TaskRecord): boolean {
  return record.spec.workflowId === undefined;
}

/** Whether it is a step that waits for others. */
export function isBlockedBySteps(record: TaskRecord): boolean {
  return record.state === 'blocked' && !isLone(record);
}

/** Whether a swarm has its current attempt, or is about to get it. */
export function isHeld(record: TaskRecord): boolean {
  return record.state === 'assigned' || record.state === 'running';
}

/** Whether it may be placed: it waits in the scheduler's queue. */
export function isPlaceable(record: TaskRecord): boolean {
  return record.state === 'queued' && record.paused === undefined;
}

export function currentAttempt(record: TaskRecord): Attempt | undefined {
  return record.attempts[record.attempts.length - 1];
}

/**
 * Swarms that are not to get it where another one is free: those with which its last attempts were lost, and those that have
 * just refused it. The record tells them, so that they are known as well after a pause, and to a new scheduler.
 */
export function swarmsToAvoid({ attempts }: TaskRecord): string[] {
  const avoided = new Set<string>();
  for (let at = attempts.length - 1; at >= 0; at -= 1) {
    const { outcome, swarmId, refusedBy = [swarmId] } = attempts[at] as Attempt;
    if (outcome === 'lost') avoided.add(swarmId);
    else if (outcome !== 'refused') break;
    else if (at === attempts.length - 1) for (const refuser of refusedBy) avoided.add(refuser);
  }
  return [...avoided];
}
