import type { RunStep } from './run';

/** Steps that nothing depends on, of those that the workflow names or was given: their outputs are those of the run. */
export function sinksOf(steps: readonly RunStep[]): RunStep[] {
  const upstream = new Set(steps.flatMap((step) => step.dependsOn));
  return steps.filter(({ id, role }) => !upstream.has(id) && role !== 'item' && role !== 'compensation');
}
