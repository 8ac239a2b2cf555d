import type {
  JsonValue,
  Join,
  OnFailure,
  RunBudget,
  Scalar,
  TaskError,
  TaskState,
} from '@multiswarm/contracts';
import type { z } from 'zod';
import type { TaskDefaults, TaskOrType } from '../define-task';
import type { Condition } from './cel';
import type { Given, Known, Ref, Reference } from './reference';

/** A step of a workflow that is being defined. */
export interface AnyStep<Id extends string = string> {
  readonly id: Id;
  /** How it has ended: for conditions of steps that start also behind what did not succeed. */
  readonly state: Ref<TaskState>;
  readonly error: Ref<TaskError | null>;
}

/** What a later step may take from it. After a step that failed or was skipped the output is null. */
export interface DefinedStep<Out, Id extends string = string> extends AnyStep<Id> {
  readonly output: Ref<Out>;
}

/** A step that does something which can be undone. */
export interface UndoableStep<Out, Id extends string = string> extends DefinedStep<Out, Id> {
  /**
   * Runs this task when the run fails or is cancelled after the step has succeeded; all of them one after the other, the last
   * first. Without an input it gets the output of the step as `output`.
   */
  compensate<In extends z.ZodType>(
    task: TaskOrType<In, z.ZodType>,
    input?: Given<z.input<In>> | ((output: Ref<Out>) => Given<z.input<In>>),
    options?: CompensationOptions,
  ): this;
}

export type CompensationOptions = Pick<TaskDefaults, 'requires' | 'retry' | 'timeouts' | 'priority'>;

/** When a step starts, beside the steps that its references name. */
export interface StepOptions {
  /** Steps that come before it although it takes nothing from them. */
  after?: AnyStep | readonly AnyStep[];
  /** Where it is false the step is skipped, and so are those behind it. A text is CEL; references make dependencies in `cel` only. */
  when?: Condition | string;
  /** By how the steps before it end; `all` unless given. */
  join?: Join;
  metadata?: Readonly<Record<string, Scalar>>;
}

export interface TaskStepOptions extends StepOptions, TaskDefaults {
  /** The run goes on as if the step had succeeded, with null as its output. */
  continueOnFailure?: boolean;
  /** A signal that the step waits for before its first attempt. */
  waitFor?: string | { signal: string; timeoutMs?: number };
}

export interface MapOptions extends Omit<TaskStepOptions, 'waitFor'> {
  /** Items that are under way at once; all, unless given. */
  concurrency?: number;
  /** So many items may fail; none, unless given. */
  toleratedFailures?: number;
  /** Whether the output lists those of the items; true unless given. With `false` it counts them. */
  collect?: boolean;
}

export interface ApprovalOptions extends StepOptions {
  /** What is asked. */
  prompt?: string;
  /** Who may answer; anybody, unless given. */
  approvers?: readonly string[];
  /** Longest wait; then the step is expired. */
  timeoutMs?: number;
  continueOnFailure?: boolean;
}

export interface SignalOptions<Payload extends z.ZodType> extends StepOptions {
  /** The name of the signal; the id of the step unless given. */
  signal?: string;
  /** What comes with it, which is the output of the step. */
  payload?: Payload;
  timeoutMs?: number;
  continueOnFailure?: boolean;
}

/** For how long, or until when: an instant (ISO 8601 in UTC). */
export type SleepTime = { readonly ms: number } | { readonly until: string | Date | Reference<string> };

export interface SubWorkflowOptions extends StepOptions, Pick<TaskDefaults, 'estimateMs'> {
  continueOnFailure?: boolean;
}

/** What a definition that is stored under a name takes and brings. */
export interface NamedWorkflow<In extends z.ZodType, Out extends z.ZodType> {
  readonly definition: string;
  /** The newest, unless given. */
  readonly version?: number;
  readonly input?: In;
  readonly output?: Out;
}

/** The answer to an approval. One that was refused fails its step. */
export interface ApprovalOutput {
  approved: boolean;
  by: string | null;
  note: string | null;
  at: string;
}

/** The output of a map that does not collect. */
export interface MapCounts {
  total: number;
  succeeded: number;
  failed: number;
}

/** With `continueOnFailure` the output may be null. */
export type OutputOf<Out, Options> = Options extends { continueOnFailure: true }
  ? Known<Out> | null
  : Known<Out>;

/** The outputs of the items in their order, null for those that may fail; or how many there were. */
export type MapOutput<Out, Options> = OutputOf<
  Options extends { collect: false }
    ? MapCounts
    : (Options extends { toleratedFailures: number } ? Known<Out> | null : Known<Out>)[],
  Options
>;

/** What all runs of a workflow have in common, unless whoever starts one says otherwise. */
export interface WorkflowOptions<In extends z.ZodType> {
  name?: string;
  /** What a run is started with: `input` of the definition refers to it. */
  input?: In;
  timeoutMs?: number;
  /** Steps that may be queued or running at once. */
  concurrency?: number;
  budget?: RunBudget;
  /** What happens to the other branches when a step has failed: `finish` unless given. */
  onFailure?: z.output<typeof OnFailure>;
}

export interface RunOptions {
  namespace?: string;
  priority?: TaskDefaults['priority'];
  metadata?: Readonly<Record<string, Scalar>>;
  idempotencyKey?: string;
  timeoutMs?: number;
  /** ISO 8601: when the run must have ended. */
  deadline?: string;
  concurrency?: number;
  budget?: RunBudget;
}

/** Plain JSON. */
export type WorkflowJson = Readonly<Record<string, JsonValue>>;
