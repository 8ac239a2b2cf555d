import { isTerminal, type TaskSpec } from '@multiswarm/contracts';
import { SlotMap, type Clock, type Random } from '@multiswarm/core';
import { dueAt } from '../domain/task/due';
import {
  isHeld,
  isLone,
  newTask,
  type TaskCommand,
  type TaskRecord,
  type Transition,
} from '../domain/task/record';
import { interrupted } from '../domain/task/set-back';
import { transition } from '../domain/task/transition';
import type { BuiltRun } from '../domain/workflow/build';
import type { NewStep } from '../domain/workflow/run';
import type { LoadedShard } from '../ports';
import type { ActiveRun } from './active-run';
import { Change, type EventCounter } from './change';
import type { DueTimes } from './due-times';
import type { NewTask } from './intake';
import type { RunTasks } from './run-desk';
import { ShardRuns } from './shard-runs';

/** Lone tasks that wait and whose records one shard keeps in memory; the records of the others are read back when needed. */
export const HOT_WAITING_TASKS = 1_024;

export interface StateParts {
  clock: Clock;
  random: Random;
  due: DueTimes;
  retentionMs: (namespace: string) => number;
  /** `HOT_WAITING_TASKS`, but for tests. */
  hotWaiting: number;
  /** A new id of a task of this shard. */
  taskId: () => string;
  /** With the priority that its namespace allows at most. */
  capped: (spec: TaskSpec) => TaskSpec;
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
  private readonly tasks = new SlotMap<string, TaskRecord>();
  readonly runs: ShardRuns;
  private hotWaiting = 0;

  constructor(
    loaded: LoadedShard,
    private readonly parts: StateParts,
  ) {
    const { due, retentionMs, taskId, capped } = parts;
    const tasks: RunTasks = {
      task: (id) => this.tasks.get(id),
      create: (step, run, change, kept) => this.create(step, run, change, kept),
      apply: (id, command, change) => void this.apply(id, command, change),
    };
    this.runs = new ShardRuns({ tasks, due, retentionMs, taskId, capped });
    for (const task of loaded.tasks) this.keep(task);
    const ended = new Map(loaded.endedSteps.map((task) => [task.id, task]));
    this.runs.load(loaded, (id) => ended.get(id) ?? this.tasks.get(id));
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

  /** The run and all its steps; those that wait for nothing are started. @param kept tasks of an earlier run, by step */
  addRun(run: BuiltRun, change: Change, kept?: ReadonlyMap<string, TaskRecord>): void {
    this.runs.add(run, change, kept);
  }

  /** Ends the attempts that were current when the data was set back. */
  interrupt(change: Change): void {
    const { attemptBase, random } = this.parts;
    for (const record of [...this.tasks.values()])
      if (isHeld(record) && record.attempt < attemptBase)
        this.follows(record, interrupted(record, attemptBase, change.now, random), change);
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

  /**
   * What is known of a task and has no consequences. Also one that has ended is in memory until that is committed: nobody reads an
   * older one meanwhile.
   * @param run counts the events where the task is a step
   */
  tell(before: TaskRecord, command: TaskCommand, change: Change, run: EventCounter | undefined): void {
    const next = transition(before, command, change.now, this.parts.random);
    if (!next) return;
    this.keep(next.record);
    change.task(before, next, run);
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
    if (run) this.runs.changed(run, before, record, change);
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

  /** A step of a run, blocked, or with the result that it has of an earlier run. */
  private create({ id, spec, order }: NewStep, run: ActiveRun, change: Change, kept?: TaskRecord): void {
    const created = this.born(newTask(id, spec, { blocked: true, order }, change.now));
    this.keep(created.record);
    change.task(undefined, created, run);
    const next = kept && transition(created.record, keeping(kept), change.now, this.parts.random);
    if (!next) return;
    this.keep(next.record);
    change.task(created.record, next, run);
  }
}

function keeping({ id, output = null, outputRef }: TaskRecord): TaskCommand {
  return { kind: 'fulfil', output, outputRef, keptFrom: id };
}

/** Whether a record may be let go of while its task is active. */
function isColdable(record: TaskRecord): boolean {
  return isLone(record) && !isHeld(record) && !isTerminal(record.state);
}
