import type { JsonValue, TaskError } from '@multiswarm/contracts';
import type { TaskRecord } from '../domain/task/record';
import { conditionHolds, evaluated, fault, hasInputs, type Evaluated } from '../domain/workflow/expressions';
import { effectiveInput, inputFault, inputFrom, payloadsFault } from '../domain/workflow/input';
import type { RunStep } from '../domain/workflow/run';
import type { ActiveRun } from './active-run';

/** What happens to a step that may start. */
export type Opening =
  | { kind: 'go'; input: JsonValue }
  | { kind: 'skip'; error: TaskError }
  | { kind: 'reject'; error: TaskError };

/**
 * Whether a step starts, now that what it depends on has ended: its condition, the budgets of its run and of those that it is
 * inside of (`outer`), its input.
 */
export function openingOf(
  run: ActiveRun,
  step: RunStep,
  task: TaskRecord,
  outer: readonly ActiveRun[],
): Opening {
  if (step.when !== undefined) {
    const holds = conditionHolds(step.when, run.context());
    if (!holds.ok) return { kind: 'reject', error: holds.error };
    if (!holds.value)
      return { kind: 'skip', error: fault('condition-false', `its condition is false: ${step.when}`) };
  }
  for (const spending of [run, ...outer]) {
    const error = budgetFault(spending, step);
    if (error) return { kind: 'reject', error };
  }
  const input = inputOf(run, step, task.spec.input);
  if (!input.ok) return { kind: 'reject', error: input.error };
  const large = inputFault(input.value) ?? payloadsFault(task.spec.inputRef, run.upstreamRefs(step.id));
  return large ? { kind: 'reject', error: large } : { kind: 'go', input: input.value };
}

/** What a step gets: its own input, and of what the run knows what it asks for. Of items and compensations it was made before; a map asks for each item. */
export function inputOf(run: ActiveRun, step: RunStep, own: JsonValue): Evaluated<JsonValue> {
  const isGiven = step.role === 'item' || step.role === 'compensation' || step.control === 'map';
  if (isGiven) return { ok: true, value: own };
  if (!hasInputs(step)) return { ok: true, value: effectiveInput(own, run.upstream(step.id)) };
  return evaluated('inputs', () => inputFrom(step.inputs, own, run.context()));
}

/** What is undone is undone, whatever it costs; and what only waits costs nothing. */
function budgetFault(run: ActiveRun, { role, control }: RunStep): TaskError | undefined {
  const { budget } = run.record.spec;
  if (!budget || role === 'compensation' || control !== undefined) return undefined;
  const { cost, tokens } = run.spent;
  const { id } = run.record;
  if (budget.usd !== undefined && cost >= budget.usd)
    return fault('budget-exhausted', `${id} has cost ${cost} USD, its budget is ${budget.usd} (budget.usd)`);
  if (budget.tokens !== undefined && tokens >= budget.tokens)
    return fault(
      'budget-exhausted',
      `${id} has used ${tokens} tokens, its budget is ${budget.tokens} (budget.tokens)`,
    );
  return undefined;
}

/** The input of one item of a map. */
export function itemInput(
  run: ActiveRun,
  map: RunStep,
  own: JsonValue,
  item: JsonValue,
  index: number,
): Evaluated<JsonValue> {
  if (hasInputs(map))
    return evaluated('inputs', () => inputFrom(map.inputs, own, { ...run.context(), item, index }));
  const fields = typeof own === 'object' && own !== null && !Array.isArray(own) ? own : {};
  return { ok: true, value: { ...fields, item, index } };
}
