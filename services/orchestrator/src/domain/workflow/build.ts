import {
  bodyHash,
  isMereWait,
  workflowId,
  type Compensation,
  type DefinitionRef,
  type JsonValue,
  type Priority,
  type Scalar,
  type Step,
  type StepControl,
  type TaskSpec,
  type WorkflowBody,
} from '@multiswarm/contracts';
import { bottomLevels } from '@multiswarm/workflow';
import type { ChildBody, NewStep, RunRecord, RunSpec, RunStep } from './run';

/** The signal that ends an approval. */
export const APPROVAL_SIGNAL = 'approval';

/** What one run has that its definition does not say. */
export interface RunFacts {
  id: string;
  namespace: string;
  name?: string | undefined;
  metadata: Record<string, Scalar>;
  traceparent: string;
  idempotencyKey?: string | undefined;
  bodyHash: string;
  input?: JsonValue | undefined;
  priority?: Priority | undefined;
  definition?: DefinitionRef | undefined;
  schedule?: string | undefined;
  parent?: RunSpec['parent'];
  /** Of the workflow that it is part of. */
  deadlineAt?: number | undefined;
}

/** Ids and orders of tasks, and the priority that a namespace allows. */
export interface StepMaker {
  taskId(): string;
  /** Strictly growing: see `OrderNumbers`. */
  order(): number;
  capped(spec: TaskSpec): TaskSpec;
}

export interface BuiltRun {
  record: RunRecord;
  steps: NewStep[];
}

/** A run of a workflow that was validated, and the tasks of all its steps. */
export function buildRun(body: WorkflowBody, facts: RunFacts, maker: StepMaker, now: number): BuiltRun {
  const levels = levelsOf(body);
  const planned = body.tasks.map((step) => {
    const run = runStep(step, maker.taskId(), dependenciesOf(body, step.id));
    if (body.concurrency !== undefined) run.rank = levels.get(step.id) ?? 0;
    return run;
  });
  const orders = ordersBy(body.tasks, levels, () => maker.order());
  const steps = body.tasks.map((step, index): NewStep => ({
    id: planned[index]?.taskId ?? '',
    order: orders[index] ?? 0,
    spec: maker.capped(taskSpec(step, facts)),
  }));
  return {
    record: {
      id: facts.id,
      state: 'running',
      createdAt: now,
      endedAt: undefined,
      error: undefined,
      spec: runSpec(body, facts, planned, now),
    },
    steps,
  };
}

/** The steps with the longest remaining path get the smallest numbers: they go first in their band. */
function ordersBy(tasks: readonly Step[], levels: ReadonlyMap<string, number>, next: () => number): number[] {
  const orders = new Array<number>(tasks.length);
  const ranked = tasks.map((step, index) => ({ index, level: levels.get(step.id) ?? 0 }));
  ranked.sort((one, other) => other.level - one.level || one.index - other.index);
  for (const { index } of ranked) orders[index] = next();
  return orders;
}

function levelsOf(body: WorkflowBody): Map<string, number> {
  return bottomLevels(
    body.tasks.map(({ id, estimateMs }) => ({
      id,
      dependsOn: dependenciesOf(body, id),
      weightMs: estimateMs ?? 1,
    })),
  );
}

function runSpec(body: WorkflowBody, facts: RunFacts, steps: RunStep[], now: number): RunSpec {
  const { name, namespace, metadata, traceparent, idempotencyKey, input } = facts;
  const spec: RunSpec = { namespace, steps, metadata, traceparent, bodyHash: facts.bodyHash };
  const deadlineAt = earliest(facts.deadlineAt, instantOf(body.deadline), sum(now, body.timeoutMs));
  if (name !== undefined) spec.name = name;
  if (idempotencyKey !== undefined) spec.idempotencyKey = idempotencyKey;
  if (input !== undefined) spec.input = input;
  if (facts.priority !== undefined) spec.priority = facts.priority;
  if (facts.definition) spec.definition = facts.definition;
  if (facts.schedule !== undefined) spec.schedule = facts.schedule;
  if (facts.parent) spec.parent = facts.parent;
  if (deadlineAt !== undefined) spec.deadlineAt = deadlineAt;
  if (body.concurrency !== undefined) spec.concurrency = body.concurrency;
  if (body.budget) spec.budget = body.budget;
  if (body.onFailure) spec.onFailure = body.onFailure;
  return spec;
}

/** How a run plans a step. */
export function runStep(step: Step, taskId: string, dependsOn: string[]): RunStep {
  const run: RunStep = { id: step.id, taskId, type: step.type, dependsOn };
  const control = controlOf(step);
  if (control) run.control = control;
  if (step.join !== undefined) run.join = step.join;
  if (step.when !== undefined) run.when = step.when;
  if (step.inputs !== undefined) run.inputs = step.inputs;
  if (step.map) run.map = step.map;
  if (step.sleep) run.sleep = step.sleep;
  if (step.workflow) run.workflow = step.workflow as unknown as ChildBody; // as `withChildren` has left it
  if (step.approval?.approvers) run.approvers = step.approval.approvers;
  if (step.continueOnFailure === true) run.continueOnFailure = true;
  if (step.compensate) run.compensate = step.compensate;
  if (step.estimateMs !== undefined) run.estimateMs = step.estimateMs;
  return run;
}

function controlOf(step: Step): StepControl | undefined {
  if (step.map) return 'map';
  if (step.approval) return 'approval';
  if (step.sleep) return 'sleep';
  if (step.workflow) return 'workflow';
  return isMereWait(step) ? 'wait' : undefined;
}

/** What the run alone knows of a step. */
type Planning =
  | 'id'
  | 'inputs'
  | 'when'
  | 'join'
  | 'map'
  | 'continueOnFailure'
  | 'compensate'
  | 'schemas'
  | 'approval'
  | 'sleep'
  | 'workflow';

/** All of a step that its task has: a field that is forgotten does not compile. */
type OfTask = { [Field in Exclude<keyof Step, Planning>]: Step[Field] };

/**
 * What the task of a step is. It is written down field by field, and every one has all of them: V8 gives each copy to which
 * a field is added (`{ ...step, field }`) a shape of its own, and whatever reads such an object looks each field up by its name
 * for ever (of a chain of five steps that was done 270 times).
 */
export function taskSpec(
  step: Step,
  facts: Pick<RunFacts, 'id' | 'namespace' | 'traceparent' | 'priority'>,
): TaskSpec {
  const { type, input, inputRef, requirements, routing, retry, timeouts, metadata, approval } = step;
  const { estimateMs, fairnessKey, limitKeys } = step;
  const priority = step.priority === 'normal' ? (facts.priority ?? 'normal') : step.priority;
  const waitFor = approval
    ? {
        signal: APPROVAL_SIGNAL,
        ...(approval.timeoutMs === undefined ? {} : { timeoutMs: approval.timeoutMs }),
      }
    : step.waitFor;
  const { namespace, traceparent } = facts;
  const spec: OfTask & Omit<TaskSpec, keyof OfTask> = {
    type,
    input,
    inputRef,
    requirements,
    routing,
    priority,
    retry,
    timeouts,
    metadata,
    estimateMs,
    fairnessKey,
    limitKeys,
    waitFor,
    namespace,
    workflowId: facts.id,
    step: step.id,
    control: controlOf(step),
    traceparent,
  };
  return spec;
}

/** The task of an item of a map. @param template of the map */
export function itemSpec(template: TaskSpec, step: RunStep, input: JsonValue): TaskSpec {
  return {
    ...template,
    step: step.id,
    input,
    inputRef: undefined,
    control: step.control,
    waitFor: undefined,
  };
}

/** The task that undoes a step. */
export function compensationSpec(
  run: RunRecord,
  id: string,
  compensation: Compensation,
  input: JsonValue,
): TaskSpec {
  const { type, requirements, routing, retry, timeouts, priority, fairnessKey, limitKeys } = compensation;
  const { namespace, traceparent } = run.spec;
  const work = { type, input, requirements, priority, retry, timeouts, metadata: {} };
  const spec: TaskSpec = { ...work, namespace, workflowId: run.id, step: id, traceparent };
  if (routing !== undefined) spec.routing = routing;
  if (fairnessKey !== undefined) spec.fairnessKey = fairnessKey;
  if (limitKeys !== undefined) spec.limitKeys = limitKeys;
  return spec;
}

/** The run of a sub-workflow has the id of the step's task, as that of a run: nobody has to remember it. */
export function childIdOf(taskId: string): string {
  const [shard = '', unique = ''] = taskId.slice(1).split('-');
  return workflowId(Number(shard), unique);
}

/** Tells the same step from another one under its id. @param given the hash of what was given, where that is not what it has become */
export function stepHash(step: Step, dependsOn: readonly string[], given?: string): string {
  const content = given === undefined ? step : { given };
  return bodyHash({ ...content, dependsOn: [...dependsOn] });
}

/** A step may be called `constructor` or `toString`: what the prototype has under that name is no list of dependencies. */
export function dependenciesOf({ dependencies }: Pick<WorkflowBody, 'dependencies'>, step: string): string[] {
  return Object.hasOwn(dependencies, step) ? (dependencies[step] ?? []) : [];
}

function earliest(...times: (number | undefined)[]): number | undefined {
  const given = times.filter((time) => time !== undefined);
  return given.length === 0 ? undefined : Math.min(...given);
}

function instantOf(iso: string | undefined): number | undefined {
  return iso === undefined ? undefined : Date.parse(iso);
}

function sum(now: number, span: number | undefined): number | undefined {
  return span === undefined ? undefined : now + span;
}
