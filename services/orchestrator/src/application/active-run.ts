import { isTerminal, type JsonValue, type PayloadRef, type TaskError } from '@multiswarm/contracts';
import type { RunContext, StepFacts } from '@multiswarm/workflow';
import type { TaskRecord } from '../domain/task/record';
import { needsFacts } from '../domain/workflow/expressions';
import { RunPlan, type PlanCommand } from '../domain/workflow/planner';
import type { RunProgress, RunRecord, RunStep } from '../domain/workflow/run';
import type { RunCounter } from './change';

/** A run in its owner's memory: its record, its plan, and the outputs that later steps may still ask for. */
export class ActiveRun implements RunCounter {
  record: RunRecord;
  readonly plan: RunPlan;
  /** Something is left to be done that no end of a step will bring about. */
  wantsTurn = false;
  private readonly stepById: Map<string, RunStep>;
  private readonly outputs = new Map<string, JsonValue>();
  private readonly outputRefs = new Map<string, PayloadRef>();
  private readonly errors = new Map<string, TaskError>();
  /** What conditions and paths look at; undefined in a run that has none. */
  private facts: Record<string, StepFacts> | undefined;
  private cost = 0;
  private tokens = 0;
  private events: number;

  /**
   * @param events how many events the run has had
   * @param taskOf what is known of the task of a step: nothing in a new run
   */
  constructor(record: RunRecord, events: number, taskOf: (taskId: string) => TaskRecord | undefined) {
    this.record = record;
    this.events = events;
    const { spec, maps, paused } = record;
    this.stepById = new Map(spec.steps.map((step) => [step.id, step]));
    this.plan = new RunPlan(
      spec,
      (step) => taskOf(step.taskId) ?? { state: 'blocked' },
      maps,
      paused !== undefined,
    );
    this.lookAt(spec.steps);
    for (const step of spec.steps) {
      const task = taskOf(step.taskId);
      if (task) this.note(step.id, task, 0, {});
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

  /** Steps that the run gets while it runs. @returns what follows */
  add(steps: RunStep[]): PlanCommand[] {
    const { spec } = this.record;
    // Others may have the list: what is committed must not change under them.
    this.record = { ...this.record, spec: { ...spec, steps: [...spec.steps, ...steps] } };
    for (const step of steps) this.stepById.set(step.id, step);
    this.lookAt(steps);
    return this.plan.add(steps);
  }

  /** Takes note of a step's task after a change; `before`: as it was before it. */
  observe(step: string, task: TaskRecord, before: TaskRecord | undefined): void {
    this.note(step, task, before?.cost ?? 0, before?.usage ?? {});
  }

  /** Outputs of the direct dependencies of a step, by step. */
  upstream(step: string): Record<string, JsonValue> | undefined {
    const { dependsOn, inputs } = this.step(step);
    if (dependsOn.length === 0 || inputs !== undefined) return undefined;
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

  /** What a step has made, as it stands in the output of others: of a payload its reference. */
  resultOf(step: string): JsonValue {
    const ref = this.outputRefs.get(step);
    return ref ? { payloadRef: { ...ref } } : (this.outputs.get(step) ?? null);
  }

  /** What conditions and paths of this run see. */
  context(): RunContext {
    const { id, spec } = this.record;
    this.facts ??= this.allFacts();
    return { run: { id, name: spec.name ?? null, input: spec.input ?? null }, steps: this.facts };
  }

  get spent(): { cost: number; tokens: number } {
    return { cost: this.cost, tokens: this.tokens };
  }

  progress(): RunProgress {
    return { counts: this.plan.counts(), cost: this.cost, events: this.events };
  }

  private note(step: string, task: TaskRecord, costBefore: number, before: TaskRecord['usage']): void {
    this.cost += task.cost - costBefore;
    this.tokens += tokensIn(task.usage) - tokensIn(before);
    if (isTerminal(task.state)) this.keepOutput(step, task);
    if (this.facts) this.facts[step] = this.factsOf(step, task);
  }

  private keepOutput(step: string, { output, outputRef, error }: TaskRecord): void {
    if (error !== undefined) this.errors.set(step, error);
    if (output !== undefined) this.outputs.set(step, output);
    if (outputRef !== undefined) this.outputRefs.set(step, outputRef);
  }

  private factsOf(step: string, { state, error }: TaskRecord): StepFacts {
    return { state, output: this.resultOf(step), error: error ?? null };
  }

  /** Facts are kept up to date only where somebody asks for them. */
  private lookAt(steps: readonly RunStep[]): void {
    if (!this.facts && steps.some(needsFacts)) this.facts = this.allFacts();
    else if (this.facts) for (const { id } of steps) this.facts[id] = NOTHING_YET;
  }

  private allFacts(): Record<string, StepFacts> {
    const facts = Object.create(null) as Record<string, StepFacts>; // a step may be called `constructor`
    for (const id of this.stepById.keys()) {
      const state = this.plan.stateOf(id) ?? 'blocked';
      facts[id] = { state, output: this.resultOf(id), error: this.errors.get(id) ?? null };
    }
    return facts;
  }
}

const NOTHING_YET: StepFacts = { state: 'blocked', output: null, error: null };

function tokensIn({ inputTokens = 0, outputTokens = 0 }: TaskRecord['usage']): number {
  return inputTokens + outputTokens;
}
