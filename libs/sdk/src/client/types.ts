import type { Bus } from '@multiswarm/bus';
import type {
  CountTasksQuery,
  DeadLetterDetail,
  DeadLetterPage,
  DeadLetterReply,
  Definition,
  DefinitionPage,
  DefinitionRun,
  DefinitionSummary,
  DeletedDefinition,
  Event,
  EventGap,
  Explanation,
  Join,
  JsonValue,
  ListDeadLettersQuery,
  ListTasksQuery,
  ListWorkflowsQuery,
  MultiswarmError,
  NamespacePage,
  NamespaceSettings,
  NamespaceView,
  PayloadCheck,
  PayloadRef,
  PurgeDeadLetters,
  RedriveDeadLetters,
  RegionPage,
  Scalar,
  ShardCheckReport,
  ShardPage,
  StreamItem,
  Swarm,
  SwarmPage,
  SystemStatus,
  Task,
  TaskCounts,
  TaskPage,
  TaskSummary,
  ValidationReply,
  WaitFor,
  Workflow,
  WorkflowPage,
} from '@multiswarm/contracts';
import type { Clock, Ids, Random } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import type { z } from 'zod';
import type { DeadMessagesClient } from './dead-messages';
import type { EndpointsClient, RoutingClient } from './routing';
import type { SchedulesClient } from './schedules';
import type { AnyJson, RequirementsInput, TaskDefaults, TaskDefinition, TaskOrType } from '../define-task';
import type { RunResult, Submission } from '../workflow/defined-workflow';

/** Over NATS (`servers`, or a `bus` that is open already) or over HTTP (`url`, the orchestrator's address). */
export type ConnectOptions = (
  { servers: string } | { bus: Bus } | { url: string; loadBalancerUrl?: string; communicatorUrl?: string }
) & {
  /** How long a request that fails in a retryable way is tried again; default 30,000 ms. */
  retryForMs?: number;
  /** How long one try waits for its answer; default 10,000 ms. */
  requestTimeoutMs?: number;
  /** For what nobody waits for, such as the cancel of an aborted submission. Default: warnings to stderr. */
  logger?: Logger;
  /**
   * Who asks, wherever that is kept: with a pause, a cancel, a retry, and what is done to dead letters and shards. A call can name
   * somebody else. It is a name and no proof. Without one the way on which the request came is kept.
   */
  requestedBy?: string;
  clock?: Clock;
  random?: Random;
  ids?: Ids;
};

export interface AskedBy {
  /** Who asks; default: that of `connect`. */
  requestedBy?: string;
}

export interface SubmitOptions extends TaskDefaults {
  /** The same as `requires`, which it replaces where both are given. */
  requirements?: RequirementsInput;
  namespace?: string;
  metadata?: Readonly<Record<string, Scalar>>;
  /** A repeated submission with the same key is the same task. A fresh one is made up when there is none. */
  idempotencyKey?: string;
  /** ISO 8601: the task does not begin before. */
  notBefore?: string;
  /** The task does not begin before it was sent this signal. */
  waitFor?: WaitFor;
  /** Cancels the task when it is aborted. */
  signal?: AbortSignal;
}

export interface WaitOptions {
  /** Stops the waiting, not the task. */
  signal?: AbortSignal;
  /** Throws `timeout` after this time; default: waits as long as it takes. */
  timeoutMs?: number;
}

export interface FollowOptions {
  signal?: AbortSignal;
}

/** What a command is answered with: the state of a moment. After a cancel the end comes later, when the agent has stopped. */
export interface ControlReceipt {
  id: string;
  state: string;
}

export interface TaskHandle<Output = JsonValue> {
  readonly id: string;
  /** The idempotency key met an earlier submission: this is that task. */
  readonly duplicate: boolean;
  /**
   * The output, checked by the definition's schema. Throws `TaskFailedError` when the task ends in any other way;
   * `TaskCancelledError` and `TaskExpiredError` are two kinds of it.
   */
  result(options?: WaitOptions): Promise<Output>;
  get(): Promise<Task>;
  /** Why it is where it is, what was tried, and what comes next. */
  explain(): Promise<Explanation>;
  cancel(reason?: string, by?: AskedBy): Promise<ControlReceipt>;
  /** No new attempt begins until it is resumed; one that runs goes on. */
  pause(reason?: string, by?: AskedBy): Promise<ControlReceipt>;
  resume(by?: AskedBy): Promise<ControlReceipt>;
  /**
   * Tells the task something: it ends a wait for a signal of this name, and the agent can read it. It may arrive twice,
   * where the answer to the first got lost.
   */
  signal(name: string, payload?: JsonValue): Promise<ControlReceipt>;
  /** Another try: at once where the next one would come later, from the beginning where the task has failed, expired or was cancelled. */
  retry(by?: AskedBy): Promise<ControlReceipt>;
  /** A new task that is a copy of this one. A fresh idempotency key is made up when there is none. */
  rerun(options?: RerunOptions): Promise<TaskHandle<Output>>;
  /** All that happened to the task and all that will, in order and without gaps, until its end. */
  events(options?: FollowOptions): AsyncIterable<Event>;
  /**
   * What its attempts say (`ctx.log`, `ctx.output`, `ctx.progress`), also what they said before, until the task has ended. What is
   * lost is a `gap`; what was said by an attempt that was not current any more is `stale`. Goes on by itself after interruptions.
   */
  stream(options?: StreamOptions): AsyncIterable<StreamItem>;
  /** For `JSON.stringify` and logs. */
  toJSON(): { id: string };
}

export interface StreamOptions extends FollowOptions {
  /** One attempt; default: all, one after the other. */
  attempt?: number;
  /** What follows this position, as `next` of a page named it. */
  after?: string;
}

export interface RerunOptions {
  idempotencyKey?: string;
}

/** Steps for a run that runs already. */
export interface AddedSteps {
  tasks: readonly StepInput[];
  /** On each other, and on steps of the run. */
  dependencies?: Readonly<Record<string, readonly string[]>>;
}

export interface ApprovalAnswer extends AskedBy {
  note?: string;
}

export interface WorkflowRerunOptions extends RerunOptions, AskedBy {
  /**
   * What runs again; everything, unless given. `steps`: these and all behind them. `failed`: what has not succeeded. `event`: what
   * had not succeeded when the event with this `seq` came.
   */
  from?: { steps: readonly string[] } | { failed: true } | { event: number };
  /** Instead of the input of this run. */
  input?: unknown;
}

export interface WorkflowHandle<Output = Record<string, JsonValue>> {
  readonly id: string;
  readonly duplicate: boolean;
  /** The outputs of the steps that nothing depends on, by step. Throws `WorkflowFailedError`. */
  result(options?: WaitOptions): Promise<Output>;
  get(): Promise<Workflow>;
  cancel(reason?: string, by?: AskedBy): Promise<ControlReceipt>;
  /** No further step starts until it is resumed; what runs goes on. Also of the workflows inside of it. */
  pause(reason?: string, by?: AskedBy): Promise<ControlReceipt>;
  resume(by?: AskedBy): Promise<ControlReceipt>;
  /**
   * To every step that waits for the name, or to the one that is named; where there is none, the run keeps it for one that comes. It
   * may arrive twice, where the answer to the first got lost.
   */
  signal(name: string, payload?: JsonValue, options?: { step?: string } & AskedBy): Promise<ControlReceipt>;
  /** Throws `approval-not-allowed` where the step names approvers and who asks is none of them. */
  approve(step: string, answer?: ApprovalAnswer): Promise<ControlReceipt>;
  /** The step fails with `rejected`. */
  reject(step: string, answer?: ApprovalAnswer): Promise<ControlReceipt>;
  /** Steps that the run gets while it runs. Those that it has already are left as they are. Throws `invalid-workflow`, with every finding. */
  addSteps(steps: AddedSteps | WorkflowDocument, by?: AskedBy): Promise<ControlReceipt>;
  /** A new run of the same workflow, which may keep results of this one; this one is not changed. */
  rerun(options?: WorkflowRerunOptions): Promise<WorkflowHandle<Output>>;
  /** All events of the run and of its steps, in order and without gaps, until its end. */
  events(options?: FollowOptions): AsyncIterable<Event>;
  /** For `JSON.stringify` and logs. */
  toJSON(): { id: string };
}

export interface BatchItem extends Omit<SubmitOptions, 'signal'> {
  task: TaskOrType<z.ZodType, z.ZodType>;
  input?: unknown;
}

export type BatchItemOutcome =
  | { readonly index: number; readonly handle: TaskHandle; readonly error?: undefined }
  | { readonly index: number; readonly error: MultiswarmError; readonly handle?: undefined };

export interface BatchOutcome {
  accepted: number;
  rejected: number;
  /** One for each item, in the order given. */
  items: BatchItemOutcome[];
}

/** One step; `task` is a definition or a type. What else steps may have is in `defineWorkflow`, and in plain JSON. */
export interface StepInput extends TaskDefaults {
  id: string;
  task: TaskOrType<z.ZodType, z.ZodType>;
  input?: unknown;
  /** JSON paths, of all of the input or of fields of it. Without them outputs of the steps before come under `upstream`. */
  inputs?: string | Readonly<Record<string, string>>;
  /** CEL: where it is false the step is skipped. */
  when?: string;
  join?: Join;
  continueOnFailure?: boolean;
  requirements?: RequirementsInput;
  metadata?: Readonly<Record<string, Scalar>>;
}

export interface WorkflowInput extends Pick<TaskDefaults, 'priority'> {
  name?: string;
  namespace?: string;
  tasks: readonly StepInput[];
  /** For each step the steps that it waits for. Their outputs come to it under `upstream` of its input. */
  dependencies?: Readonly<Record<string, readonly string[]>>;
  metadata?: Readonly<Record<string, Scalar>>;
  idempotencyKey?: string;
}

/** A workflow as people write it in a file; it is sent as it is. */
export type WorkflowDocument = Readonly<Record<string, unknown>>;

export interface WorkflowSubmitOptions {
  /** Replaces the key of the workflow itself. */
  idempotencyKey?: string;
  /** Cancels the run when it is aborted. */
  signal?: AbortSignal;
}

/** Which events: what each field says must be so; of a list any one. */
export interface EventsOptions {
  /** Only events of this task or workflow. */
  root?: string;
  /** Types of events, or prefixes such as `task.*`. */
  type?: string | string[];
  /** States that a task or workflow comes into: `failed`. */
  state?: string | string[];
  namespace?: string | string[];
  swarm?: string | string[];
  region?: string | string[];
  shard?: number;
  /** Over HTTP: begins with what happened at this instant, as far as the stream still has it. */
  from?: Date | string;
  /** Over HTTP: goes on after this event. */
  lastEventId?: string;
  signal?: AbortSignal;
  /** Some events were lost on the way and will not come; over HTTP the server says which. */
  onGap?: (reason: string, gap?: EventGap) => void;
}

/** `id` (over HTTP only) is what `lastEventId` takes. */
export type LiveEvent = Event & { id?: string };

/** Partial queries: the server fills in limits. */
export type TaskFilter = Partial<ListTasksQuery>;
/** The same conditions, and what to count by: `state` unless told. */
export type TaskCountQuery = Partial<CountTasksQuery>;
export type WorkflowFilter = Partial<ListWorkflowsQuery>;

export type DeadLetterFilter = Partial<ListDeadLettersQuery>;
/** Which ones (`ids`, `filter` or `all`), who asks and why. */
export type RedriveRequest = z.input<typeof RedriveDeadLetters>;
export type PurgeRequest = z.input<typeof PurgeDeadLetters>;

/** Tasks that failed for good or expired, until they are redriven or purged or their retention has passed. */
export interface DeadLettersClient {
  /** Newest first; the first page says how many there are, by error code and by type. */
  list(filter?: DeadLetterFilter): Promise<DeadLetterPage>;
  /** Throws `dead-letter-not-found` where the task is none. */
  get(id: string): Promise<DeadLetterDetail>;
  /**
   * Opens tasks again, as `retry` does. Each is answered by itself. A repetition with the same `idempotencyKey` redrives no
   * task a second time; a fresh one is made up when there is none.
   */
  redrive(request: RedriveRequest): Promise<DeadLetterReply>;
  /** Takes tasks off the list; their records and histories stay until their retention has passed. */
  purge(request: PurgeRequest): Promise<DeadLetterReply>;
}

export interface CheckOptions {
  /** Mend what can be mended, not only tell. */
  repair?: boolean;
  /** Both are kept in the log of the orchestrator. */
  requestedBy?: string;
  reason?: string;
  /** Called about every second with what is known by then. */
  onProgress?: (report: ShardCheckReport) => void;
}

/** Shards as a whole. */
export interface ShardsClient {
  list(): Promise<ShardPage>;
  /**
   * Recounts everything of a shard against its task records, while it is served. Resolves with the report when all was looked
   * at; begins anew where the shard changes hands meanwhile, a few times at most: then the report says `ended-early`.
   */
  check(shard: number, options?: CheckOptions): Promise<ShardCheckReport>;
  /**
   * The lines of a copy of a shard as it is after one commit, made while it is served. Throws `copy-not-found` where the shard
   * changes hands meanwhile: begin again. `swarmctl shard export` writes them into a file, and `shard import` reads it.
   */
  export(shard: number): AsyncIterable<JsonValue>;
  /** After Redis was set back: what runs is made again, under numbers that nobody can have used since. */
  recover(shard: number, options?: { requestedBy?: string; reason?: string }): Promise<void>;
}

/**
 * JSON values that go by reference. Inputs and outputs over 256 KiB do so by themselves; `put` is for a value that several tasks
 * share: the same value of one namespace is stored once, and stays as long as a task refers to it.
 */
export interface PayloadsClient {
  /** Throws `payload-too-large`, `payload-store-full`. */
  put(value: unknown, options?: { namespace?: string; signal?: AbortSignal }): Promise<PayloadRef>;
  /** Throws `payload-not-found`, `payload-corrupt`. */
  get(ref: PayloadRef, options?: { signal?: AbortSignal }): Promise<JsonValue>;
  /** Holds what is stored against what tasks refer to; `repair` removes what nothing refers to. */
  check(asked?: { repair?: boolean; limit?: number }): Promise<PayloadCheck>;
}

/** The steps of a definition, and what holds for all of its runs. */
export interface DefinitionInput extends Omit<
  WorkflowInput,
  'name' | 'priority' | 'metadata' | 'idempotencyKey'
> {
  description?: string;
  timeoutMs?: number;
  deadline?: string;
  concurrency?: number;
  budget?: { usd?: number; tokens?: number };
  onFailure?: 'finish' | 'stop';
  /** JSON Schema (2020-12) of the input of a run. */
  inputSchema?: Readonly<Record<string, unknown>>;
}

/** How to run a definition: the version, the input, and what is to be other than it says. */
export type DefinitionRunInput = Omit<z.input<typeof DefinitionRun>, 'definition' | 'input'> & {
  input?: unknown;
};

/** Named workflows, in versions that never change. */
export interface DefinitionsClient {
  /** A new version; the newest one where it is the same. Throws `invalid-workflow` with all findings. */
  put(name: string, definition: DefinitionInput | WorkflowDocument, by?: AskedBy): Promise<DefinitionSummary>;
  /** Throws `definition-not-found`. */
  get(name: string, options?: { namespace?: string; version?: number }): Promise<Definition>;
  /** The newest version of each, by namespace and name. */
  list(page?: { namespace?: string; limit?: number; cursor?: string }): Promise<DefinitionPage>;
  /** All versions, the newest first. */
  versions(
    name: string,
    page?: { namespace?: string; limit?: number; cursor?: number },
  ): Promise<DefinitionPage>;
  /** All its versions; what runs keeps what it runs. */
  delete(name: string, options?: { namespace?: string } & AskedBy): Promise<DeletedDefinition>;
}

/** As people write them; what is left out has its default. */
export type NamespaceInput = z.input<typeof NamespaceSettings>;

/** What platform engineers set for each namespace. */
export interface NamespacesClient {
  /** The defaults, with revision 0, where nobody has set any. */
  get(namespace: string): Promise<NamespaceView>;
  /** Those that somebody has set, by name. */
  list(page?: { limit?: number; cursor?: string }): Promise<NamespacePage>;
  /**
   * Replaces all settings of a namespace. With `ifRevision` it throws `revision-conflict` where they were changed since
   * that revision was read.
   */
  put(namespace: string, settings: NamespaceInput, options?: { ifRevision?: number }): Promise<NamespaceView>;
}

/**
 * What operators want of a swarm; it is kept over restarts of the swarm, until `uncordon`. Answered with the swarm as it is
 * seen: its state follows a little later.
 */
export interface FleetClient {
  /** Nothing new for this swarm; what runs goes on. */
  cordon(swarmId: string, reason?: string): Promise<Swarm>;
  /** The same, and the swarm says that it is running empty. */
  drain(swarmId: string, reason?: string): Promise<Swarm>;
  /** Ends a cordon and a drain. */
  uncordon(swarmId: string, reason?: string): Promise<Swarm>;
}

/** A connection to Multiswarm. Made by `connect`. */
export interface Client {
  submit<In extends z.ZodType = AnyJson, Out extends z.ZodType = AnyJson>(
    task: TaskDefinition<In, Out>,
    input: z.input<In>,
    options?: SubmitOptions,
  ): Promise<TaskHandle<z.output<Out>>>;
  submit(type: string, input?: unknown, options?: SubmitOptions): Promise<TaskHandle>;
  /** Many at once, cut into requests of a size that travels. Throws only when not a single item could be sent. */
  submitBatch(items: readonly BatchItem[], options?: FollowOptions): Promise<BatchOutcome>;
  /** Of a workflow that `defineWorkflow` has made the result is typed. */
  submitWorkflow<Out>(
    workflow: Submission<Out>,
    options?: WorkflowSubmitOptions,
  ): Promise<WorkflowHandle<RunResult<Out>>>;
  submitWorkflow(
    workflow: WorkflowInput | WorkflowDocument,
    options?: WorkflowSubmitOptions,
  ): Promise<WorkflowHandle>;
  /** Runs a definition, in its newest version unless told. */
  runDefinition(
    name: string,
    run?: DefinitionRunInput,
    options?: WorkflowSubmitOptions,
  ): Promise<WorkflowHandle>;
  /** All findings at once, and what the present fleet could not run; stores nothing. */
  validateWorkflow(workflow: WorkflowInput | WorkflowDocument): Promise<ValidationReply>;
  /** A handle of a task that exists; no request is made. */
  task<Out extends z.ZodType = AnyJson>(
    id: string,
    definition?: TaskDefinition<z.ZodType, Out>,
  ): TaskHandle<z.output<Out>>;
  workflow(id: string): WorkflowHandle;
  getTask(id: string): Promise<Task>;
  /** Why a task is where it is, what was tried, and what comes next. */
  explain(id: string): Promise<Explanation>;
  /**
   * One page of what matches, newest first. A condition may have several values: any of them will do, but of `label` and `text`,
   * of which all must be found.
   */
  listTasks(filter?: TaskFilter): Promise<TaskPage>;
  /** All that match, page by page. What is submitted meanwhile is not among them, and nothing comes twice. */
  searchTasks(filter?: TaskFilter): AsyncIterable<TaskSummary>;
  /** How many match, by state, type, namespace, swarm, region, error code or a key of the metadata (`label:KEY`). */
  countTasks(query?: TaskCountQuery): Promise<TaskCounts>;
  getWorkflow(id: string): Promise<Workflow>;
  listWorkflows(filter?: WorkflowFilter): Promise<WorkflowPage>;
  status(): Promise<SystemStatus>;
  swarms(): Promise<SwarmPage>;
  regions(): Promise<RegionPage>;
  readonly namespaces: NamespacesClient;
  readonly definitions: DefinitionsClient;
  readonly schedules: SchedulesClient;
  readonly fleet: FleetClient;
  readonly deadLetters: DeadLettersClient;
  readonly deadMessages: DeadMessagesClient;
  readonly shards: ShardsClient;
  readonly payloads: PayloadsClient;
  /** Requests of one's own to swarms and external endpoints. Over HTTP it needs `loadBalancerUrl`. */
  readonly routing: RoutingClient;
  readonly endpoints: EndpointsClient;
  /** What happens from now on. Over HTTP it resumes by itself after interruptions; over NATS it is live only. */
  events(options?: EventsOptions): AsyncIterable<LiveEvent>;
  close(): Promise<void>;
}
