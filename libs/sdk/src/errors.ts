import {
  MultiswarmError,
  type Task,
  type TaskError,
  type TaskState,
  type Workflow,
  type WorkflowState,
} from '@multiswarm/contracts';

/** What a handler throws to say how its attempt failed. Any other error becomes `attempt-failed`, retryable. */
abstract class AttemptError extends Error {
  abstract readonly retryable: boolean;

  /** @param code a word of your own, for `nonRetryableCodes` and for whoever reads the task */
  constructor(
    readonly code: string,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The attempt failed, and another one may succeed. */
export class RetryableError extends AttemptError {
  readonly retryable = true;
}

/** The attempt failed, and every other one would too: the task fails at once. */
export class NonRetryableError extends AttemptError {
  readonly retryable = false;
}

/** A task ended in another state than `succeeded`. `error` is what its last attempt reported. */
export class TaskFailedError extends MultiswarmError {
  readonly taskId: string;
  readonly state: TaskState;
  readonly error: TaskError | undefined;
  readonly attempts: Task['attempts'];

  constructor(task: Task) {
    super(task.state === 'cancelled' ? 'cancelled' : 'task-failed', failure(`task ${task.id}`, task));
    this.name = 'TaskFailedError';
    this.taskId = task.id;
    this.state = task.state;
    this.error = task.error;
    this.attempts = task.attempts;
  }
}

/** A workflow ended in another state than `succeeded`. `steps` says how far each of its steps came. */
export class WorkflowFailedError extends MultiswarmError {
  readonly workflowId: string;
  readonly state: WorkflowState;
  readonly error: TaskError | undefined;
  readonly steps: Workflow['steps'];

  constructor(workflow: Workflow) {
    super(
      workflow.state === 'cancelled' ? 'cancelled' : 'task-failed',
      failure(`workflow ${workflow.id}`, workflow),
    );
    this.name = 'WorkflowFailedError';
    this.workflowId = workflow.id;
    this.state = workflow.state;
    this.error = workflow.error;
    this.steps = workflow.steps;
  }
}

function failure(what: string, { state, error }: { state: string; error?: TaskError | undefined }): string {
  return error ? `${what} ended as ${state}: ${error.message} (${error.code})` : `${what} ended as ${state}`;
}
