import { isTerminal, type JsonValue, type PayloadRef } from '@multiswarm/contracts';
import type { Clock, Random } from '@multiswarm/core';
import { said } from '../domain/task/asked';
import { dueAt } from '../domain/task/due';
import {
  isHeld,
  isLone,
  newTask,
  type TaskCommand,
  type TaskRecord,
  type Transition,
  type WishedFor,
} from '../domain/task/record';
import { interrupted } from '../domain/task/set-back';
import { transition } from '../domain/task/transition';
import { effectiveInput, inputFault, payloadsFault } from '../domain/workflow/input';
import type { PlanCommand } from '../domain/workflow/planner';
import type { LoadedShard } from '../ports';
import { ActiveRun } from './active-run';
import { Change } from './change';
import type { DueTimes } from './due-times';
import type { NewRun, NewTask } from './intake';

/** Lone tasks that wait and whose records one shard keeps in memory; the records of the others are read back when needed. */
export const HOT_WAITING_TASKS = 1_024;

export interface StateParts {
  clock: Clock;
  random: Random;
  due: DueTimes;
  retentionMs: (namespace: string) => number;
  /** `HOT_WAITING_TASKS`, but for tests. */
  hotWaiting: number;
  /** Attempts get larger numbers than this. */
  attemptBase: number;
  /** A task is not in memory any more. */
  letGo: (id: string) => void;
}

/**
 * What one shard has in memory, and how commands change it. Synchronous: no answer, no commit, no waiting.
 *
 * W1. Every change of a task goes through `apply`, which hands its consequences for the run to the planner in the same
 *     change: there is no window in which a finished step has not unlocked the next.
 * W2. What has ended is in memory no longer, once its end is committed.
 * W5. A record that is not in memory is as it was committed: only a lone task that waits, and of which nothing is
 *     uncommitted, is let go. So memory does not grow with the number of waiting tasks.
 */
export class ShardState {
  private readonly tasks = new Map<string, TaskRecord>();
  private readonly runs = new Map<string, ActiveRun>();
  private hotWaiting = 0;
  /** Consequences that are still to be applied: a queue, since a chain of ten thousand skips would overflow the stack. */
  private readonly plans: { run: ActiveRun; command: PlanCommand }[] = [];
  private planning = false;

  constructor(
    loaded: LoadedShard,
    private readonly parts: StateParts,
  ) {
    for (const task of loaded.tasks) this.keep(task);
    const ended = new Map(loaded.endedSteps.map((task) => [task.id, task]));
    for (const { run, progress } of loaded.runs)
      this.runs.set(run.id, new ActiveRun(run, progress.events, ended, this.tasks));
  }

  change(): Change {
    return new Change(this.parts.clock.now());
  }

  /** Records in memory. */
  hot(): IterableIterator<TaskRecord> {
    return this.tasks.values();
  }

  task(id: string): TaskRecord | undefined {
    return this.tasks.get(id);
  }

  /** A run that has not ended. */
  activeRun(id: string): ActiveRun | undefined {
    return this.runs.get(id);
  }

  /** Takes a committed record back into memory, unless a newer one is there: that one is returned. */
  recall(record: TaskRecord): TaskRecord {
    const newer = this.tasks.get(record.id);
    if (newer) return newer;
    if (!isTerminal(record.state)) this.keep(record);
    return record;
  }

  /** Sets the timers of waiting tasks that are not taken into memory. */
  watch(records: readonly TaskRecord[]): void {
    for (const record of records)
      if (!this.tasks.has(record.id)) this.parts.due.set(record.id, dueAt(record));
  }

  /** What tells a repeated submission from a conflicting one, where the task or run is in memory. */
  bodyHash(id: string): string | undefined {
    const spec = this.tasks.get(id)?.spec ?? this.runs.get(id)?.record.spec;
    return spec && (spec.bodyHash ?? '');
  }

  addTask({ id, order, spec }: NewTask, change: Change): TaskRecord {
    const created = this.born(newTask(id, spec, { blocked: false, order }, change.now));
    this.follows(undefined, created, change);
    return created.record;
  }

  /** The run and all its steps; those that wait for nothing are queued. */
  addRun({ record, steps }: NewRun, change: Change): void {
    const run = new ActiveRun(record, 0, new Map(), new Map());
    this.runs.set(record.id, run);
    const { name } = record.spec;
    const data = { steps: steps.length, ...(name === undefined ? {} : { name }) };
    change.run(run, { type: 'workflow.submitted', data }, true);
    for (const step of steps) {
      const created = this.born(
        newTask(step.id, step.spec, { blocked: true, order: step.order }, change.now),
      );
      this.keep(created.record);
      change.task(undefined, created, run);
    }
    for (const step of run.plan.startable()) this.apply(run.step(step).taskId, { kind: 'unblock' }, change);
  }

  /** Ends the attempts that were current when the data was set back. */
  interrupt(change: Change): void {
    const { attemptBase, random } = this.parts;
    for (const record of [...this.tasks.values()])
      if (isHeld(record) && record.attempt < attemptBase)
        this.follows(record, interrupted(record, attemptBase, change.now, random), change);
  }

  cancelRun(id: string, { reason, requestedBy }: WishedFor, change: Change): void {
    const run = this.runs.get(id);
    if (!run || run.record.cancel) return;
    run.record = { ...run.record, cancel: { at: change.now, reason, requestedBy } };
    change.run(run, { type: 'workflow.cancel-requested', data: said({ requestedBy, reason }) }, false);
    for (const step of run.record.spec.steps)
      this.apply(step.taskId, { kind: 'cancel', reason, requestedBy }, change);
  }

  /** W1. @returns the record after the command, or undefined where it changed nothing. */
  apply(id: string, command: TaskCommand, change: Change): TaskRecord | undefined {
    const before = this.tasks.get(id);
    return before && this.applyTo(before, command, change);
  }

  /** As `apply`, to a record that need not be in memory: one that has ended and is to be opened again. */
  applyTo(before: TaskRecord, command: TaskCommand, change: Change): TaskRecord | undefined {
    const next = transition(before, command, change.now, this.parts.random);
    if (!next) return undefined;
    this.follows(before, next, change);
    return next.record;
  }

  /** After the commit of a change: what has ended, or waits beyond what memory is for, is let go (W2, W5). */
  settle(change: Change): void {
    for (const write of change.writes) {
      if (write.kind !== 'task') continue;
      const { record } = write;
      // Most changes let nothing go: their records are not even looked up.
      const isLetGo =
        isTerminal(record.state) || (this.hotWaiting > this.parts.hotWaiting && isColdable(record));
      if (isLetGo && this.tasks.get(record.id) === record) this.drop(record);
    }
  }

  /** Outputs of the steps that a step depends on, by step. */
  upstream({ spec }: TaskRecord): Record<string, JsonValue> | undefined {
    if (spec.workflowId === undefined || spec.step === undefined) return undefined;
    return this.runs.get(spec.workflowId)?.upstream(spec.step);
  }

  /** Those of them that are payloads. */
  upstreamRefs({ spec }: TaskRecord): Record<string, PayloadRef> | undefined {
    if (spec.workflowId === undefined || spec.step === undefined) return undefined;
    return this.runs.get(spec.workflowId)?.upstreamRefs(spec.step);
  }

  /** Under a key it may have been there before the data was set back, and have been run. */
  private born(created: Transition): Transition {
    if (this.parts.attemptBase > 0) created.record.attempt = this.parts.attemptBase;
    return created;
  }

  private follows(before: TaskRecord | undefined, next: Transition, change: Change): void {
    const { record } = next;
    const ended = isTerminal(record.state);
    const wasEnded = before !== undefined && isTerminal(before.state);
    const run = record.spec.workflowId === undefined ? undefined : this.runs.get(record.spec.workflowId);
    this.keep(record);
    change.task(before, next, run);
    if (run) this.follow(run, record, before?.cost ?? 0, change);
    else if (ended === wasEnded) return;
    else if (ended) change.rootEnded(record.id, change.now + this.parts.retentionMs(record.spec.namespace));
    else change.rootReopened(record.id);
  }

  private keep(record: TaskRecord): void {
    const before = this.tasks.get(record.id);
    if (before && isColdable(before)) this.hotWaiting -= 1;
    if (isColdable(record)) this.hotWaiting += 1;
    this.tasks.set(record.id, record);
    this.parts.due.set(record.id, dueAt(record));
  }

  private drop(record: TaskRecord): void {
    this.parts.letGo(record.id);
    if (isColdable(record)) this.hotWaiting -= 1;
    this.tasks.delete(record.id);
  }

  /** What a step's change means for its run: others are unblocked or skipped, and the run may end. */
  private follow(run: ActiveRun, record: TaskRecord, costBefore: number, change: Change): void {
    const step = record.spec.step ?? '';
    run.observe(step, record, costBefore);
    for (const command of run.plan.plan(step, record.state)) this.plans.push({ run, command });
    this.applyPlans(change);
    if (isTerminal(record.state) && run.record.state === 'running' && run.plan.ended)
      this.endRun(run, change);
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
      const error = { code: 'upstream-failed', message, retryable: false };
      this.apply(taskId, { kind: 'skip', error }, change);
      return;
    }
    const task = this.tasks.get(taskId);
    const fault =
      task &&
      (inputFault(effectiveInput(task.spec.input, run.upstream(command.step))) ??
        payloadsFault(task.spec.inputRef, run.upstreamRefs(command.step)));
    this.apply(taskId, fault ? { kind: 'reject', error: fault } : { kind: 'unblock' }, change);
  }

  private endRun(run: ActiveRun, change: Change): void {
    const { id, cancel, spec } = run.record;
    const state = run.plan.outcome(cancel !== undefined);
    run.record = { ...run.record, state, endedAt: change.now };
    const { cost, counts } = run.progress();
    change.run(run, { type: `workflow.${state}`, data: { cost, counts } }, false);
    this.runs.delete(id); // W2
    change.rootEnded(id, change.now + this.parts.retentionMs(spec.namespace));
  }
}

/** Whether a record may be let go of while its task is active. */
function isColdable(record: TaskRecord): boolean {
  return isLone(record) && !isHeld(record) && !isTerminal(record.state);
}
