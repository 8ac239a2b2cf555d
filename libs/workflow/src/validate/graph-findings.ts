import { toPointer, type Finding } from '@multiswarm/contracts';
import { cyclesOf } from '../cycles';
import { isStep, type ReadStep, type ReadWorkflow } from './reading';

/** Ids that are taken twice, dependencies that lead nowhere, every cycle with its path. */
export function* graphFindings(workflow: ReadWorkflow): Generator<Finding> {
  for (const step of workflow.steps) yield* idFindings(workflow, step);
  for (const [step, upstream] of workflow.dependencies) yield* dependencyFindings(workflow, step, upstream);
  for (const cycle of cyclesOf(workflow.dependencies)) {
    yield {
      pointer: toPointer([...workflow.base, 'dependencies', cycle[0] ?? '']),
      code: 'cycle',
      message: `cycle: ${shown(cycle).join(' -> ')}`,
    };
  }
}

function* idFindings({ byId }: ReadWorkflow, { id, index, idKey, path }: ReadStep): Generator<Finding> {
  const first = byId.get(id)?.index ?? index;
  if (first !== index)
    yield {
      pointer: toPointer([...path, idKey]),
      code: 'duplicate-id',
      message: `"${id}" is already the id of tasks[${first}]`,
    };
}

function* dependencyFindings(
  workflow: ReadWorkflow,
  step: string,
  upstream: readonly string[],
): Generator<Finding> {
  const { base, byId, around } = workflow;
  if (!byId.has(step))
    yield {
      pointer: toPointer([...base, 'dependencies', step]),
      code: 'unknown-step',
      message: `no ${around ? 'added ' : ''}task has the id "${step}"${around?.has(step) === true ? ': what steps of the run depend on cannot be changed' : ''}`,
    };
  const seen = upstream.length > 1 ? new Set<string>() : undefined;
  for (const [index, name] of upstream.entries()) {
    const known = isStep(workflow, name);
    if (known && seen?.has(name) !== true) {
      seen?.add(name);
      continue;
    }
    const pointer = toPointer([...base, 'dependencies', step, index]);
    if (!known) {
      const who = around ? 'neither the run nor an added task has' : 'no task has';
      yield { pointer, code: 'unknown-dependency', message: `${who} the id "${name}"` };
    }
    if (seen?.has(name) === true)
      yield { pointer, code: 'duplicate-dependency', message: `"${name}" is listed twice` };
    seen?.add(name);
  }
}

const SHOWN_STEPS_OF_A_CYCLE = 20;

/** The cycle with its first step again at the end; of a long one the middle is only counted. */
function shown(cycle: readonly string[]): string[] {
  const hidden = cycle.length - SHOWN_STEPS_OF_A_CYCLE;
  const path =
    hidden <= 0
      ? cycle
      : [...cycle.slice(0, SHOWN_STEPS_OF_A_CYCLE - 1), `(${hidden} more)`, ...cycle.slice(-1)];
  return [...path, ...cycle.slice(0, 1)];
}
