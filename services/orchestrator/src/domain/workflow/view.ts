import type { JsonValue, PayloadRef, Workflow, WorkflowStep, WorkflowSummary } from '@multiswarm/contracts';
import type { TaskRecord } from '../task/record';
import { iso } from '../task/times';
import { cancelView, traceIdIn } from '../task/view';
import type { RunProgress, RunRecord, RunStep } from './run';

export function workflowSummary(run: RunRecord, progress: Omit<RunProgress, 'events'>): WorkflowSummary {
  return {
    id: run.id,
    ...(run.spec.name === undefined ? {} : { name: run.spec.name }),
    namespace: run.spec.namespace,
    state: run.state,
    createdAt: iso(run.createdAt),
    ...(run.endedAt === undefined ? {} : { endedAt: iso(run.endedAt) }),
    ...(run.cancel ? cancelView(run.cancel) : {}),
    counts: progress.counts,
    cost: progress.cost,
    ...(run.error ? { error: run.error } : {}),
    metadata: run.spec.metadata,
    traceId: traceIdIn(run.spec.traceparent),
  };
}

/** A run with its steps; `output` holds the outputs of the steps that nothing depends on. */
export function workflowView(run: RunRecord, tasks: ReadonlyMap<string, TaskRecord>): Workflow {
  const counts: Record<string, number> = {};
  let cost = 0;
  const steps = run.spec.steps.map((step): WorkflowStep => {
    const task = tasks.get(step.taskId);
    if (!task) throw new Error(`invariant: run ${run.id} has no task ${step.taskId}`);
    counts[task.state] = (counts[task.state] ?? 0) + 1;
    cost += task.cost;
    return stepView(step, task);
  });
  const sinks = sinksOf(run.spec.steps);
  const refs = outputRefs(sinks, tasks);
  return {
    ...workflowSummary(run, { counts, cost }),
    steps,
    ...(run.state === 'succeeded' ? { output: outputs(sinks, tasks), ...refs } : {}),
  };
}

function stepView(step: RunStep, task: TaskRecord): WorkflowStep {
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
  };
}

/** Steps that nothing depends on. */
function sinksOf(steps: readonly RunStep[]): RunStep[] {
  const upstream = new Set(steps.flatMap((step) => step.dependsOn));
  return steps.filter((step) => !upstream.has(step.id));
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
