import { isTerminal, type JsonValue, type PayloadRef, type TaskSpec } from '@multiswarm/contracts';
import { SlotMap } from '@multiswarm/core';
import { said } from '../domain/task/asked';
import type { TaskRecord } from '../domain/task/record';
import { childIdOf, type BuiltRun } from '../domain/workflow/build';
import { doneInOrder, isUndoable } from '../domain/workflow/compensation';
import { fault, wakeTime } from '../domain/workflow/expressions';
import type { PlanCommand } from '../domain/workflow/planner';
import type { RunRecord, RunStep } from '../domain/workflow/run';
import { submittedData } from '../domain/workflow/submitted-data';
import type { LoadedShard } from '../ports';
import { ActiveRun } from './active-run';
import type { Change } from './change';
import type { DueTimes } from './due-times';
import { RunChildren } from './run-children';
import type { MadeStep, RunDesk, RunTasks } from './run-desk';
import { RunMaps } from './run-maps';
import { inputOf, openingOf } from './run-steps';
import { undo } from './run-undoing';

export interface RunsParts {
  tasks: RunTasks;
  due: DueTimes;
  /** A new id of a task of this shard. */
  taskId: () => string;
  capped: (spec: TaskSpec) => TaskSpec;
  retentionMs: (namespace: string) => number;
}

/**
 * The runs of one shard, and what the change of a step means for them.
 *
 * R1. What follows from the end of a step is in the change that ends it: steps that start, items that are made, runs that begin,
 *     runs that end.
 * R2. What is too much for one change is gone on with by the run's timer; everything that is needed for that is stored.
 * R3. A child ends its step, and the end of its step, for whatever reason, cancels it.
 */
export class ShardRuns {
  private readonly runs = new SlotMap<string, ActiveRun>();
  /** Steps that can be undone, in the order in which they ended, by run. */
  private readonly done = new Map<string, string[]>();
  /** Consequences that are still to be applied: a queue, since a chain of ten thousand skips would overflow the stack. */
  private plans: { run: ActiveRun; command: PlanCommand }[] = [];
  private planning = false;

  private readonly maps: RunMaps;
  private readonly children: RunChildren;
  private readonly desk: RunDesk;

  constructor(private readonly parts: RunsParts) {
    const { tasks, taskId, capped } = parts;
    this.desk = {
      ...{ tasks, taskId, capped },
      extend: (run, steps, change) => this.extend(run, steps, change),
      follow: (run, commands, change) => this.follow(run, commands, change),
      goOnLater: (run) => this.goOnLater(run),
      add: (built, change) => this.add(built, change),
    };
    this.maps = new RunMaps(this.desk);
    this.children = new RunChildren(this.desk);
  }

  /** Takes up the runs of a shard. @param taskOf of active and of ended steps */
  load({ runs }: Pick<LoadedShard, 'runs'>, taskOf: (id: string) => TaskRecord | undefined): void {
    for (const { run: record, progress } of runs) {
      const run = new ActiveRun(record, progress.events, taskOf);
      this.runs.set(record.id, run);
      if (record.spec.steps.some(isUndoable))
        this.done.set(record.id, doneInOrder(record.spec.steps, taskOf));
      run.wantsTurn = true; // R2: something may have been left half done
      this.arm(run);
    }
  }

  /** A run that has not ended. */
  get(id: string): ActiveRun | undefined {
    return this.runs.get(id);
  }

  /** The run and all its steps; those that wait for nothing are started. @param kept tasks of an earlier run, by step */
  add(built: BuiltRun, change: Change, kept?: ReadonlyMap<string, TaskRecord>): void {
    const { record, steps } = built;
    const earlier = new Map<string, TaskRecord>();
    for (const { id, taskId } of record.spec.steps) {
      const task = kept?.get(id);
      // What it cost was paid by the run that has done it.
      if (task) earlier.set(taskId, { ...task, cost: 0, usage: {} });
    }
    const run = new ActiveRun(record, 0, (taskId) => earlier.get(taskId));
    this.runs.set(record.id, run);
    if (record.spec.steps.some(isUndoable)) this.done.set(record.id, []);
    change.run(run, { type: 'workflow.submitted', data: submittedData(record, steps.length) }, true);
    for (const step of steps) this.parts.tasks.create(step, run, change, earlier.get(step.id));
    this.arm(run);
    this.follow(run, run.plan.begin(), change);
    this.endIfDone(run, change);
  }

  /** W1: what a step's change means for its run. */
  changed(run: ActiveRun, before: TaskRecord | undefined, record: TaskRecord, change: Change): void {
    const id = record.spec.step ?? '';
    run.observe(id, record, before);
    const { parent } = run.record.spec;
    if (parent) this.children.spent(parent.taskId, record, before, change);
    const step = run.step(id);
    const hasEnded = isTerminal(record.state);
    if (record.state === 'succeeded' && isUndoable(step)) this.done.get(run.record.id)?.push(id);
    if (hasEnded && step.control !== undefined) this.controlEnded(run, step, change);
    this.follow(run, run.plan.plan(id, record), change);
    if (hasEnded) this.endIfDone(run, change);
  }

  /** What a step that is dispatched gets. */
  inputOf(record: TaskRecord): JsonValue {
    const run = this.runs.get(record.spec.workflowId ?? '');
    if (!run || record.spec.step === undefined) return record.spec.input;
    const input = inputOf(run, run.step(record.spec.step), record.spec.input);
    // It was made when the step started, of outputs that stay as they are.
    return input.ok ? input.value : record.spec.input;
  }

  /** Outputs of the steps that a step depends on that are payloads, by step. */
  upstreamRefs({ spec }: TaskRecord): Record<string, PayloadRef> | undefined {
    if (spec.workflowId === undefined || spec.step === undefined) return undefined;
    return this.runs.get(spec.workflowId)?.upstreamRefs(spec.step);
  }

  /** Steps with their tasks on their way into a run. */
  extend(run: ActiveRun, steps: readonly MadeStep[], change: Change): void {
    const { tasks, capped } = this.parts;
    const from = run.record.spec.steps.length;
    const planned = steps.map((step) => step.run);
    const commands = run.add(planned);
    const { id } = run.record;
    if (!this.done.has(id) && planned.some(isUndoable)) this.done.set(id, []);
    change.runSteps(run, from, planned);
    for (const { run: step, spec, order } of steps)
      tasks.create({ id: step.taskId, order, spec: capped(spec) }, run, change);
    for (const { run: step, fault: error } of steps)
      if (error) tasks.apply(step.taskId, { kind: 'reject', error }, change);
    this.follow(run, commands, change);
  }

  /** The time of a run has come: it is over, or it goes on with what one change could not take. */
  due(id: string, change: Change): void {
    const run = this.runs.get(id);
    if (!run) return;
    const { deadlineAt = Infinity } = run.record.spec;
    if (deadlineAt <= change.now && isTimed(run)) this.timeOut(run, deadlineAt, change);
    run.wantsTurn = false;
    this.follow(run, run.plan.begin(), change);
    this.endIfDone(run, change);
    this.arm(run);
  }

  /** Cancels every step of a run that has not ended, but what undoes others. */
  cancelSteps(run: ActiveRun, reason: string, change: Change, requestedBy?: string): void {
    for (const step of run.record.spec.steps)
      if (step.role !== 'compensation')
        this.parts.tasks.apply(step.taskId, { kind: 'cancel', reason, requestedBy }, change);
  }

  follow(run: ActiveRun, commands: readonly PlanCommand[], change: Change): void {
    for (const command of commands) this.plans.push({ run, command });
    if (this.planning) return;
    this.planning = true;
    try {
      for (let at = 0; at < this.plans.length; at += 1) {
        const next = this.plans[at];
        if (next) this.planned(next.run, next.command, change);
      }
    } finally {
      this.plans = [];
      this.planning = false;
    }
  }

  private planned(run: ActiveRun, command: PlanCommand, change: Change): void {
    switch (command.kind) {
      case 'start':
        return this.start(run, run.step(command.step), change);
      case 'skip': {
        const { taskId } = run.step(command.step);
        const code = command.isVoid ? 'upstream-skipped' : 'upstream-failed';
        const message = `step "${command.because}" ${command.isVoid ? 'was skipped' : 'did not succeed'}`;
        return this.parts.tasks.apply(taskId, { kind: 'skip', error: fault(code, message) }, change);
      }
      case 'expand':
        return this.maps.expand(run, run.step(command.step), change);
      case 'stop-items':
        return this.maps.cancelItems(run, command.step, MORE_FAILED, change);
      case 'finish-map':
        return this.maps.finish(run, run.step(command.step), change);
      case 'stop':
        return this.cancelSteps(run, `step "${command.because}" failed (onFailure: stop)`, change);
    }
  }

  private start(run: ActiveRun, step: RunStep, change: Change): void {
    const { tasks } = this.parts;
    const task = tasks.task(step.taskId);
    if (task?.state !== 'blocked') return; // cancelled meanwhile
    const opening = openingOf(run, step, task, this.outerOf(run));
    if (opening.kind !== 'go') return tasks.apply(task.id, opening, change);
    switch (step.control) {
      case undefined:
      case 'wait':
      case 'approval':
        return tasks.apply(task.id, { kind: 'unblock' }, change);
      case 'sleep':
        return this.sleep(run, step, task, change);
      case 'workflow':
        return this.children.start(run, step, task, opening.input, change);
      case 'map':
        return this.maps.begin(run, step, task, change);
    }
  }

  /** The runs that a run is inside of. */
  outerOf({ record }: ActiveRun): ActiveRun[] {
    const outer = this.runs.get(record.spec.parent?.workflowId ?? '');
    return outer ? [outer, ...this.outerOf(outer)] : [];
  }

  private sleep(run: ActiveRun, step: RunStep, task: TaskRecord, change: Change): void {
    const { sleep = { ms: 0 } } = step;
    const wakesAt = wakeTime(sleep, change.now, run.context());
    this.parts.tasks.apply(
      task.id,
      wakesAt.ok ? { kind: 'await', wakesAt: wakesAt.value } : { kind: 'reject', error: wakesAt.error },
      change,
    );
  }

  /** R3. */
  private controlEnded(run: ActiveRun, step: RunStep, change: Change): void {
    if (step.control === 'map') {
      run.plan.stopMap(step.id);
      this.maps.cancelItems(run, step.id, `the map "${step.id}" has ended`, change);
    } else if (step.control === 'workflow') {
      const child = this.runs.get(childIdOf(step.taskId));
      if (child && !child.record.cancel)
        this.cancel(child, `the step "${step.id}" of ${run.record.id} has ended`, change);
    }
  }

  /** @param requestedBy who asked, where somebody did */
  cancel(run: ActiveRun, reason: string, change: Change, requestedBy?: string): void {
    run.record = { ...run.record, cancel: { at: change.now, reason, requestedBy } };
    change.run(run, { type: 'workflow.cancel-requested', data: said({ requestedBy, reason }) }, false);
    this.cancelSteps(run, reason, change, requestedBy);
    this.unpause(run, change);
  }

  /** What comes to its end is not held up: what it has done is undone at once. */
  private unpause(run: ActiveRun, change: Change): void {
    if (!run.record.paused || run.record.state !== 'running') return;
    const { paused: _over, ...record } = run.record;
    run.record = record;
    change.runState(run);
    this.follow(run, run.plan.resumeStarts(), change);
  }

  private timeOut(run: ActiveRun, deadlineAt: number, change: Change): void {
    const message = `the run had to end by ${new Date(deadlineAt).toISOString()} (timeoutMs, or deadline)`;
    run.record = { ...run.record, error: fault('workflow-timeout', message) };
    change.runState(run);
    this.cancelSteps(run, message, change);
    this.unpause(run, change);
  }

  private endIfDone(run: ActiveRun, change: Change): void {
    if (run.record.state !== 'running' || !run.plan.ended || !this.runs.has(run.record.id)) return;
    const { cancel, error, compensating } = run.record;
    const outcome = error?.code === 'workflow-timeout' ? 'failed' : run.plan.outcome(cancel !== undefined);
    const done = this.done.get(run.record.id) ?? [];
    if (outcome !== 'succeeded' && !compensating && done.length > 0)
      return undo(this.desk, run, done, change);
    this.end(run, outcome, change);
  }

  private end(run: ActiveRun, state: Exclude<RunRecord['state'], 'running'>, change: Change): void {
    const { id, spec, error } = run.record;
    run.record = { ...run.record, state, endedAt: change.now };
    const why = error ?? (state === 'failed' ? this.whyFailed(run) : undefined);
    if (why) run.record.error = why;
    const { cost, counts } = run.progress();
    change.run(run, { type: `workflow.${state}`, data: { cost, counts } }, false);
    this.runs.delete(id); // W2
    this.done.delete(id);
    this.parts.due.set(id, undefined);
    change.rootEnded(id, change.now + this.parts.retentionMs(spec.namespace));
    if (spec.parent) this.children.ended(run, spec.parent.taskId, change);
  }

  private whyFailed(run: ActiveRun): RunRecord['error'] {
    const step = run.plan.firstFailed();
    return step === undefined ? undefined : fault('task-failed', `step "${step}" failed`);
  }

  private goOnLater(run: ActiveRun): void {
    run.wantsTurn = true;
    this.arm(run);
  }

  private arm(run: ActiveRun): void {
    const { deadlineAt } = run.record.spec;
    const at = run.wantsTurn ? 0 : isTimed(run) ? deadlineAt : undefined;
    this.parts.due.set(run.record.id, at);
  }
}

/** Whether its time can still run out: what is being undone is decided, and is undone to its end. */
function isTimed({ record }: ActiveRun): boolean {
  return record.error === undefined && record.compensating === undefined;
}

const MORE_FAILED = 'more items failed than the map tolerates';
