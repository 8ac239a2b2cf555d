import {
  ErrorCodeSchema,
  MultiswarmError,
  type ErrorCode,
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

/** A task ended in another state than `succeeded`. `error` says why; where it failed, it is what its last attempt reported. */
export class TaskFailedError extends MultiswarmError {
  readonly taskId: string;
  readonly state: TaskState;
  readonly error: TaskError | undefined;
  readonly attempts: Task['attempts'];

  constructor(task: Task) {
    super(codeOf(task), failure(`task ${task.id}`, task));
    this.name = new.target.name;
    this.taskId = task.id;
    this.state = task.state;
    this.error = task.error;
    this.attempts = task.attempts;
  }
}

/** Somebody cancelled the task. Its code is `cancelled`. */
export class TaskCancelledError extends TaskFailedError {}

/**
 * The task's time was over. Its code says which: `deadline-exceeded`, `schedule-to-start-timeout` or `signal-timeout`.
 */
export class TaskExpiredError extends TaskFailedError {}

/** The error for a task that has ended in another state than `succeeded`. */
export function toTaskError(task: Task): TaskFailedError {
  if (task.state === 'cancelled') return new TaskCancelledError(task);
  return task.state === 'expired' ? new TaskExpiredError(task) : new TaskFailedError(task);
}

function codeOf({ state, error }: Task): ErrorCode {
  if (state === 'cancelled') return 'cancelled';
  const code = state === 'expired' ? ErrorCodeSchema.safeParse(error?.code) : undefined;
  return code?.data ?? 'task-failed';
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
