import type {
  Compensation,
  DefinitionRef,
  InputPaths,
  Join,
  JsonValue,
  MapOver,
  Priority,
  RunBudget,
  Scalar,
  Signal,
  Sleep,
  StepControl,
  StepRole,
  TaskError,
  TaskSpec,
  WorkflowBody,
  WorkflowState,
} from '@multiswarm/contracts';
import type { Wish } from '../task/record';

/** A step as its run plans it. What a swarm needs to know of it is in the specification of its task. */
export interface RunStep {
  id: string;
  taskId: string;
  type: string;
  dependsOn: string[];
  /** No swarm runs it. */
  control?: StepControl;
  join?: Join;
  /** CEL. */
  when?: string;
  inputs?: InputPaths;
  map?: MapOver;
  sleep?: Sleep;
  /** What it, or each of its items, starts a run of. */
  workflow?: ChildBody;
  approvers?: string[];
  continueOnFailure?: true;
  compensate?: Compensation;
  /** The step that has made it, and as what. */
  of?: string;
  role?: StepRole;
  /** Of an item, from 0. */
  index?: number;
  /** The task of an earlier run of which it has the result. */
  keptFrom?: string;
  /** Tells a repeated request for the same step from one for another under the same id. */
  hash?: string;
  estimateMs?: number;
  /** The longest remaining path, ms: only where the run has a limit of its own on what is under way. */
  rank?: number;
}

/** What a sub-workflow runs, as it was when its run was submitted. */
export type ChildBody = WorkflowBody & { definition?: DefinitionRef };

/** What does not change once a workflow is accepted, but that steps are added: the definition is snapshotted into the run. */
export interface RunSpec {
  name?: string;
  namespace: string;
  steps: RunStep[];
  metadata: Record<string, Scalar>;
  traceparent: string;
  idempotencyKey?: string;
  bodyHash: string;
  input?: JsonValue;
  /** Of steps that are added and name none. */
  priority?: Priority;
  definition?: DefinitionRef;
  /** Epoch ms. */
  deadlineAt?: number;
  /** Steps under way at once. */
  concurrency?: number;
  budget?: RunBudget;
  onFailure?: 'finish' | 'stop';
  /** Of a sub-workflow. */
  parent?: { workflowId: string; step: string; taskId: string };
  forkOf?: { workflowId: string; from: string };
  schedule?: string;
}

/** One run of a workflow. The states of its steps live in their tasks and nowhere else. */
export interface RunRecord {
  id: string;
  spec: RunSpec;
  state: WorkflowState;
  createdAt: number;
  endedAt?: number | undefined;
  cancel?: Wish;
  paused?: Wish;
  error?: TaskError | undefined;
  /** What had succeeded is being undone. */
  compensating?: true;
  /** How long the lists are over which steps are mapped, by step. */
  maps?: Record<string, number>;
  /** That no step has waited for yet; oldest first. */
  signals?: Signal[];
  /** Those that steps had as they came, to know their repetitions by; oldest first. */
  heard?: Pick<Signal, 'name' | 'at'>[];
}

/** Kept beside the run so that lists need not read its steps. Cost is USD. */
export interface RunProgress {
  counts: Record<string, number>;
  cost: number;
  /** Events of the run and its steps so far; the next one's number is one more. */
  events: number;
}

/** A step on its way into a run. */
export interface NewStep {
  id: string;
  order: number;
  spec: TaskSpec;
}
