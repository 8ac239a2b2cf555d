import type {
  AttemptRef,
  AttemptReport,
  Capacity,
  ControlRequest,
  Definition,
  DefinitionSummary,
  DispatchOutcome,
  DispatchRequest,
  Event,
  GrantReply,
  GrantRequest,
  HeldAttempt,
  LbReport,
  NamespaceSettings,
  PlaceItem,
  PlaceResult,
  QueuedTask,
  ReportReply,
  StandingReply,
  TaskClass,
  TaskState,
  Waiting,
  Swarm,
  WorkflowState,
} from '@multiswarm/contracts';
import type { CapacitySource } from './domain/queue/parking';
import type { DeadLetterFacts } from './domain/task/dead-letter-facts';
import type { AttemptPlacement, TaskRecord } from './domain/task/record';
import type { RunProgress, RunRecord, RunStep } from './domain/workflow/run';

/** One change of the truth. Writes of one unit are applied together or not at all. */
export type Write =
  /**
   * `was`: the state in which the record was stored before; undefined for a new one. `tells`: so many of its last events are
   * those of this change; the record tells them itself (`toldEvents`), so they are published and not kept in the history.
   */
  | { kind: 'task'; record: TaskRecord; isNew: boolean; was?: TaskState | undefined; tells?: number }
  | { kind: 'run'; record: RunRecord; progress: RunProgress; isNew: boolean }
  /** Steps that it gets while it runs: what its specification has beside the first `from`. */
  | { kind: 'run-steps'; runId: string; from: number; steps: readonly RunStep[] }
  | { kind: 'run-progress'; runId: string; progress: RunProgress }
  /** A root (lone task or run) has ended: it is kept until `expiresAt`, epoch ms. */
  | { kind: 'root-ended'; root: string; expiresAt: number }
  /** A task that had ended is active again. */
  | { kind: 'root-reopened'; root: string }
  | { kind: 'count'; state: string; by: number }
  | { kind: 'event'; event: Event }
  /** An event that was published before and that the record has told until now: from now on it is kept. */
  | { kind: 'keep'; event: Event }
  | { kind: 'forget'; root: string; taskIds: string[] };

export interface Batch {
  shard: number;
  epoch: number;
  /** The `batchSeq` of the batch before: where that one is missing, nothing of this one is applied. */
  after: number;
  /** Grows by the numbers that the batch takes: one, or one per message of its events. */
  batchSeq: number;
  writes: Write[];
}

/** A message of the event stream: printed once, stored and published as that. */
export interface EventMessage {
  shard: number;
  /** Of the owner that has committed it, who need not be the one that publishes it. */
  epoch: number;
  batchSeq: number;
  /** The JSON of an `EventBatch`; as bytes once a commit has encoded it, for whoever sends it on. */
  text: string | Uint8Array;
}

/**
 * `applied`: this batch was committed by an earlier try of which the answer got lost.
 * `gap`: the batch before is missing, so nothing was done.
 */
export type CommitResult = 'committed' | 'applied' | 'stale' | 'gap';

/** What an owner must know before it serves. Lone tasks that wait are streamed afterwards. */
export interface LoadedShard {
  /** Placed lone tasks, and all steps of active runs that have not ended. */
  tasks: TaskRecord[];
  runs: { run: RunRecord; progress: RunProgress }[];
  /** Ended steps of active runs: their outputs are inputs of others. */
  endedSteps: TaskRecord[];
}

/** A place in the line of waiting tasks. */
export interface WaitingPlace {
  order: number;
  id: string;
}

/** The durable state of shards. One writer per shard and epoch. */
export interface ShardStore {
  /** @throws MultiswarmError `store-unavailable`, and then the same batch may be given again. */
  commit(batch: Batch): Promise<CommitResult>;
  /** Calls `leave` when this turn of the event loop is over: what all that are called then commit goes in one write. */
  atTurnEnd(leave: () => void): void;
  loadActive(shard: number): Promise<LoadedShard>;
  /** Lone tasks that wait, ascending by (order, id), from behind `after` on. */
  waiting(shard: number, after: WaitingPlace | undefined, limit: number): Promise<TaskRecord[]>;
  /** Records as they were committed, ended ones too, in the order of `ids`. */
  tasks(shard: number, ids: readonly string[]): Promise<(TaskRecord | undefined)[]>;
  /** What tells a repeated submission from a conflicting one; undefined where there is no such task or run. */
  bodyHashes(shard: number, ids: readonly string[]): Promise<(string | undefined)[]>;
  /** How many tasks and runs are stored, ended ones too. */
  idCount(shard: number): Promise<number>;
  /** Their ids, page by page: all that are there from the first page to the last, some of them perhaps twice. */
  ids(shard: number): AsyncIterable<string[]>;
  /** Batches of events after `afterSeq` that were not acknowledged by the event stream, oldest first. */
  outbox(shard: number, afterSeq: number, limit: number): Promise<EventMessage[]>;
  trimOutbox(shard: number, uptoSeq: number): Promise<void>;
  /** What a run was told, as far as it is stored: all that tells a repetition. Undefined where there is no such run. */
  signalsOf(shard: number, id: string): Promise<Pick<RunRecord, 'signals' | 'heard'> | undefined>;
  /** How far runs have come, in the order of `ids`; undefined where there is no such run. */
  progressOf(shard: number, ids: readonly string[]): Promise<(RunProgress | undefined)[]>;
  /** Roots whose time has passed, with the tasks that belong to them. */
  expired(shard: number, now: number, limit: number): Promise<{ root: string; taskIds: string[] }[]>;
}

/** The place of a dead letter in its list. `facts` are missing where it left the list while it was read. */
export interface DeadLetterEntry {
  id: string;
  /** When it ended, epoch ms. */
  at: number;
  facts?: DeadLetterFacts | undefined;
}

/** So many events behind the one with the number `after`. */
export interface HistoryPart {
  after: number;
  most: number;
}

/** Reads of committed truth by any replica. */
export interface TruthReader {
  task(shard: number, id: string): Promise<TaskRecord | undefined>;
  tasks(shard: number, ids: readonly string[]): Promise<(TaskRecord | undefined)[]>;
  run(shard: number, id: string): Promise<{ run: RunRecord; progress: RunProgress } | undefined>;
  /** Of a run, without reading all of it. */
  runState(shard: number, id: string): Promise<WorkflowState | undefined>;
  /** Ids created before (score, id), newest first. */
  recent(
    kind: 'tasks' | 'workflows',
    shard: number,
    before: { at: number; id: string } | undefined,
    limit: number,
  ): Promise<{ id: string; at: number }[]>;
  /** Dead letters that ended before (score, id), newest first. Shorter than `limit` only where there are no more. */
  deadLetters(
    shard: number,
    before: { at: number; id: string } | undefined,
    limit: number,
  ): Promise<DeadLetterEntry[]>;
  /**
   * Oldest first.
   * @param part of a run, of which nobody wants all at once; the history of a task is short, and comes whole
   */
  history(shard: number, root: string, part?: HistoryPart): Promise<Event[]>;
  counts(shard: number): Promise<Record<string, number>>;
}

/** A namespace's settings as they are kept. One that nobody has set has the defaults and revision 0. */
export interface NamespaceEntry {
  namespace: string;
  settings: NamespaceSettings;
  revision: number;
}

/** What platform engineers have set, for all shards and replicas. */
export interface NamespaceStore {
  get(namespace: string): Promise<NamespaceEntry>;
  /**
   * @returns the new revision, or `conflict` where the present one is not `ifRevision`
   * @throws MultiswarmError `invalid-request` where there would be more than LIMITS.NAMESPACES
   */
  put(namespace: string, settings: NamespaceSettings, ifRevision?: number): Promise<number | 'conflict'>;
  /** Those that somebody has set, by name. */
  all(): Promise<NamespaceEntry[]>;
}

/** A definition in all its versions. */
export type NamedDefinition = Pick<DefinitionSummary, 'namespace' | 'name'>;

/** Named workflows. A version never changes, and its number is never used for another body, also when it was deleted. */
export interface DefinitionStore {
  /**
   * A new version, or the newest one where its `bodyHash` is the same.
   * @throws MultiswarmError `invalid-request` where there would be more than LIMITS.DEFINITIONS or LIMITS.DEFINITION_VERSIONS
   */
  put(given: Omit<Definition, 'version'>): Promise<DefinitionSummary>;
  /** @param version the newest, unless given */
  get(of: NamedDefinition, version?: number): Promise<Definition | undefined>;
  /** Newest versions, by namespace and name; `last` is where the page ends, unless nothing is behind it. */
  list(
    namespace: string | undefined,
    after: NamedDefinition | undefined,
    limit: number,
  ): Promise<{ items: DefinitionSummary[]; last: NamedDefinition | undefined }>;
  /** Those before the version `before`, newest first. */
  versions(of: NamedDefinition, before: number | undefined, limit: number): Promise<DefinitionSummary[]>;
  /** @returns the newest version that it had; undefined where there is none */
  remove(of: NamedDefinition): Promise<number | undefined>;
}

/** Where one replica leaves for another what is larger than NATS carries. */
export interface Handover {
  put(shard: number, id: string, text: string): Promise<void>;
  /** Takes it away; undefined where it was taken, or is too old. */
  take(shard: number, id: string): Promise<string | undefined>;
}

/** The load-balancer. */
export interface Placer {
  /** @param region of a coordinator, whose epoch it then is; otherwise it is the scheduler's */
  place(epoch: number, items: PlaceItem[], region?: string): Promise<PlaceResult[]>;
  report(outcomes: LbReport['outcomes']): void;
}

/** Regional coordinators, as owners see them. */
export interface Regions {
  /**
   * @throws MultiswarmError `region-unavailable` when there is no coordinator, so that nobody has received it; after any other
   * error somebody may have. The same attempts may be sent again.
   */
  dispatch(region: string, request: DispatchRequest): Promise<DispatchOutcome[]>;
  control(region: string, swarmId: string, control: ControlRequest): Promise<void>;
}

/** Swarms, as coordinators see them. */
export interface Swarms {
  /**
   * @throws MultiswarmError `swarm-not-found` when nobody listens, so that nothing can have begun; after any other error it
   * may have.
   */
  dispatch(swarmId: string, request: DispatchRequest): Promise<DispatchOutcome[]>;
  control(swarmId: string, control: ControlRequest): Promise<void>;
  dismiss(swarmId: string, instance: string, reason: string): void;
}

/** What a coordinator knows to be lost with a swarm. */
export interface LossReport {
  region: string;
  regionEpoch: number;
  swarmId: string;
  reports: AttemptReport[];
}

/** Owners, as coordinators see them. */
export interface Owners {
  /** @throws MultiswarmError when there is no answer: the same losses may be reported again. */
  report(shard: number, losses: LossReport): Promise<ReportReply['acks']>;
}

/** What an operator wants of a swarm. `uncordon` stands until the swarm has taken it in. */
export interface Cordon {
  swarmId: string;
  kind: 'cordon' | 'drain' | 'uncordon';
  reason: string;
  /** Epoch ms. */
  at: number;
  /** As it was last seen, without attempts: what who uncordons it is shown when it is gone. */
  swarm?: Swarm | undefined;
}

/** The cordons of a region: they survive its coordinator and its swarms. */
export interface CordonStore {
  load(region: string): Promise<Cordon[]>;
  /** The cordon of a swarm, in whatever region. */
  find(swarmId: string): Promise<{ region: string; cordon: Cordon } | undefined>;
  /** One per swarm: the last. @returns false where the region has a newer coordinator; nothing is changed then */
  put(region: string, epoch: number, cordon: Cordon): Promise<boolean>;
  /** @returns false where the region has a newer coordinator; nothing is changed then */
  remove(region: string, epoch: number, swarmIds: readonly string[]): Promise<boolean>;
}

/** Who published a message of the stream, and under which number. */
export type PublishedEvents = Pick<Batch, 'epoch' | 'batchSeq'>;

/** The stream of events that outlives its consumers. */
export interface EventStream {
  publish(message: EventMessage): Promise<void>;
  /** The last message of the shard that it has; undefined where it has none. */
  last(shard: number): Promise<PublishedEvents | undefined>;
}

export interface QueuedChange {
  task: QueuedTask;
  taskClass: TaskClass;
}

/** A slot that comes free with a report that is being committed. */
export interface FreedSlot extends AttemptRef {
  swarmId: string;
  region: string;
  classKey: string;
  reservationId: string;
  /** USD. */
  costPerSlotHour: number;
}

/** A grant, from wherever: one that was fetched has no receipt, and never leaves the process. */
export type AttemptGrant = AttemptRef & { placement: AttemptPlacement };

export type Fetched = AttemptGrant & { shard: number; freed: FreedSlot };

/** The scheduler, as the owners of this replica see it. What is told of one shard arrives in order. */
export interface SchedulerLink {
  /** To be called after the commit. */
  tell(
    shard: number,
    change: {
      queued?: readonly QueuedChange[];
      gone?: readonly string[];
      released?: readonly AttemptRef[];
    },
  ): void;
  /** @param from where; a hint, of which the load-balancer may not know yet, has none */
  capacityChanged(freeSlots: number, from?: CapacitySource): void;
  /** The next tasks for slots that come free; none unless the scheduler is in this process. */
  fetch(freed: readonly FreedSlot[]): Fetched[];
  fetchedRefused(shard: number, refs: readonly AttemptRef[]): void;
  /** Whether it is in this process, and nothing waits. */
  readonly isIdle: boolean;
}

/** Owners, as the scheduler sees them. */
export interface GrantPort {
  /** @throws MultiswarmError retryable: the same grants may be sent again. */
  grant(shard: number, request: GrantRequest): Promise<GrantReply>;
}

/** One page of what a shard has for a scheduler that knows nothing of it: held attempts come before queued tasks. */
export interface SnapshotPage {
  held?: HeldAttempt[];
  queued?: QueuedChange[];
}

/** The scheduler, wherever it is, asked about one task. */
export interface Standings {
  standing(taskId: string): Promise<StandingReply>;
}

/** The load-balancer, asked for what the fleet has for a class of tasks. */
export interface Capacities {
  capacity(asked: Pick<PlaceItem, 'type' | 'requirements'>): Promise<Capacity>;
}

export interface WaitingReasons {
  explain(taskIds: string[]): Promise<Record<string, Waiting>>;
}
