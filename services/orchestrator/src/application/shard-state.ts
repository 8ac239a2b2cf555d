import { isTerminal, type JsonValue } from '@multiswarm/contracts';
import type { Clock, Random } from '@multiswarm/core';
import { newTask, type TaskCommand, type TaskRecord, type Transition } from '../domain/task/record';
import { transition } from '../domain/task/transition';
import { effectiveInput, inputFault } from '../domain/workflow/input';
import type { PlanCommand } from '../domain/workflow/planner';
import type { LoadedShard } from '../ports';
import { ActiveRun } from './active-run';
import { Change, EventNumbers } from './change';
import type { NewRun, NewTask } from './intake';

/**
 * What is active in one shard, in memory, and how commands change it. Synchronous: no answer, no commit, no waiting.
 *
 * W1. Every change of a task goes through `apply`, which hands its consequences for the run to the planner in the same
 *     change: there is no window in which a finished step has not unlocked the next.
 * W2. What has ended is in memory no longer.
 */
export class ShardState {
  private readonly tasks = new Map<string, TaskRecord>();
  private readonly runs = new Map<string, ActiveRun>();
  private readonly numbers: EventNumbers;
  /** Consequences that are still to be applied: a queue, since a chain of ten thousand skips would overflow the stack. */
  private readonly plans: { run: ActiveRun; command: PlanCommand }[] = [];
  private planning = false;

  constructor(
    loaded: LoadedShard,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly retentionMs: number,
  ) {
    this.numbers = new EventNumbers(loaded.historyLengths);
    for (const task of loaded.tasks) this.tasks.set(task.id, task);
    const ended = new Map(loaded.endedSteps.map((task) => [task.id, task]));
    for (const run of loaded.runs) this.runs.set(run.id, new ActiveRun(run, ended, this.tasks));
  }

  change(): Change {
    return new Change(this.numbers, this.clock.now());
  }

  get size(): number {
    return this.tasks.size;
  }

  active(): IterableIterator<TaskRecord> {
    return this.tasks.values();
  }

  task(id: string): TaskRecord | undefined {
    return this.tasks.get(id);
  }

  /** What tells a repeated submission from a conflicting one, where the task or run is active. */
  bodyHash(id: string): string | undefined {
    const spec = this.tasks.get(id)?.spec ?? this.runs.get(id)?.record.spec;
    return spec && (spec.bodyHash ?? '');
  }

  addTask({ id, spec }: NewTask, change: Change): void {
    this.keep(undefined, newTask(id, spec, false, change.now), change);
  }

  /** The run and all its steps; those that wait for nothing are queued. */
  addRun({ record, steps }: NewRun, change: Change): void {
    const run = new ActiveRun(record, new Map(), new Map());
    this.runs.set(record.id, run);
    const { name } = record.spec;
    const data = { steps: steps.length, ...(name === undefined ? {} : { name }) };
    change.run(record, run.progress(), { type: 'workflow.submitted', data }, true);
    for (const step of steps) {
      const created = newTask(step.id, step.spec, true, change.now);
      this.tasks.set(step.id, created.record);
      change.task(undefined, created);
    }
    for (const step of run.plan.startable()) this.apply(run.step(step).taskId, { kind: 'unblock' }, change);
    change.progress(record.id, run.progress());
  }

  cancelRun(id: string, reason: string, change: Change): void {
    const run = this.runs.get(id);
    if (!run || run.record.cancel) return;
    run.record = { ...run.record, cancel: { at: change.now, reason } };
    change.run(run.record, run.progress(), { type: 'workflow.cancel-requested', data: { reason } }, false);
    for (const step of run.record.spec.steps) this.apply(step.taskId, { kind: 'cancel', reason }, change);
  }

  /** W1. @returns whether the command changed anything. */
  apply(id: string, command: TaskCommand, change: Change): boolean {
    const before = this.tasks.get(id);
    const next = before && transition(before, command, change.now, this.random);
    if (!next) return false;
    this.keep(before, next, change);
    return true;
  }

  /** Outputs of the steps that a step depends on, by step. */
  upstream({ spec }: TaskRecord): Record<string, JsonValue> | undefined {
    if (spec.workflowId === undefined || spec.step === undefined) return undefined;
    return this.runs.get(spec.workflowId)?.upstream(spec.step);
  }

  private keep(before: TaskRecord | undefined, next: Transition, change: Change): void {
    const { record } = next;
    const ended = isTerminal(record.state);
    if (ended)
      this.tasks.delete(record.id); // W2
    else this.tasks.set(record.id, record);
    change.task(before, next);
    const run = record.spec.workflowId === undefined ? undefined : this.runs.get(record.spec.workflowId);
    if (run) this.follow(run, record, before?.cost ?? 0, change);
    else if (ended) change.rootEnded(record.id, change.now + this.retentionMs);
  }

  /** What a step's change means for its run: others are unblocked or skipped, and the run may end. */
  private follow(run: ActiveRun, record: TaskRecord, costBefore: number, change: Change): void {
    const step = record.spec.step ?? '';
    run.observe(step, record, costBefore);
    for (const command of run.plan.plan(step, record.state)) this.plans.push({ run, command });
    this.applyPlans(change);
    if (!isTerminal(record.state) || run.record.state !== 'running') return;
    if (run.plan.ended) this.endRun(run, change);
    else change.progress(run.record.id, run.progress());
  }

  private applyPlans(change: Change): void {
    if (this.planning) return;
    this.planning = true;
    for (let next = this.plans.shift(); next; next = this.plans.shift())
      this.planned(next.run, next.command, change);
    this.planning = false;
  }

  private planned(run: ActiveRun, command: PlanCommand, change: Change): void {
    const { taskId } = run.step(command.step);
    if (command.kind === 'skip') {
      const message = `step "${command.because}" did not succeed`;
      this.apply(
        taskId,
        { kind: 'skip', error: { code: 'upstream-failed', message, retryable: false } },
        change,
      );
      return;
    }
    const task = this.tasks.get(taskId);
    const fault = task && inputFault(effectiveInput(task.spec.input, run.upstream(command.step)));
    this.apply(taskId, fault ? { kind: 'reject', error: fault } : { kind: 'unblock' }, change);
  }

  private endRun(run: ActiveRun, change: Change): void {
    const { id, cancel } = run.record;
    const state = run.plan.outcome(cancel !== undefined);
    run.record = { ...run.record, state, endedAt: change.now };
    const progress = run.progress();
    const data = { cost: progress.cost, counts: progress.counts };
    change.run(run.record, progress, { type: `workflow.${state}`, data }, false);
    this.runs.delete(id); // W2
    change.rootEnded(id, change.now + this.retentionMs);
  }
}
