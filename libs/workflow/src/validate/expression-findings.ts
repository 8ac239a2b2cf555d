import { toPointer, type Finding } from '@multiswarm/contracts';
import type { Expression } from './expressions';
import { isStep, type ReadStep, type ReadWorkflow } from './reading';
import { Upstream } from './upstream';

/** An expression that looks at a step on which its own does not depend directly. */
export interface FarLook {
  readonly step: ReadStep;
  readonly path: readonly PropertyKey[];
  readonly asked: string;
}

/** So few are looked through faster than they are put into a set. */
const FEW = 16;

/**
 * Expressions of a step that cannot be read, and what they look at that is not there.
 * @param far gets what has to be looked into with the whole graph, see `farFindings`
 */
export function* expressionFindings(
  workflow: ReadWorkflow,
  step: ReadStep,
  expressions: readonly Expression[],
  far: FarLook[],
): Generator<Finding> {
  const { dependsOn } = step;
  const direct = dependsOn.length > FEW ? new Set(dependsOn) : undefined;
  for (const { compiled, path, ofItem, seesAll, use } of expressions) {
    if (!compiled.ok) {
      const code = use === 'when' ? 'bad-condition' : 'bad-path';
      yield { pointer: toPointer(path), code, message: compiled.message };
      continue;
    }
    for (const asked of compiled.value.steps) {
      if (!isStep(workflow, asked))
        yield { pointer: toPointer(path), code: 'unknown-step', message: `no task has the id "${asked}"` };
      else if (!seesAll && !(direct?.has(asked) ?? dependsOn.includes(asked)))
        far.push({ step, path, asked });
    }
    if (compiled.value.readsItem && !ofItem)
      yield {
        pointer: toPointer(path),
        code: 'no-item',
        message:
          use === 'when' && step.fields['map'] !== undefined
            ? 'the condition of a map is asked once, before there are items: choose them in map.over, such as $.steps.a.output[?@.size > 0]'
            : 'there is no item or index here: only items of a map have one',
      };
  }
}

/** Of steps that are in a cycle or behind one nothing is said. */
export function* farFindings(workflow: ReadWorkflow, far: readonly FarLook[]): Generator<Finding> {
  if (far.length === 0) return;
  const upstream = new Upstream(workflow, new Set(far.map(({ asked }) => asked)));
  for (const { step, path, asked } of far)
    if (upstream.isUpstream(step.id, asked) === false)
      yield {
        pointer: toPointer(path),
        code: 'not-upstream',
        message: `"${asked}" is not upstream of "${step.id}": let "${step.id}" depend on it, directly or through others`,
      };
}
