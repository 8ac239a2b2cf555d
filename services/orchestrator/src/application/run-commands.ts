import {
  ERRORS,
  isTerminal,
  LIMITS,
  MultiswarmError,
  type JsonValue,
  type Signal,
} from '@multiswarm/contracts';
import { said } from '../domain/task/asked';
import { isHeld, type TaskRecord } from '../domain/task/record';
import { additionsTo } from '../domain/workflow/additions';
import { answerIn, checkRepeated } from '../domain/workflow/approval';
import { APPROVAL_SIGNAL, childIdOf, taskSpec } from '../domain/workflow/build';
import { depthOf } from '../domain/workflow/children';
import type { RunRecord, RunStep } from '../domain/workflow/run';
import type { AddedSteps, RunCommand } from '../domain/workflow/run-command';
import type { ActiveRun } from './active-run';
import type { Change } from './change';
import type { ShardState } from './shard-state';

type Of<K extends RunCommand['kind']> = Extract<RunCommand, { kind: K }>;

/**
 * What people, and agents, tell a run that has not ended. A repetition changes nothing.
 * @param taskId a new id of a task of the shard
 * @throws MultiswarmError `wrong-state`, `step-not-found`, `approval-not-allowed`, `invalid-workflow`, `run-too-large`
 */
export function tellRun(
  state: ShardState,
  run: ActiveRun,
  command: RunCommand,
  change: Change,
  taskId: () => string,
): void {
  switch (command.kind) {
    case 'cancel':
      // What is being undone is undone to its end.
      if (!run.record.cancel && !run.record.compensating)
        state.runs.cancel(run, command.reason, change, command.requestedBy);
      return;
    case 'pause':
      return pause(state, run, command, change);
    case 'resume':
      return resume(state, run, command, change);
    case 'signal':
      return signal(state, run, command, change);
    case 'approve':
      return approve(state, run, command, change);
    case 'add-steps':
      return addSteps(state, run, command.added, change, taskId, command.requestedBy);
  }
}

/** Nothing of it starts until it is resumed; what runs goes on. */
function pause(state: ShardState, run: ActiveRun, command: Of<'pause'>, change: Change): void {
  if (run.record.paused) return;
  const { reason, requestedBy } = command;
  run.record = { ...run.record, paused: { at: change.now, reason, requestedBy } };
  run.plan.pause();
  change.run(run, { type: 'workflow.paused', data: said({ requestedBy, reason }) }, false);
  for (const { step, task } of openTasks(state, run)) {
    const child = childOf(state, step);
    if (child) pause(state, child, command, change);
    // Also what runs, or waits for its signal: no further attempt of it begins.
    else if (step.control === undefined && task.state !== 'blocked') state.apply(task.id, command, change);
  }
}

function resume(state: ShardState, run: ActiveRun, command: Of<'resume'>, change: Change): void {
  if (!run.record.paused) return;
  const { requestedBy } = command;
  const { paused: _over, ...record } = run.record;
  run.record = record;
  const data = requestedBy === undefined ? {} : said({ requestedBy });
  change.run(run, { type: 'workflow.resumed', data }, false);
  for (const { step, task } of openTasks(state, run)) {
    const child = childOf(state, step);
    if (child) resume(state, child, command, change);
    else if (task.paused) state.apply(task.id, command, change);
  }
  state.runs.follow(run, run.plan.resumeStarts(), change);
}

/** To every step that waits for the name and has not ended, or will; where there is none the run keeps it. */
function signal(state: ShardState, run: ActiveRun, command: Of<'signal'>, change: Change): void {
  const { name, payload, at, requestedBy } = command;
  const waiters = [...openTasks(state, run)].filter(({ step, task }) =>
    command.step === undefined
      ? step.control !== 'approval' && task.spec.waitFor?.signal === name
      : step.id === command.step,
  );
  if (wasGiven(run, waiters, name, at)) return;
  if (command.step !== undefined && waiters.length === 0) throw noOpenStep(run, command.step);
  if (command.step !== undefined && run.step(command.step).control === 'approval')
    throw new MultiswarmError(
      'wrong-state',
      `the step "${command.step}" waits for an approval, not for a signal: approve it`,
    );
  const given = { name, payload, at };
  if (waiters.length > 0) noteHeard(run, name, at);
  else {
    const signals = [...(run.record.signals ?? []), given].slice(-LIMITS.RUN_SIGNALS);
    run.record = { ...run.record, signals };
  }
  const data: Record<string, JsonValue> = {
    name,
    steps: waiters.map(({ step }) => step.id).slice(0, LIMITS.LIST_ITEMS),
  };
  change.run(
    run,
    { type: 'workflow.signalled', data: { ...data, ...(requestedBy === undefined ? {} : { requestedBy }) } },
    false,
  );
  for (const { task } of waiters) state.apply(task.id, { kind: 'signal', signal: given }, change);
}

/** Whether a signal is a repetition: steps that had it may have ended, and been let go of. */
function wasGiven(
  { record }: ActiveRun,
  waiters: readonly { task: TaskRecord }[],
  name: string,
  at: number,
): boolean {
  if (waiters.length > 0 && waiters.every(({ task }) => hasSignal(task, name, at))) return true;
  return hasHeard(record, { name, at });
}

/** Whether a run knows a signal: its name and its time are one request. */
export function hasHeard(
  { signals = [], heard = [] }: Pick<RunRecord, 'signals' | 'heard'>,
  { name, at }: Pick<Signal, 'name' | 'at'>,
): boolean {
  return [...signals, ...heard].some((each) => each.name === name && each.at === at);
}

function noteHeard(run: ActiveRun, name: string, at: number): void {
  const heard = [...(run.record.heard ?? []), { name, at }].slice(-LIMITS.RUN_SIGNALS);
  run.record = { ...run.record, heard };
}

function approve(state: ShardState, run: ActiveRun, command: Of<'approve'>, change: Change): void {
  const { step: id, approved, note, requestedBy, at } = command;
  if (!run.plan.has(id)) throw noSuchStep(run, id);
  const step = run.step(id);
  if (step.control !== 'approval')
    throw new MultiswarmError('wrong-state', `the step "${id}" waits for no approval`);
  const task = state.task(step.taskId);
  if (!task || isTerminal(task.state)) {
    const before = answerIn(run.resultOf(id));
    if (before) return checkRepeated(id, before, { approved, by: requestedBy ?? null });
    throw new MultiswarmError(
      'wrong-state',
      `the step "${id}" has ended as ${run.plan.stateOf(id) ?? 'unknown'}`,
    );
  }
  // No signal has a name with a blank.
  const answered = `${APPROVAL_SIGNAL} of ${id}`;
  if (wasGiven(run, [], answered, at)) return;
  const { approvers } = step;
  if (approvers && (requestedBy === undefined || !approvers.includes(requestedBy)))
    throw new MultiswarmError(
      'approval-not-allowed',
      `${requestedBy ?? 'nobody'} is none of the approvers of "${id}": ${approvers.join(', ')} (requestedBy)`,
    );
  const payload: JsonValue = {
    approved,
    by: requestedBy ?? null,
    note: note ?? null,
    at: new Date(at).toISOString(),
  };
  noteHeard(run, answered, at);
  change.runState(run);
  state.apply(task.id, { kind: 'signal', signal: { name: APPROVAL_SIGNAL, payload, at } }, change);
}

function addSteps(
  state: ShardState,
  run: ActiveRun,
  added: AddedSteps,
  change: Change,
  taskId: () => string,
  requestedBy: string | undefined,
): void {
  const { record } = run;
  const ending = whyEnding(run);
  if (ending !== undefined)
    throw new MultiswarmError('wrong-state', `nothing can be added to a run that ${ending}`);
  const planner = added.by && plannerOf(state, run, added.by);
  const known = {
    has: (id: string) => run.plan.has(id),
    step: (id: string) => run.step(id),
    steps: () => record.spec.steps,
  };
  const fresh = additionsTo(known, added, planner?.step.id, taskId);
  if (fresh.length === 0) return;
  const depth = state.runs.outerOf(run).length + Math.max(...fresh.map(({ step }) => depthOf(step)));
  if (depth > LIMITS.WORKFLOW_DEPTH) throw tooDeep(depth);
  const { namespace, traceparent, priority } = record.spec;
  const order = planner?.task.order ?? change.now * 1_000;
  const steps = fresh.map(({ run: planned, step }) => ({
    ...{ run: planned, order },
    spec: taskSpec(step, { id: record.id, namespace, traceparent, priority }),
  }));
  const data: Record<string, JsonValue> = { steps: fresh.length, first: fresh[0]?.run.id ?? '' };
  if (planner) data['by'] = planner.step.id;
  if (requestedBy !== undefined) data['requestedBy'] = requestedBy;
  change.run(run, { type: 'workflow.steps-added', data }, false);
  state.runs.extend(run, steps, change);
  deliverKept(state, run, steps, change);
}

function tooDeep(depth: number): MultiswarmError {
  const most = `workflows are ${LIMITS.WORKFLOW_DEPTH} deep in each other at most (WORKFLOW_DEPTH)`;
  return new MultiswarmError('invalid-workflow', `the run would have them ${depth} deep, and ${most}`);
}

/** Undefined where it goes on. */
function whyEnding({ record, plan }: ActiveRun): string | undefined {
  if (record.compensating) return 'is being undone';
  if (record.cancel) return 'was cancelled';
  if (record.error) return 'has run out of time';
  return plan.hasStopped ? 'has stopped with the failure of a step (onFailure: stop)' : undefined;
}

/** Signals that came before there was anybody who waits for them. */
function deliverKept(
  state: ShardState,
  run: ActiveRun,
  steps: readonly { run: RunStep; spec: TaskRecord['spec'] }[],
  change: Change,
): void {
  for (const given of run.record.signals ?? [])
    for (const { run: step, spec } of steps)
      if (spec.waitFor?.signal === given.name)
        state.apply(step.taskId, { kind: 'signal', signal: given }, change);
}

/** The step whose attempt adds others. */
function plannerOf(
  state: ShardState,
  run: ActiveRun,
  { taskId, attempt }: NonNullable<AddedSteps['by']>,
): { step: RunStep; task: TaskRecord } {
  const task = state.task(taskId);
  if (!task || task.spec.workflowId !== run.record.id)
    throw new MultiswarmError('wrong-state', `${taskId} is no step of ${run.record.id} that runs`);
  if (!isHeld(task) || task.attempt !== attempt)
    throw new MultiswarmError(
      'wrong-state',
      `attempt ${attempt} of ${taskId} is not current any more: what it plans is not added`,
    );
  return { step: run.step(task.spec.step ?? ''), task };
}

function* openTasks(state: ShardState, run: ActiveRun): Generator<{ step: RunStep; task: TaskRecord }> {
  for (const step of run.record.spec.steps) {
    const task = state.task(step.taskId);
    if (task && !isTerminal(task.state)) yield { step, task };
  }
}

function childOf(state: ShardState, step: RunStep): ActiveRun | undefined {
  return step.control === 'workflow' ? state.runs.get(childIdOf(step.taskId)) : undefined;
}

function hasSignal({ signals = [] }: TaskRecord, name: string, at: number): boolean {
  return signals.some((each) => each.name === name && each.at === at);
}

function noOpenStep(run: ActiveRun, id: string): MultiswarmError {
  if (!run.plan.has(id)) return noSuchStep(run, id);
  return new MultiswarmError('wrong-state', `the step "${id}" has ended as ${run.plan.stateOf(id) ?? ''}`);
}

function noSuchStep(run: ActiveRun, id: string): MultiswarmError {
  return new MultiswarmError(
    'step-not-found',
    `${run.record.id} has no step "${id}": ${ERRORS['step-not-found'].title}`,
  );
}
