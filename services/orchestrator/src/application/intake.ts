import {
  bodyHash,
  keyedUnique,
  LIMITS,
  MultiswarmError,
  parseSubmission,
  submissionHash,
  summarize,
  taskId,
  timeFindings,
  type JsonValue,
  type Priority,
  type RerunWorkflowRequest,
  type Step,
  type TaskSpec,
  type TaskSubmission,
  workflowId,
  type WorkflowSubmission,
} from '@multiswarm/contracts';
import { jsonBytes, randomInteger, type Clock, type Ids, type Random } from '@multiswarm/core';
import { validateWorkflow } from '@multiswarm/workflow';
import { cappedSpec } from '../domain/namespaces/settings';
import { buildRun, type BuiltRun, type StepMaker } from '../domain/workflow/build';
import { withChildren } from '../domain/workflow/children';
import { forkOf } from '../domain/workflow/fork';
import type { RunRecord } from '../domain/workflow/run';
import type { AddedSteps } from '../domain/workflow/run-command';
import type { TaskRecord } from '../domain/task/record';
import { OrderNumbers } from './order-numbers';
import { checkReference } from './payloads';
import type { RunOrigin } from './workflow-snapshots';

export interface NewTask {
  id: string;
  shard: number;
  /** It may be there already: an idempotency key makes its id, or it was sent before and the answer is not known. */
  keyed: boolean;
  /** See `OrderNumbers`. */
  order: number;
  spec: TaskSpec;
}

export interface NewRun extends BuiltRun {
  shard: number;
  keyed: boolean;
  /** The tasks of an earlier run, of the same shard, whose results it has; by step. */
  kept?: Record<string, string> | undefined;
}

/** A run to be repeated, with its tasks by id. */
export interface Earlier {
  run: RunRecord;
  tasks: ReadonlyMap<string, TaskRecord>;
  /** Steps that had succeeded at the point from which it is to go on; undefined: that is now. */
  succeededThen?: ReadonlySet<string> | undefined;
}

/** Turns what clients send into records with ids: validation, defaults, shard. Throws with every finding at once. */
export class Intake {
  private readonly orders: OrderNumbers;

  /** @param ceiling the priority that a namespace allows at most */
  constructor(
    private readonly shards: number,
    private readonly ids: Ids,
    private readonly random: Random,
    private readonly clock: Clock,
    private readonly ceiling: (namespace: string) => Priority | undefined,
  ) {
    this.orders = new OrderNumbers(clock);
  }

  /** A shard for tasks that nothing binds to one. */
  anyShard(): number {
    return randomInteger(this.random, this.shards);
  }

  /** @param shard where a task without a key goes; any, unless given */
  task(given: unknown, traceparent: string, shard?: number): NewTask {
    const submission = parseSubmission(given);
    checkInput(submission.input, '/input');
    if (submission.inputRef !== undefined) checkReference(submission, submission.namespace, '');
    // What was parsed is this task's own: it becomes the specification as it is. A copy of it takes 1.1 µs.
    const spec: TaskSubmission & Partial<TaskSpec> = submission;
    if (submission.idempotencyKey !== undefined) spec.bodyHash = submissionHash(submission);
    spec.traceparent = traceparent;
    return this.newTask(spec as TaskSpec, shard); // it has all that it needs now
  }

  /** The same work once more, as a task of its own. */
  rerun(
    of: { id: string; spec: TaskSpec },
    idempotencyKey: string | undefined,
    traceparent: string,
  ): NewTask {
    const { idempotencyKey: _first, bodyHash: _hash, workflowId: _run, step: _step, ...work } = of.spec;
    const { notBefore: _passed, ...again } = work;
    const { deadline: _old, ...timeouts } = work.timeouts;
    const spec: TaskSpec = { ...again, timeouts, rerunOf: of.id, traceparent };
    if (idempotencyKey !== undefined) {
      spec.idempotencyKey = idempotencyKey;
      spec.bodyHash = bodyHash({ rerunOf: of.id });
    }
    return this.newTask(spec);
  }

  private newTask(spec: TaskSpec, chosen?: number): NewTask {
    const { namespace, idempotencyKey } = spec;
    const { shard, unique } = this.place('task', namespace, idempotencyKey, chosen);
    return {
      id: taskId(shard, unique),
      shard,
      keyed: idempotencyKey !== undefined,
      order: this.orders.next(),
      spec: this.capped(spec),
    };
  }

  private capped(spec: TaskSpec): TaskSpec {
    return cappedSpec(spec, this.ceiling(spec.namespace));
  }

  /** @param origin where it comes from; the hash of what was given, where that is not what it has become */
  workflow(given: unknown, traceparent: string, origin: RunOrigin = {}): NewRun {
    const submission = validWorkflow(given);
    const { idempotencyKey, namespace, name, metadata, input, priority } = submission;
    const { shard, unique } = this.place('workflow', namespace, idempotencyKey);
    checkRunInput(input);
    const hashed = { ...submission, idempotencyKey: undefined };
    const facts = { namespace, name, metadata, input, priority, idempotencyKey, traceparent };
    const built = buildRun(
      withChildren(submission),
      { id: workflowId(shard, unique), bodyHash: bodyHash(hashed), ...facts, ...origin },
      this.maker(shard),
      this.clock.now(),
    );
    return { shard, keyed: idempotencyKey !== undefined, ...built };
  }

  /**
   * Steps that a run of this namespace is to get, as far as that can be said without the run.
   * @throws MultiswarmError `input-too-large`, `invalid-request`
   */
  added(given: AddedSteps, namespace: string): AddedSteps {
    const now = this.clock.now();
    checkSteps(given.tasks, namespace);
    const findings = given.tasks.flatMap((step, index) => timeFindings(step, now, ['tasks', index]));
    if (findings.length === 0) return given;
    const told = findings.slice(0, LIMITS.FINDINGS);
    throw new MultiswarmError('invalid-request', summarize(told), { findings: told });
  }

  /**
   * A run that repeats another one, in its shard, where the results are that it keeps.
   * @throws MultiswarmError `step-not-found`
   */
  fork(
    { run, tasks, succeededThen }: Earlier,
    { from, input, idempotencyKey }: Pick<RerunWorkflowRequest, 'from' | 'input' | 'idempotencyKey'>,
    traceparent: string,
  ): NewRun {
    checkRunInput(input);
    const shard = Number(/\d+/.exec(run.id)?.[0] ?? 0);
    const key = idempotencyKey === undefined ? undefined : `${run.id} ${idempotencyKey}`;
    const { unique } = this.place('workflow', run.spec.namespace, key, shard);
    const facts = { id: workflowId(shard, unique), from, input, idempotencyKey, traceparent, succeededThen };
    const hash = bodyHash({ rerunOf: run.id, from: from ?? null, input: input ?? null });
    const { kept, ...built } = forkOf(
      run,
      tasks,
      { ...facts, bodyHash: hash },
      this.maker(shard),
      this.clock.now(),
    );
    return { shard, keyed: idempotencyKey !== undefined, ...built, kept };
  }

  private maker(shard: number): StepMaker {
    return {
      taskId: () => taskId(shard, this.ids.next()),
      order: () => this.orders.next(),
      capped: (spec) => this.capped(spec),
    };
  }

  private place(
    kind: 'task' | 'workflow',
    namespace: string,
    key: string | undefined,
    shard?: number,
  ): { shard: number; unique: string } {
    if (key === undefined) return { shard: shard ?? this.anyShard(), unique: this.ids.next() };
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
  const { tasks, namespace } = validation.workflow;
  checkSteps(tasks, namespace);
  return validation.workflow;
}

function checkSteps(tasks: readonly Step[], namespace: string): void {
  tasks.forEach((step, index) => {
    checkInput(step.input, `/tasks/${index}/input`);
    checkReference(step, namespace, `/tasks/${index}`);
  });
}

function checkInput(input: JsonValue, pointer: string): void {
  if (isSmall(input)) return;
  const bytes = jsonBytes(input);
  if (bytes <= LIMITS.TASK_INPUT_BYTES) return;
  const message = `the input has ${bytes} bytes, the limit is ${LIMITS.TASK_INPUT_BYTES} (TASK_INPUT_BYTES): store it as a payload and pass its reference as inputRef`;
  throw new MultiswarmError('input-too-large', `${pointer}: ${message}`, {
    findings: [{ pointer, code: 'input-too-large', message }],
  });
}

function checkRunInput(input: JsonValue | undefined): void {
  const bytes = input === undefined || isSmall(input) ? 0 : jsonBytes(input);
  if (bytes <= LIMITS.RUN_INPUT_BYTES) return;
  const message = `the input has ${bytes} bytes, the limit is ${LIMITS.RUN_INPUT_BYTES} (RUN_INPUT_BYTES): store it as a payload and pass its id`;
  throw new MultiswarmError('input-too-large', `/input: ${message}`, {
    findings: [{ pointer: '/input', code: 'input-too-large', message }],
  });
}

const FEW = 16;
const SHORT = 1_024;

/** Whether an input is small at a glance, so that it need not be printed to be measured. */
function isSmall(input: JsonValue): boolean {
  if (typeof input === 'string') return input.length < SHORT;
  if (typeof input !== 'object' || input === null) return true;
  if (Array.isArray(input)) return false;
  let entries = 0;
  for (const key in input) {
    const value = input[key];
    entries += 1;
    if (entries > FEW || key.length >= SHORT || typeof value === 'object') return false;
    if (typeof value === 'string' && value.length >= SHORT) return false;
  }
  return true;
}
