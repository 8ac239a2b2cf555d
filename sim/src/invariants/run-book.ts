import { isTerminal } from '@multiswarm/contracts';
import type { TaskRecord } from '../../../services/orchestrator/src/domain/task/record';
import type { RunRecord, RunStep } from '../../../services/orchestrator/src/domain/workflow/run';
import { addedId } from '../scenario/submissions';
import { withoutLates } from './late-book';

/** What must hold of runs beyond their definition (invariants 1 to 3). */

type Find = (taskId: string) => TaskRecord | undefined;

/** 2: only the attempt that is current adds what it has planned. @param before tasks before the batch that adds them */
export function plannedFaults(run: RunRecord, steps: readonly RunStep[], before: Find): string[] {
  return steps.flatMap(({ id, role, of }) => {
    if (role !== 'added' || of === undefined) return [];
    const planner = before(run.spec.steps.find((step) => step.id === of)?.taskId ?? '');
    if (!planner) return [`${id} was planned by ${of}, which is not there`];
    const isHeld = planner.state === 'assigned' || planner.state === 'running';
    const isOurs = id.startsWith(addedId(planner.id, planner.attempt, ''));
    return isHeld && isOurs
      ? []
      : [`${id} was added when ${of} was ${planner.state} (attempt ${planner.attempt})`];
  });
}

/** 3: of a run that was cancelled, or whose time is over, nothing goes on as if nothing had been. */
export function stoppedFaults(
  { cancel, error, spec }: RunRecord,
  taskOf: (step: RunStep) => TaskRecord,
): string[] {
  if (!cancel && error?.code !== 'workflow-timeout') return [];
  return spec.steps
    .filter(({ role }) => role !== 'compensation')
    .filter((step) => !isTerminal(taskOf(step).state) && taskOf(step).cancel === undefined)
    .map(({ id }) => `${id} goes on in a run that was stopped`);
}

/** 1: what was kept of an earlier run is what that run has made. */
export function keptFaults({ spec }: RunRecord, find: Find): string[] {
  return spec.steps.flatMap(({ id, taskId, keptFrom }) => {
    if (keptFrom === undefined) return [];
    const [own, earlier] = [find(taskId), find(keptFrom)];
    const isSame =
      own?.state === 'succeeded' &&
      earlier?.state === 'succeeded' &&
      JSON.stringify(own.output) === JSON.stringify(earlier.output);
    return isSame ? [] : [`${id} is not what was kept of ${keptFrom}`];
  });
}

/** 1: how a task has ended stays as it is, whatever arrives of its attempts later. */
export function changedAtEnd(before: TaskRecord, next: TaskRecord): boolean {
  const end = (record: TaskRecord): string => {
    const { output, outputRef, error, endedAt, cost, usage } = record;
    return JSON.stringify([output, outputRef, error, endedAt, cost, usage, withoutLates(record)]);
  };
  return isTerminal(before.state) && before.state === next.state && end(before) !== end(next);
}
