import { isTerminal, type JsonValue, type PayloadRef, type TaskState } from '@multiswarm/contracts';
import type { TaskRecord } from '../domain/task/record';
import { RunPlan } from '../domain/workflow/planner';
import type { RunProgress, RunRecord, RunStep } from '../domain/workflow/run';
import type { RunCounter } from './change';

/** A run in its owner's memory: its record, its plan, and the outputs that later steps may still ask for. */
export class ActiveRun implements RunCounter {
  record: RunRecord;
  readonly plan: RunPlan;
  private readonly stepById: Map<string, RunStep>;
  private readonly outputs = new Map<string, JsonValue>();
  private readonly outputRefs = new Map<string, PayloadRef>();
  private cost: number;
  private events: number;

  /** @param events how many events the run has had */
  constructor(
    record: RunRecord,
    events: number,
    ended: ReadonlyMap<string, TaskRecord>,
    active: ReadonlyMap<string, TaskRecord>,
  ) {
    this.record = record;
    this.events = events;
    const stateOf = (step: RunStep): TaskState =>
      (ended.get(step.taskId) ?? active.get(step.taskId))?.state ?? 'blocked';
    this.plan = new RunPlan(record.spec.steps, stateOf);
    this.stepById = new Map(record.spec.steps.map((step) => [step.id, step]));
    this.cost = 0;
    for (const step of record.spec.steps) {
      const task = ended.get(step.taskId) ?? active.get(step.taskId);
      this.cost += task?.cost ?? 0;
      if (task && isTerminal(task.state)) this.keepOutput(step.id, task);
    }
  }

  next(): number {
    this.events += 1;
    return this.events;
  }

  step(id: string): RunStep {
    const step = this.stepById.get(id);
    if (!step) throw new Error(`invariant: run ${this.record.id} has no step "${id}"`);
    return step;
  }

  /** Takes note of a step's task after a change; `costBefore` is what the task had cost before it. */
  observe(step: string, task: TaskRecord, costBefore: number): void {
    this.cost += task.cost - costBefore;
    if (task.state === 'succeeded') this.keepOutput(step, task);
  }

  private keepOutput(step: string, { output, outputRef }: TaskRecord): void {
    if (output !== undefined) this.outputs.set(step, output);
    if (outputRef !== undefined) this.outputRefs.set(step, outputRef);
  }

  /** Outputs of the direct dependencies of a step, by step. */
  upstream(step: string): Record<string, JsonValue> | undefined {
    const { dependsOn } = this.step(step);
    if (dependsOn.length === 0) return undefined;
    return Object.fromEntries(dependsOn.map((id) => [id, this.outputs.get(id) ?? null]));
  }

  /** Those of them that are payloads; undefined where none is. */
  upstreamRefs(step: string): Record<string, PayloadRef> | undefined {
    if (this.outputRefs.size === 0) return undefined;
    const refs = this.step(step).dependsOn.flatMap((id): [string, PayloadRef][] => {
      const ref = this.outputRefs.get(id);
      return ref ? [[id, ref]] : [];
    });
    return refs.length === 0 ? undefined : Object.fromEntries(refs);
  }

  progress(): RunProgress {
    return { counts: this.plan.counts(), cost: this.cost, events: this.events };
  }
}
