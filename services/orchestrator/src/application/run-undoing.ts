import { compensationSpec } from '../domain/workflow/build';
import { compensationInput, compensations, isUndoable } from '../domain/workflow/compensation';
import type { ActiveRun } from './active-run';
import type { Change } from './change';
import type { MadeStep, RunDesk } from './run-desk';

/**
 * Makes the steps that undo what has succeeded.
 * @param done the steps that can be undone, in the order in which they ended
 */
export function undo(desk: RunDesk, run: ActiveRun, done: readonly string[], change: Change): void {
  run.record = { ...run.record, compensating: true };
  change.run(run, { type: 'workflow.compensating', data: { steps: done.length } }, false);
  const order = change.now * 1_000;
  const steps = compensations(done.map((id) => run.step(id)).filter(isUndoable), desk.taskId);
  const made = steps.map((step): MadeStep => {
    const undone = run.step(step.of ?? '');
    const { compensate } = undone;
    if (!compensate) throw new Error(`invariant: the step "${undone.id}" cannot be undone`);
    const input = compensationInput(undone, run.resultOf(undone.id), () => run.context());
    const spec = compensationSpec(run.record, step.id, compensate, input.ok ? input.value : null);
    return { run: step, order, spec, fault: input.ok ? undefined : input.error };
  });
  desk.extend(run, made, change);
}
