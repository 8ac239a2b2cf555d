import type {
  AttemptDispatch,
  AttemptRef,
  AttemptReport,
  DispatchOutcome,
  Event,
  EventBatch,
  LbReport,
  PlaceItem,
  PlaceResult,
  Waiting,
} from '@multiswarm/contracts';
import type { TaskRecord } from './domain/task/record';
import type { RunProgress, RunRecord } from './domain/workflow/run';

/** One change of the truth. Writes of one unit are applied together or not at all. */
export type Write =
  | { kind: 'task'; record: TaskRecord; isNew: boolean }
  | { kind: 'run'; record: RunRecord; progress: RunProgress; isNew: boolean }
  | { kind: 'run-progress'; runId: string; progress: RunProgress }
  /** A root (lone task or run) has ended: it is kept until `expiresAt`, epoch ms. */
  | { kind: 'root-ended'; root: string; expiresAt: number }
  | { kind: 'count'; state: string; by: number }
  | { kind: 'event'; event: Event }
  | { kind: 'forget'; root: string; taskIds: string[] };

export interface Batch {
  shard: number;
  epoch: number;
  /** Grows by the numbers that the batch takes: one, or one per message of its events. */
  batchSeq: number;
  writes: Write[];
}

/** `applied`: this batch was committed by an earlier try of which the answer got lost. */
export type CommitResult = 'committed' | 'applied' | 'stale';

export interface LoadedShard {
  tasks: TaskRecord[];
  runs: RunRecord[];
  /** Ended steps of active runs: their outputs are inputs of others. */
  endedSteps: TaskRecord[];
  /** Length of the history of each active root: the next event's number. */
  historyLengths: Map<string, number>;
}

/** The durable state of shards. One writer per shard and epoch. */
export interface ShardStore {
  /** @throws MultiswarmError `store-unavailable`, and then the same batch may be given again. */
  commit(batch: Batch): Promise<CommitResult>;
  load(shard: number): Promise<LoadedShard>;
  /** What tells a repeated submission from a conflicting one; undefined where there is no such task or run. */
  bodyHashes(shard: number, ids: readonly string[]): Promise<(string | undefined)[]>;
  /** Batches of events after `afterSeq` that were not acknowledged by the event stream, oldest first. */
  outbox(shard: number, afterSeq: number, limit: number): Promise<EventBatch[]>;
  trimOutbox(shard: number, uptoSeq: number): Promise<void>;
  /** Roots whose time has passed, with the tasks that belong to them. */
  expired(shard: number, now: number, limit: number): Promise<{ root: string; taskIds: string[] }[]>;
}

/** Reads of committed truth by any replica. */
export interface TruthReader {
  task(shard: number, id: string): Promise<TaskRecord | undefined>;
  tasks(shard: number, ids: readonly string[]): Promise<(TaskRecord | undefined)[]>;
  run(shard: number, id: string): Promise<{ run: RunRecord; progress: RunProgress } | undefined>;
  /** Ids created before (score, id), newest first. */
  recent(
    kind: 'tasks' | 'workflows',
    shard: number,
    before: { at: number; id: string } | undefined,
    limit: number,
  ): Promise<{ id: string; at: number }[]>;
  history(shard: number, root: string): Promise<Event[]>;
  counts(shard: number): Promise<Record<string, number>>;
}

/** Where one replica leaves for another what is larger than NATS carries. */
export interface Handover {
  put(shard: number, id: string, text: string): Promise<void>;
  /** Takes it away; undefined where it was taken, or is too old. */
  take(shard: number, id: string): Promise<string | undefined>;
}

/** The load-balancer. */
export interface Placer {
  place(epoch: number, items: PlaceItem[]): Promise<PlaceResult[]>;
  report(outcomes: LbReport['outcomes']): void;
}

/** Regional coordinators, as owners see them. */
export interface Regions {
  /** @throws MultiswarmError when the coordinator does not answer: the same attempts may be sent again. */
  dispatch(
    region: string,
    shard: number,
    epoch: number,
    attempts: AttemptDispatch[],
  ): Promise<DispatchOutcome[]>;
  cancel(region: string, swarmId: string, attempts: (AttemptRef & { reason: string })[]): Promise<void>;
}

/** Swarms, as coordinators see them. */
export interface Swarms {
  dispatch(
    swarmId: string,
    shard: number,
    epoch: number,
    attempts: AttemptDispatch[],
  ): Promise<DispatchOutcome[]>;
  cancel(swarmId: string, attempts: (AttemptRef & { reason: string })[]): Promise<void>;
  dismiss(swarmId: string, instance: string, reason: string): void;
}

/** Owners, as coordinators see them. */
export interface Owners {
  report(shard: number, swarmId: string, reports: AttemptReport[]): Promise<void>;
}

/** The stream of events that outlives its consumers. */
export interface EventStream {
  publish(batch: EventBatch): Promise<void>;
}

/** The scheduler, as owners see it. */
export interface ReadyTasks {
  ready(record: TaskRecord, shard: number, avoid: string | undefined): void;
  gone(taskId: string): void;
  capacityChanged(freeSlots: number): void;
}

export interface WaitingReasons {
  explain(taskIds: string[]): Promise<Record<string, Waiting>>;
}
