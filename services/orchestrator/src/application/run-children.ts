import { summarize, type JsonValue, type Usage } from '@multiswarm/contracts';
import type { TaskRecord } from '../domain/task/record';
import { buildRun, childIdOf, type StepMaker } from '../domain/workflow/build';
import { fault } from '../domain/workflow/expressions';
import type { ChildBody, RunStep } from '../domain/workflow/run';
import { sinksOf } from '../domain/workflow/sinks';
import type { ActiveRun } from './active-run';
import type { Change } from './change';
import { collected } from './collected';
import type { RunDesk } from './run-desk';
import { RunInputs } from './run-inputs';

/** Steps that are runs of their own. */
export class RunChildren {
  constructor(private readonly desk: RunDesk) {}

  start(run: ActiveRun, step: RunStep, task: TaskRecord, input: JsonValue, change: Change): void {
    const body = step.workflow ?? run.step(step.of ?? step.id).workflow;
    if (!body) throw new Error(`invariant: the step "${step.id}" has no workflow`);
    const misfit = misfitOf(body, input);
    if (misfit !== undefined)
      return this.desk.tasks.apply(task.id, { kind: 'reject', error: fault('child-failed', misfit) }, change);
    const { namespace, traceparent, priority, timeouts } = task.spec;
    const { id: workflowId, spec } = run.record;
    const facts = {
      ...{ id: childIdOf(task.id), namespace, traceparent, priority, input, metadata: {}, bodyHash: '' },
      ...{ definition: body.definition, parent: { workflowId, step: step.id, taskId: task.id } },
      name: body.definition?.name ?? step.id,
      deadlineAt: earliest(spec.deadlineAt, timeouts.deadline),
    };
    const built = buildRun(body, facts, this.makerFrom(task.order), change.now);
    this.desk.tasks.apply(task.id, { kind: 'await' }, change);
    this.desk.add(built, change);
  }

  /** What a step of a child has cost, its parent's step has cost too: so budgets hold for all that is inside. */
  spent(taskId: string, record: TaskRecord, before: TaskRecord | undefined, change: Change): void {
    const cost = record.cost - (before?.cost ?? 0);
    const tokens = (of: keyof Usage): number => (record.usage[of] ?? 0) - (before?.usage[of] ?? 0);
    const usage = { inputTokens: tokens('inputTokens'), outputTokens: tokens('outputTokens') };
    if (cost > 0 || usage.inputTokens > 0 || usage.outputTokens > 0)
      this.desk.tasks.apply(taskId, { kind: 'spent', cost, usage }, change);
  }

  /** The run of a step has ended, and so does the step. */
  ended(run: ActiveRun, taskId: string, change: Change): void {
    const { id, state, spec, error } = run.record;
    const { tasks } = this.desk;
    if (state === 'succeeded') {
      const output = Object.fromEntries(sinksOf(spec.steps).map((step) => [step.id, run.resultOf(step.id)]));
      return tasks.apply(taskId, collected(output, 'the outputs of the sub-workflow', 'references'), change);
    }
    const message = `the sub-workflow ${id} has ended as ${state}${error ? `: ${error.message}` : ''}`;
    tasks.apply(taskId, { kind: 'reject', error: fault('child-failed', message) }, change);
  }

  /** Its steps go where the step is in the line that has started it. */
  private makerFrom(first: number): StepMaker {
    let order = first;
    return { taskId: this.desk.taskId, order: () => (order += 1), capped: this.desk.capped };
  }
}

/** Compiled schemas, and nothing of any run: one for all shards of the process. */
let inputs: RunInputs | undefined;

/** Why a workflow cannot have this input. */
function misfitOf({ inputSchema }: ChildBody, input: JsonValue): string | undefined {
  if (inputSchema === undefined) return undefined;
  inputs ??= new RunInputs();
  const findings = inputs.findings({ inputSchema, input });
  return findings.length === 0
    ? undefined
    : `the sub-workflow does not take this input: ${summarize(findings)}`;
}

function earliest(one: number | undefined, other: string | undefined): number | undefined {
  if (other === undefined) return one;
  return Math.min(one ?? Infinity, Date.parse(other));
}
