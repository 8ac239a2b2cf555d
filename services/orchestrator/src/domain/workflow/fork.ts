import {
  MultiswarmError,
  type JsonValue,
  type RerunWorkflowRequest,
  type TaskSpec,
} from '@multiswarm/contracts';
import type { TaskRecord } from '../task/record';
import type { StepMaker } from './build';
import { isUndoable } from './compensation';
import type { NewStep, RunRecord, RunSpec, RunStep } from './run';

/** What of an earlier run a new one begins with. */
export interface Fork {
  record: RunRecord;
  steps: NewStep[];
  /** The tasks of the earlier run whose results it has, by step. */
  kept: Record<string, string>;
}

export interface ForkFacts {
  id: string;
  from: RerunWorkflowRequest['from'];
  input?: JsonValue | undefined;
  idempotencyKey?: string | undefined;
  bodyHash: string;
  traceparent: string;
  /** Steps that had succeeded when the event came from which it goes on. */
  succeededThen?: ReadonlySet<string> | undefined;
}

/**
 * A run that repeats another one, or goes on from a point of it. What the earlier one has done and nobody undid, or still may undo, is
 * kept; the earlier one stays as it is.
 * @param tasks of the earlier run, by id
 * @throws MultiswarmError `step-not-found`
 */
export function forkOf(
  run: RunRecord,
  tasks: ReadonlyMap<string, TaskRecord>,
  facts: ForkFacts,
  maker: StepMaker,
  now: number,
): Fork {
  const all = ownSteps(run, tasks);
  const kept = keptSteps(run, all, tasks, facts);
  // What an attempt has planned is kept with it, and planned anew otherwise.
  const steps = withoutDangling(
    all.filter((step) => step.role !== 'added' || step.of === undefined || isKept(step.of, kept, all)),
  );
  const planned = steps.map((step): RunStep => {
    const again: RunStep = { ...step, taskId: maker.taskId() };
    const before = kept.get(step.id);
    if (before === undefined) delete again.keptFrom;
    else again.keptFrom = before;
    return again;
  });
  return {
    record: { id: facts.id, state: 'running', createdAt: now, spec: specOf(run, planned, facts, now) },
    steps: planned.map((step, index): NewStep => {
      const task = tasks.get(steps[index]?.taskId ?? '');
      if (!task) throw new Error(`invariant: run ${run.id} has no task of "${step.id}"`);
      return { id: step.taskId, order: maker.order(), spec: maker.capped(specAgain(task.spec, facts)) };
    }),
    kept: Object.fromEntries(steps.flatMap(({ id }) => (kept.has(id) ? [[id, kept.get(id) ?? '']] : []))),
  };
}

/** Without what the run has made itself: it makes that again. */
function ownSteps({ id, spec }: RunRecord, tasks: ReadonlyMap<string, TaskRecord>): RunStep[] {
  const own = spec.steps.filter(({ role }) => role === undefined || role === 'added');
  const missing = own.find(({ taskId }) => !tasks.has(taskId));
  if (missing)
    throw new MultiswarmError(
      'step-not-found',
      `the task of the step "${missing.id}" of ${id} is not stored any more`,
    );
  return own;
}

/** The tasks whose results are kept, by step. */
function keptSteps(
  run: RunRecord,
  steps: readonly RunStep[],
  tasks: ReadonlyMap<string, TaskRecord>,
  { from, succeededThen }: ForkFacts,
): Map<string, string> {
  if (from === undefined) return new Map();
  const known = new Set(steps.map(({ id }) => id));
  const asked = 'steps' in from ? from.steps : [];
  const unknown = asked.find((id) => !known.has(id));
  if (unknown !== undefined)
    throw new MultiswarmError('step-not-found', `${run.id} has no step "${unknown}" that can be run again`);
  const undone = new Set(run.spec.steps.filter(({ role }) => role === 'compensation').map(({ of }) => of));
  // As long as it goes on it may still undo what it has done.
  const isOpen = run.state === 'running';
  const again = steps.filter((step) => {
    const { id, taskId } = step;
    if (asked.includes(id) || undone.has(id) || (isOpen && isUndoable(step))) return true;
    if (tasks.get(taskId)?.state !== 'succeeded') return true;
    return succeededThen !== undefined && !succeededThen.has(id);
  });
  const redone = behind(
    steps,
    again.map(({ id }) => id),
  );
  return new Map(
    // Of one that was kept before: its record has the result as well.
    steps.flatMap(({ id, taskId }): [string, string][] => (redone.has(id) ? [] : [[id, taskId]])),
  );
}

/** These steps, and all that depend on them. */
function behind(steps: readonly RunStep[], first: readonly string[]): Set<string> {
  const dependents = new Map<string, string[]>();
  for (const { id, dependsOn } of steps)
    for (const upstream of dependsOn) {
      const list = dependents.get(upstream);
      if (list) list.push(id);
      else dependents.set(upstream, [id]);
    }
  const found = new Set(first);
  for (const id of found) for (const next of dependents.get(id) ?? []) found.add(next);
  return found;
}

/** Without added steps that depend on one that is not there any more, directly or not. */
function withoutDangling(steps: readonly RunStep[]): RunStep[] {
  const there = new Set(steps.map(({ id }) => id));
  const missing = steps.flatMap(({ dependsOn }) => dependsOn.filter((id) => !there.has(id)));
  if (missing.length === 0) return [...steps];
  const dropped = behind(steps, missing);
  return steps.filter(({ id }) => !dropped.has(id));
}

function isKept(step: string, kept: ReadonlyMap<string, string>, steps: readonly RunStep[]): boolean {
  return kept.has(step) || !steps.some(({ id }) => id === step);
}

function specOf(
  { id, spec, createdAt }: RunRecord,
  steps: RunStep[],
  facts: ForkFacts,
  now: number,
): RunSpec {
  const { idempotencyKey: _first, parent: _whole, schedule: _by, deadlineAt, ...again } = spec;
  const forked: RunSpec = {
    ...again,
    steps,
    traceparent: facts.traceparent,
    bodyHash: facts.bodyHash,
    forkOf: { workflowId: id, from: fromText(facts.from) },
  };
  if (facts.idempotencyKey !== undefined) forked.idempotencyKey = facts.idempotencyKey;
  if (facts.input !== undefined) forked.input = facts.input;
  // It gets as long as the earlier one had.
  if (deadlineAt !== undefined) forked.deadlineAt = now + (deadlineAt - createdAt);
  return forked;
}

function fromText(from: RerunWorkflowRequest['from']): string {
  if (from === undefined) return 'the beginning';
  if ('steps' in from) return from.steps.join(', ');
  return 'failed' in from ? 'what had not succeeded' : `event ${from.event}`;
}

/** The same work, in another run. A deadline of its own has passed, or would come too early. */
function specAgain(spec: TaskSpec, { id, traceparent }: ForkFacts): TaskSpec {
  const { deadline: _passed, ...timeouts } = spec.timeouts;
  return { ...spec, timeouts, workflowId: id, traceparent };
}
