import {
  isTerminal,
  type JsonValue,
  type MapProgress,
  type PayloadRef,
  type Workflow,
  type WorkflowStep,
  type WorkflowSummary,
} from '@multiswarm/contracts';
import type { TaskRecord } from '../task/record';
import { iso } from '../task/times';
import { cancelView, traceIdIn, wishView } from '../task/view';
import { childIdOf } from './build';
import type { RunProgress, RunRecord, RunSpec, RunStep } from './run';
import { sinksOf } from './sinks';

export function workflowSummary(run: RunRecord, progress: Omit<RunProgress, 'events'>): WorkflowSummary {
  const { spec } = run;
  return {
    id: run.id,
    ...(spec.name === undefined ? {} : { name: spec.name }),
    namespace: spec.namespace,
    state: run.state,
    ...(run.compensating && run.state === 'running' ? { phase: 'compensating' as const } : {}),
    createdAt: iso(run.createdAt),
    ...(run.endedAt === undefined ? {} : { endedAt: iso(run.endedAt) }),
    ...(run.cancel ? cancelView(run.cancel) : {}),
    ...(run.paused && run.state === 'running' ? { paused: wishView(run.paused) } : {}),
    counts: progress.counts,
    cost: progress.cost,
    ...(run.error ? { error: run.error } : {}),
    ...ofSpec(spec),
    metadata: spec.metadata,
    traceId: traceIdIn(spec.traceparent),
  };
}

function ofSpec(spec: RunSpec): Partial<WorkflowSummary> {
  const { definition, deadlineAt, concurrency, budget, parent, forkOf, schedule } = spec;
  return {
    ...(definition ? { definition } : {}),
    ...(deadlineAt === undefined ? {} : { deadline: iso(deadlineAt) }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(budget ? { budget } : {}),
    ...(parent ? { parent: { workflowId: parent.workflowId, step: parent.step } } : {}),
    ...(forkOf ? { forkOf } : {}),
    ...(schedule === undefined ? {} : { schedule }),
  };
}

/** A run that has succeeded, with what came out of it and without its steps. */
export function resultView(run: RunRecord, tasks: ReadonlyMap<string, TaskRecord>): Workflow {
  const counts: Record<string, number> = {};
  let cost = 0;
  for (const { taskId } of run.spec.steps) {
    const task = taskOf(run, tasks, taskId);
    counts[task.state] = (counts[task.state] ?? 0) + 1;
    cost += task.cost;
  }
  const sinks = sinksOf(run.spec.steps);
  const told: Workflow = {
    ...workflowSummary(run, { counts, cost }),
    steps: [],
    output: outputs(sinks, tasks),
  };
  return Object.assign(told, outputRefs(sinks, tasks));
}

function taskOf(run: RunRecord, tasks: ReadonlyMap<string, TaskRecord>, taskId: string): TaskRecord {
  const task = tasks.get(taskId);
  if (!task) throw new Error(`invariant: run ${run.id} has no task ${taskId}`);
  return task;
}

/** A run with its steps; `output` holds the outputs of the steps that nothing depends on. */
export function workflowView(run: RunRecord, tasks: ReadonlyMap<string, TaskRecord>): Workflow {
  const counts: Record<string, number> = {};
  let cost = 0;
  const items = itemsByMap(run, tasks);
  const steps = run.spec.steps.map((step): WorkflowStep => {
    const task = taskOf(run, tasks, step.taskId);
    counts[task.state] = (counts[task.state] ?? 0) + 1;
    cost += task.cost;
    return stepView(step, task, items.get(step.id));
  });
  const sinks = sinksOf(run.spec.steps);
  const refs = outputRefs(sinks, tasks);
  return {
    ...workflowSummary(run, { counts, cost }),
    ...(run.spec.input === undefined ? {} : { input: run.spec.input }),
    steps,
    ...(run.state === 'succeeded' ? { output: outputs(sinks, tasks), ...refs } : {}),
  };
}

/** How far the maps are that have begun. */
function itemsByMap(
  { maps, spec }: RunRecord,
  tasks: ReadonlyMap<string, TaskRecord>,
): Map<string, MapProgress> {
  const found = new Map<string, MapProgress>();
  for (const [id, total] of Object.entries(maps ?? {}))
    found.set(id, { total, started: 0, succeeded: 0, failed: 0 });
  if (found.size === 0) return found;
  for (const { of = '', role, taskId } of spec.steps) {
    const items = role === 'item' ? found.get(of) : undefined;
    const state = tasks.get(taskId)?.state;
    if (!items || state === undefined) continue;
    items.started += 1;
    if (state === 'succeeded') items.succeeded += 1;
    else if (isTerminal(state)) items.failed += 1;
  }
  return found;
}

function stepView(step: RunStep, task: TaskRecord, items: MapProgress | undefined): WorkflowStep {
  const attempt = task.attempts.at(-1);
  return {
    id: step.id,
    taskId: step.taskId,
    type: step.type,
    dependsOn: step.dependsOn,
    state: task.state,
    attempt: task.attempt,
    ...(attempt ? { swarmId: attempt.swarmId, region: attempt.region } : {}),
    ...(task.startedAt === undefined ? {} : { startedAt: iso(task.startedAt) }),
    ...(task.endedAt === undefined ? {} : { endedAt: iso(task.endedAt) }),
    cost: task.cost,
    ...(task.error ? { error: task.error } : {}),
    ...origin(step),
    ...(step.control === 'workflow' && task.startedAt !== undefined
      ? { childId: childIdOf(step.taskId) }
      : {}),
    ...(items ? { items } : {}),
  };
}

/** What it is, and where it comes from, of a step that is more than work which the workflow names. */
function origin({ control, of, role, index, keptFrom }: RunStep): Partial<WorkflowStep> {
  return {
    ...(control === undefined ? {} : { control }),
    ...(of === undefined ? {} : { of }),
    ...(role === undefined ? {} : { role }),
    ...(index === undefined ? {} : { index }),
    ...(keptFrom === undefined ? {} : { keptFrom }),
  };
}

function outputs(
  sinks: readonly RunStep[],
  tasks: ReadonlyMap<string, TaskRecord>,
): Record<string, JsonValue> {
  return Object.fromEntries(sinks.map((step) => [step.id, tasks.get(step.taskId)?.output ?? null]));
}

function outputRefs(
  sinks: readonly RunStep[],
  tasks: ReadonlyMap<string, TaskRecord>,
): { outputRefs?: Record<string, PayloadRef> } {
  const refs = sinks.flatMap(({ id, taskId }): [string, PayloadRef][] => {
    const ref = tasks.get(taskId)?.outputRef;
    return ref ? [[id, ref]] : [];
  });
  return refs.length === 0 ? {} : { outputRefs: Object.fromEntries(refs) };
}
