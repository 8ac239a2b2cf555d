import { isTerminal, LIMITS, type JsonValue, type PayloadRef, type TaskSpec } from '@multiswarm/contracts';
import { said } from '../domain/task/asked';
import type { TaskCommand, TaskRecord } from '../domain/task/record';
import {
  buildRun,
  childIdOf,
  compensationSpec,
  itemSpec,
  type BuiltRun,
  type StepMaker,
} from '../domain/workflow/build';
import { compensationInput, compensations, doneInOrder, isUndoable } from '../domain/workflow/compensation';
import { fault, listOf, wakeTime, type Evaluated } from '../domain/workflow/expressions';
import type { PlanCommand } from '../domain/workflow/planner';
import type { NewStep, RunRecord, RunStep } from '../domain/workflow/run';
import { sinksOf } from '../domain/workflow/sinks';
import type { LoadedShard } from '../ports';
import { ActiveRun } from './active-run';
import type { Change } from './change';
import type { DueTimes } from './due-times';
import { inputOf, itemInput, openingOf } from './run-steps';

/** What runs may do with the tasks of their shard. */
export interface RunTasks {
  task(id: string): TaskRecord | undefined;
  /** A step of the run, blocked. @param kept the task of an earlier run whose result it has */
  create(step: NewStep, run: ActiveRun, change: Change, kept?: TaskRecord): void;
  apply(id: string, command: TaskCommand, change: Change): void;
}

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
  private readonly runs = new Map<string, ActiveRun>();
  /** Steps that can be undone, in the order in which they ended, by run. */
  private readonly done = new Map<string, string[]>();
  /** Consequences that are still to be applied: a queue, since a chain of ten thousand skips would overflow the stack. */
  private plans: { run: ActiveRun; command: PlanCommand }[] = [];
  private planning = false;

  constructor(private readonly parts: RunsParts) {}

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
  extend(
    run: ActiveRun,
    steps: readonly { run: RunStep; spec: TaskSpec; order: number }[],
    change: Change,
  ): void {
    const from = run.record.spec.steps.length;
    const planned = steps.map((step) => step.run);
    const commands = run.add(planned);
    const { id } = run.record;
    if (!this.done.has(id) && planned.some(isUndoable)) this.done.set(id, []);
    change.runSteps(run, from, planned);
    for (const { run: step, spec, order } of steps)
      this.parts.tasks.create({ id: step.taskId, order, spec: this.parts.capped(spec) }, run, change);
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
        return this.expand(run, run.step(command.step), change);
      case 'stop-items':
        return this.cancelItems(run, command.step, change);
      case 'finish-map':
        return this.finishMap(run, run.step(command.step), change);
      case 'stop':
        return this.cancelSteps(run, `step "${command.because}" failed (onFailure: stop)`, change);
    }
  }

  private start(run: ActiveRun, step: RunStep, change: Change): void {
    const { tasks } = this.parts;
    const task = tasks.task(step.taskId);
    if (task?.state !== 'blocked') return; // cancelled meanwhile
    const opening = openingOf(run, step, task);
    if (opening.kind !== 'go') return tasks.apply(task.id, opening, change);
    switch (step.control) {
      case undefined:
      case 'wait':
      case 'approval':
        return tasks.apply(task.id, { kind: 'unblock' }, change);
      case 'sleep':
        return this.sleep(run, step, task, change);
      case 'workflow':
        return this.startChild(run, step, task, opening.input, change);
      case 'map':
        return this.beginMap(run, step, task, change);
    }
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

  private beginMap(run: ActiveRun, step: RunStep, task: TaskRecord, change: Change): void {
    const { tasks } = this.parts;
    const list = listOf(step.map?.over ?? '', run.context());
    if (!list.ok) return tasks.apply(task.id, { kind: 'reject', error: list.error }, change);
    run.record = { ...run.record, maps: { ...run.record.maps, [step.id]: list.value.length } };
    change.runState(run);
    tasks.apply(task.id, { kind: 'await' }, change);
    this.follow(run, run.plan.beginMap(step.id, list.value.length), change);
  }

  private expand(run: ActiveRun, map: RunStep, change: Change): void {
    const task = this.parts.tasks.task(map.taskId);
    if (task?.state !== 'waiting') return;
    const { from, to } = run.plan.nextItems(map.id);
    const list = listOf(map.map?.over ?? '', run.context());
    const steps = run.record.spec.steps.length + to - from;
    const error = !list.ok
      ? list.error
      : steps > LIMITS.RUN_STEPS
        ? fault(
            'run-too-large',
            `the run would have ${steps} steps, the limit is ${LIMITS.RUN_STEPS} (RUN_STEPS)`,
          )
        : undefined;
    if (!list.ok || error)
      return this.parts.tasks.apply(
        task.id,
        { kind: 'reject', error: error ?? fault('internal', '') },
        change,
      );
    const made = list.value.slice(from, to).map((item, at) => this.item(run, map, task, item, from + at));
    this.extend(run, made, change);
    for (const { run: step, input } of made)
      if (!input.ok) this.parts.tasks.apply(step.taskId, { kind: 'reject', error: input.error }, change);
    // R2: nothing that ends will bring the rest about, where none of these has to end for it.
    const next = run.plan.nextItems(map.id);
    if (next.to > next.from) this.goOnLater(run);
  }

  private item(
    run: ActiveRun,
    map: RunStep,
    task: TaskRecord,
    item: JsonValue,
    index: number,
  ): { run: RunStep; spec: TaskSpec; order: number; input: Evaluated<JsonValue> } {
    const input = itemInput(run, map, task.spec.input, item, index);
    const id = `${map.id}[${index}]`;
    const { type, estimateMs, rank } = map;
    const step: RunStep = {
      id,
      taskId: this.parts.taskId(),
      type,
      dependsOn: [],
      of: map.id,
      role: 'item',
      index,
    };
    if (map.workflow) step.control = 'workflow';
    if (estimateMs !== undefined) step.estimateMs = estimateMs;
    if (rank !== undefined) step.rank = rank;
    return {
      run: step,
      spec: itemSpec(task.spec, step, input.ok ? input.value : null),
      order: task.order,
      input,
    };
  }

  private cancelItems(run: ActiveRun, map: string, change: Change): void {
    const reason = `more items of "${map}" failed than it tolerates`;
    for (const step of run.record.spec.steps)
      if (step.of === map && step.role === 'item')
        this.parts.tasks.apply(step.taskId, { kind: 'cancel', reason }, change);
  }

  private finishMap(run: ActiveRun, map: RunStep, change: Change): void {
    const { tasks } = this.parts;
    const progress = run.plan.mapProgress(map.id);
    if (!progress) return;
    const { total, succeeded, failed } = progress;
    if (run.plan.mapHasFailed(map.id)) {
      const message = `${failed} of ${total} items failed, ${map.map?.toleratedFailures ?? 0} are tolerated (map.toleratedFailures)`;
      return tasks.apply(map.taskId, { kind: 'reject', error: fault('items-failed', message) }, change);
    }
    const output: JsonValue =
      map.map?.collect === false
        ? { total, succeeded, failed }
        : Array.from({ length: total }, (_, index) => run.resultOf(`${map.id}[${index}]`));
    tasks.apply(map.taskId, collected(output, 'the outputs of the items', 'collect: false'), change);
  }

  private startChild(
    run: ActiveRun,
    step: RunStep,
    task: TaskRecord,
    input: JsonValue,
    change: Change,
  ): void {
    const body = step.workflow ?? run.step(step.of ?? step.id).workflow;
    if (!body) throw new Error(`invariant: the step "${step.id}" has no workflow`);
    const { namespace, traceparent, priority, timeouts } = task.spec;
    let order = task.order;
    const maker: StepMaker = {
      taskId: this.parts.taskId,
      order: () => (order += 1),
      capped: this.parts.capped,
    };
    const { id: workflowId, spec } = run.record;
    const built = buildRun(
      body,
      {
        ...{ id: childIdOf(task.id), namespace, traceparent, priority, input, metadata: {}, bodyHash: '' },
        ...{ definition: body.definition, parent: { workflowId, step: step.id, taskId: task.id } },
        name: body.definition?.name ?? step.id,
        deadlineAt: earliest(spec.deadlineAt, timeouts.deadline),
      },
      maker,
      change.now,
    );
    this.parts.tasks.apply(task.id, { kind: 'await' }, change);
    this.add(built, change);
  }

  /** R3. */
  private controlEnded(run: ActiveRun, step: RunStep, change: Change): void {
    if (step.control === 'map') {
      run.plan.stopMap(step.id);
      for (const item of run.record.spec.steps)
        if (item.of === step.id && item.role === 'item')
          this.parts.tasks.apply(
            item.taskId,
            { kind: 'cancel', reason: `the map "${step.id}" has ended` },
            change,
          );
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
  }

  private timeOut(run: ActiveRun, deadlineAt: number, change: Change): void {
    const message = `the run had to end by ${new Date(deadlineAt).toISOString()} (timeoutMs, or deadline)`;
    run.record = { ...run.record, error: fault('workflow-timeout', message) };
    change.runState(run);
    this.cancelSteps(run, message, change);
  }

  private endIfDone(run: ActiveRun, change: Change): void {
    if (run.record.state !== 'running' || !run.plan.ended || !this.runs.has(run.record.id)) return;
    const { cancel, error, compensating } = run.record;
    const outcome = error?.code === 'workflow-timeout' ? 'failed' : run.plan.outcome(cancel !== undefined);
    if (outcome !== 'succeeded' && !compensating && this.compensate(run, change)) return;
    this.end(run, outcome, change);
  }

  /** @returns whether there is anything to undo */
  private compensate(run: ActiveRun, change: Change): boolean {
    const done = (this.done.get(run.record.id) ?? []).map((id) => run.step(id));
    if (done.length === 0) return false;
    run.record = { ...run.record, compensating: true };
    change.run(run, { type: 'workflow.compensating', data: { steps: done.length } }, false);
    const order = change.now * 1_000;
    const made = compensations(done, this.parts.taskId).map((step) => {
      const undone = run.step(step.of ?? '');
      const input = compensationInput(undone, run.resultOf(undone.id), () => run.context());
      const { compensate } = undone;
      if (!compensate) throw new Error(`invariant: the step "${undone.id}" cannot be undone`);
      return {
        run: step,
        order,
        input,
        spec: compensationSpec(run.record, step.id, compensate, input.ok ? input.value : null),
      };
    });
    this.extend(run, made, change);
    for (const { run: step, input } of made)
      if (!input.ok) this.parts.tasks.apply(step.taskId, { kind: 'reject', error: input.error }, change);
    return true;
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
    if (spec.parent) this.childEnded(run, spec.parent.taskId, change);
  }

  private whyFailed(run: ActiveRun): RunRecord['error'] {
    const step = run.plan.firstFailed();
    return step === undefined ? undefined : fault('task-failed', `step "${step}" failed`);
  }

  /** R3. */
  private childEnded(run: ActiveRun, taskId: string, change: Change): void {
    const { id, state, spec, error } = run.record;
    const { tasks } = this.parts;
    if (state === 'succeeded') {
      const output = Object.fromEntries(sinksOf(spec.steps).map((step) => [step.id, run.resultOf(step.id)]));
      return tasks.apply(taskId, collected(output, 'the outputs of the sub-workflow', 'references'), change);
    }
    const message = `the sub-workflow ${id} has ended as ${state}${error ? `: ${error.message}` : ''}`;
    tasks.apply(taskId, { kind: 'reject', error: fault('child-failed', message) }, change);
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

/** What several steps have made, as the output of one; or why it cannot be. */
function collected(output: JsonValue, what: string, instead: string): TaskCommand {
  const bytes = Buffer.byteLength(JSON.stringify(output));
  if (bytes <= LIMITS.MAP_OUTPUT_BYTES) return { kind: 'fulfil', output };
  const message = `${what} have ${bytes} bytes, the limit is ${LIMITS.MAP_OUTPUT_BYTES} (MAP_OUTPUT_BYTES): use ${instead}`;
  return { kind: 'reject', error: fault('map-too-large', message) };
}

function submittedData({ spec }: RunRecord, steps: number): Record<string, JsonValue> {
  const { name, definition, parent, forkOf, schedule } = spec;
  return {
    steps,
    ...(name === undefined ? {} : { name }),
    ...(definition ? { definition: { ...definition } } : {}),
    ...(parent ? { parent: parent.workflowId } : {}),
    ...(forkOf ? { forkOf: { ...forkOf } } : {}),
    ...(schedule === undefined ? {} : { schedule }),
  };
}

function earliest(one: number | undefined, other: string | undefined): number | undefined {
  if (other === undefined) return one;
  return Math.min(one ?? Infinity, Date.parse(other));
}
