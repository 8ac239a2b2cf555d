import {
  bodyHash,
  keyedUnique,
  LIMITS,
  MultiswarmError,
  parseOrThrow,
  summarize,
  taskId,
  type TaskSpec,
  TaskSubmission,
  validateWorkflow,
  workflowId,
  type WorkflowSubmission,
} from '@multiswarm/contracts';
import { randomInteger, type Clock, type Ids, type Random } from '@multiswarm/core';
import type { RunRecord } from '../domain/workflow/run';

export interface NewTask {
  id: string;
  shard: number;
  /** It may be there already: an idempotency key makes its id, or it was sent before and the answer is not known. */
  keyed: boolean;
  spec: TaskSpec;
}

export interface NewRun {
  shard: number;
  keyed: boolean;
  record: RunRecord;
  steps: { id: string; spec: TaskSpec }[];
}

/** Turns what clients send into records with ids: validation, defaults, shard. Throws with every finding at once. */
export class Intake {
  constructor(
    private readonly shards: number,
    private readonly ids: Ids,
    private readonly random: Random,
    private readonly clock: Clock,
  ) {}

  task(given: unknown, traceparent: string): NewTask {
    const submission = parseOrThrow(TaskSubmission, given);
    checkInput(submission.input, '/input');
    const { idempotencyKey, ...body } = submission;
    const { shard, unique } = this.place('task', submission.namespace, idempotencyKey);
    const spec: TaskSpec = {
      ...body,
      traceparent,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey, bodyHash: bodyHash(body) }),
    };
    return { id: taskId(shard, unique), shard, keyed: idempotencyKey !== undefined, spec };
  }

  workflow(given: unknown, traceparent: string): NewRun {
    const submission = validWorkflow(given);
    const { idempotencyKey, ...body } = submission;
    const { shard, unique } = this.place('workflow', submission.namespace, idempotencyKey);
    const id = workflowId(shard, unique);
    const steps = submission.tasks.map((step) => ({ step, taskId: taskId(shard, this.ids.next()) }));
    const record: RunRecord = {
      id,
      state: 'running',
      createdAt: this.clock.now(),
      spec: {
        ...(submission.name === undefined ? {} : { name: submission.name }),
        namespace: submission.namespace,
        steps: steps.map(({ step, taskId: own }) => ({
          id: step.id,
          taskId: own,
          type: step.type,
          dependsOn: dependenciesOf(submission, step.id),
        })),
        metadata: submission.metadata,
        traceparent,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
        bodyHash: bodyHash(body),
      },
    };
    return {
      shard,
      keyed: idempotencyKey !== undefined,
      record,
      steps: steps.map(({ step, taskId: own }) => ({
        id: own,
        spec: stepSpec(submission, step, id, traceparent),
      })),
    };
  }

  private place(
    kind: 'task' | 'workflow',
    namespace: string,
    key: string | undefined,
  ): { shard: number; unique: string } {
    if (key === undefined) return { shard: randomInteger(this.random, this.shards), unique: this.ids.next() };
    const { unique, hash } = keyedUnique(kind, namespace, key);
    return { shard: hash % this.shards, unique };
  }
}

/** @throws MultiswarmError `invalid-workflow` with every finding */
export function validWorkflow(given: unknown): WorkflowSubmission {
  const validation = validateWorkflow(given);
  if (!validation.ok)
    throw new MultiswarmError('invalid-workflow', summarize(validation.findings), {
      findings: validation.findings,
    });
  validation.workflow.tasks.forEach((step, index) => checkInput(step.input, `/tasks/${index}/input`));
  return validation.workflow;
}

/** A step may be called `constructor` or `toString`: what the prototype has under that name is no list of dependencies. */
function dependenciesOf({ dependencies }: WorkflowSubmission, step: string): string[] {
  return Object.hasOwn(dependencies, step) ? (dependencies[step] ?? []) : [];
}

function stepSpec(
  workflow: WorkflowSubmission,
  step: WorkflowSubmission['tasks'][number],
  workflowId: string,
  traceparent: string,
): TaskSpec {
  const { id, ...work } = step;
  const priority =
    work.priority === 'normal' && workflow.priority !== undefined ? workflow.priority : work.priority;
  return { ...work, priority, namespace: workflow.namespace, workflowId, step: id, traceparent };
}

function checkInput(input: unknown, pointer: string): void {
  const bytes = Buffer.byteLength(JSON.stringify(input));
  if (bytes <= LIMITS.TASK_INPUT_BYTES) return;
  const message = `the input has ${bytes} bytes, the limit is ${LIMITS.TASK_INPUT_BYTES} (TASK_INPUT_BYTES): pass a reference instead`;
  throw new MultiswarmError('input-too-large', `${pointer}: ${message}`, {
    findings: [{ pointer, code: 'input-too-large', message }],
  });
}
