import { isTerminal, type Join } from '@multiswarm/contracts';
import type { TaskRecord } from '../../src/domain/task/record';
import type { RunRecord, RunStep } from '../../src/domain/workflow/run';

/**
 * What must hold of a run and its tasks, said a second time and as plainly as can be: everything is computed anew from the steps
 * and how they have ended, without the planner.
 */

/** How a step has ended, or undefined while it has not. */
function ending(step: RunStep, task: TaskRecord): 'good' | 'tolerated' | 'bad' | 'void' | undefined {
  if (!isTerminal(task.state)) return undefined;
  if (task.state === 'succeeded') return 'good';
  if (task.state === 'skipped') return task.error?.code === 'upstream-failed' ? 'bad' : 'void';
  return task.state !== 'cancelled' && step.continueOnFailure === true ? 'tolerated' : 'bad';
}

function isSatisfied(join: Join = 'all', ends: readonly ReturnType<typeof ending>[]): boolean {
  const good = ends.filter((end) => end === 'good').length;
  if (ends.length === 0) return true;
  if (typeof join === 'object') return good >= join.atLeast;
  if (join === 'any') return good >= 1;
  if (join === 'all') return ends.every((end) => end === 'good' || end === 'tolerated');
  return ends.every((end) => end !== undefined && (join === 'all-ended' || end !== 'bad'));
}

type TaskOf = (step: RunStep) => TaskRecord;

/** Whether what a step depends on has ended as its join wants. */
export function mayStart({ spec }: RunRecord, step: RunStep, taskOf: TaskOf): boolean {
  const ends = step.dependsOn.map((id) => {
    const upstream = spec.steps.find((each) => each.id === id);
    return upstream && ending(upstream, taskOf(upstream));
  });
  return isSatisfied(step.join, ends);
}

/** What is wrong with a run as it is committed. */
export function faultsOf(run: RunRecord, taskOf: TaskOf): string[] {
  const { steps, concurrency = Infinity } = run.spec;
  const ids = steps.map(({ id }) => id);
  const faults = ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `${id} is there twice`);
  for (const step of steps) {
    const { state, error } = taskOf(step);
    const byItself = error?.code !== 'upstream-failed' && error?.code !== 'upstream-skipped';
    const hasStarted = state !== 'blocked' && state !== 'cancelled' && state !== 'expired' && byItself;
    if (hasStarted && step.keptFrom === undefined && !mayStart(run, step, taskOf))
      faults.push(`${step.id} is ${state} before its join allows it`);
    if (hasInVain(taskOf(step))) faults.push(`${step.id} is ${state}, and has the signal for which it waits`);
    if (lacks(taskOf(step), run)) faults.push(`${step.id} lacks a signal that its run has kept`);
    if (step.map) {
      const open = steps.filter((each) => each.of === step.id && each.role === 'item').map(taskOf);
      const many = open.filter((task) => !isTerminal(task.state)).length;
      if (many > (step.map.concurrency ?? Infinity)) faults.push(`${step.id} has ${many} items under way`);
    }
  }
  const work = steps.filter(({ control }) => control === undefined).map(taskOf);
  const underWay = work.filter(({ state }) => state !== 'blocked' && !isTerminal(state)).length;
  if (underWay > concurrency) faults.push(`${underWay} steps are under way, ${concurrency} may be`);
  return faults;
}

/** Whether a step that is nothing but a wait goes on waiting, or has waited in vain, though it was told. */
function hasInVain({ state, error, signals, spec: { waitFor, control } }: TaskRecord): boolean {
  const isWait = control === 'wait' || control === 'approval';
  const waits = state === 'waiting' || (state === 'expired' && error?.code === 'signal-timeout');
  return isWait && waits && signals?.some(({ name }) => name === waitFor?.signal) === true;
}

function lacks({ state, signals, spec: { waitFor, control } }: TaskRecord, run: RunRecord): boolean {
  if (isTerminal(state) || control === 'approval') return false;
  const kept = run.signals?.some(({ name }) => name === waitFor?.signal);
  return kept === true && !signals?.some(({ name }) => name === waitFor?.signal);
}

/** What is wrong with a run that has ended. */
export function faultsOfEnded(run: RunRecord, taskOf: TaskOf): string[] {
  const { steps } = run.spec;
  const faults = steps
    .filter((step) => !isTerminal(taskOf(step).state))
    .map(({ id }) => `${id} has not ended with its run`);
  for (const step of steps) {
    const { state, error } = taskOf(step);
    const behindOthers = error?.code === 'upstream-failed' || error?.code === 'upstream-skipped';
    if (state === 'skipped' && behindOthers && mayStart(run, step, taskOf))
      faults.push(`${step.id} was skipped, and might have started`);
  }
  const expected = outcomeOf(run, taskOf);
  if (run.state !== expected) faults.push(`the run is ${run.state}, and should be ${expected}`);
  return [...faults, ...compensationFaults(run, taskOf)];
}

function outcomeOf(run: RunRecord, taskOf: TaskOf): RunRecord['state'] {
  const own = run.spec.steps.filter(({ role }) => role !== 'item' && role !== 'compensation');
  const bad = own.filter((step) => ending(step, taskOf(step)) === 'bad').map((step) => taskOf(step).state);
  if (bad.some((state) => state === 'failed' || state === 'expired')) return 'failed';
  if (bad.includes('cancelled') || (run.cancel && bad.length > 0)) return 'cancelled';
  return bad.length > 0 ? 'failed' : 'succeeded';
}

/** All that has succeeded and can be undone is undone, each thing once, the last one first; otherwise nothing is. */
function compensationFaults(run: RunRecord, taskOf: TaskOf): string[] {
  const { steps } = run.spec;
  const undone = steps.filter(({ role }) => role === 'compensation');
  const undoable = steps.filter(
    (step) => step.compensate && step.keptFrom === undefined && taskOf(step).state === 'succeeded',
  );
  const wanted = run.state === 'succeeded' ? [] : undoable.map(({ id }) => id);
  const of = undone.map((step) => step.of ?? '');
  if ([...of].sort().join() !== [...wanted].sort().join())
    return [`undone are ${of.join()}, and not ${wanted.join()}`];
  const times = undone.map((step) => taskOf(steps.find(({ id }) => id === step.of) ?? step).endedAt ?? 0);
  // One that a person has cancelled waits for no other.
  const ends = undone
    .map(taskOf)
    .filter(({ state }) => state !== 'cancelled')
    .map(({ endedAt = 0 }) => endedAt);
  return [
    ...(times.every((at, index) => index === 0 || at <= (times[index - 1] ?? 0))
      ? []
      : ['undone in a wrong order']),
    ...(ends.every((at, index) => index === 0 || at >= (ends[index - 1] ?? 0)) ? [] : ['undone at once']),
  ];
}
