import type { Scalar, TaskError, WorkflowState } from '@multiswarm/contracts';
import type { Wish } from '../task/record';

export interface RunStep {
  id: string;
  taskId: string;
  type: string;
  dependsOn: string[];
}

/** What does not change once a workflow is accepted: the definition is snapshotted into the run. */
export interface RunSpec {
  name?: string;
  namespace: string;
  steps: RunStep[];
  metadata: Record<string, Scalar>;
  traceparent: string;
  idempotencyKey?: string;
  bodyHash: string;
}

/** One run of a workflow. The states of its steps live in their tasks and nowhere else. */
export interface RunRecord {
  id: string;
  spec: RunSpec;
  state: WorkflowState;
  createdAt: number;
  endedAt?: number;
  cancel?: Wish;
  error?: TaskError;
}

/** Kept beside the run so that lists need not read its steps. Cost is USD. */
export interface RunProgress {
  counts: Record<string, number>;
  cost: number;
  /** Events of the run and its steps so far; the next one's number is one more. */
  events: number;
}
