import { UNDO, type JsonValue } from '@multiswarm/contracts';
import type { RunContext } from '@multiswarm/workflow';
import type { TaskRecord } from '../task/record';
import { evaluated, type Evaluated } from './expressions';
import { inputFrom } from './input';
import type { RunStep } from './run';

/**
 * The steps that undo others, one after the other, the last one that was done first. One that fails does not stop those behind it.
 * @param done steps that have succeeded and can be undone, in the order in which they ended
 */
export function compensations(done: readonly RunStep[], taskId: () => string): RunStep[] {
  let before: string | undefined;
  return [...done].reverse().map((step): RunStep => {
    const id = `${UNDO}${step.id}`;
    const dependsOn = before === undefined ? [] : [before];
    before = id;
    const type = step.compensate?.type ?? step.type;
    return { id, taskId: taskId(), type, dependsOn, join: 'all-ended', of: step.id, role: 'compensation' };
  });
}

/** Steps of a run that is loaded which can be undone, in the order in which they ended; of those of one moment, what is upstream ended first. */
export function doneInOrder(
  steps: readonly RunStep[],
  taskOf: (taskId: string) => TaskRecord | undefined,
): string[] {
  const depths = depthsOf(steps);
  const done = steps.flatMap((step) => {
    const task = isUndoable(step) ? taskOf(step.taskId) : undefined;
    return task?.state === 'succeeded' ? [{ id: step.id, endedAt: task.endedAt ?? 0 }] : [];
  });
  const depth = (id: string): number => depths.get(id) ?? 0;
  return done
    .sort((one, other) => one.endedAt - other.endedAt || depth(one.id) - depth(other.id))
    .map(({ id }) => id);
}

/** What an earlier run has done is that run's to undo. */
export function isUndoable({ compensate, keptFrom }: RunStep): boolean {
  return compensate !== undefined && keptFrom === undefined;
}

/** What the task gets that undoes a step. */
export function compensationInput(
  step: RunStep,
  output: JsonValue,
  context: () => RunContext,
): Evaluated<JsonValue> {
  const { inputs, input: own = {} } = step.compensate ?? {};
  if (inputs !== undefined) return evaluated('compensate.inputs', () => inputFrom(inputs, own, context()));
  if (typeof own !== 'object' || own === null || Array.isArray(own)) return { ok: true, value: own };
  return { ok: true, value: { ...own, step: step.id, output } };
}

/** How many steps are on the longest way to each. */
function depthsOf(steps: readonly RunStep[]): Map<string, number> {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const depths = new Map<string, number>();
  for (const { id } of steps) {
    const path = [id];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const upstream = byId.get(top)?.dependsOn ?? [];
      const unknown = upstream.filter((each) => !depths.has(each));
      if (unknown.length > 0 && !depths.has(top)) path.push(...unknown);
      else {
        path.pop();
        depths.set(top, 1 + Math.max(0, ...upstream.map((each) => depths.get(each) ?? 0)));
      }
    }
  }
  return depths;
}
