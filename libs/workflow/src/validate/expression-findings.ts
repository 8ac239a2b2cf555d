import { toPointer, type Finding } from '@multiswarm/contracts';
import type { Expression } from './expressions';
import type { ReadStep, ReadWorkflow } from './reading';
import { Upstream } from './upstream';

/** A step with its expressions: compiled once, looked at several times. */
export interface StepExpressions {
  readonly step: ReadStep;
  readonly expressions: readonly Expression[];
}

/** Expressions that cannot be read, and what they look at without seeing it. */
export function* expressionFindings(
  workflow: ReadWorkflow,
  all: readonly StepExpressions[],
): Generator<Finding> {
  const upstream = new Upstream(workflow, lookedAtFromAfar(all));
  const isUpstream = (of: ReadStep, asked: string): boolean => upstream.isUpstream(of.id, asked) ?? true;
  for (const { step, expressions } of all)
    for (const expression of expressions) yield* findingsOf(workflow, step, expression, isUpstream);
}

/** Steps that expressions look at and on which their own steps do not depend directly. */
function lookedAtFromAfar(all: readonly StepExpressions[]): Set<string> {
  const found = new Set<string>();
  for (const { step, expressions } of all) {
    if (expressions.length === 0) continue;
    const direct = new Set(step.dependsOn);
    for (const id of expressions.flatMap(boundTo)) if (!direct.has(id)) found.add(id);
  }
  return found;
}

/** Steps that have to be upstream of the one whose expression it is. */
function boundTo({ compiled, seesAll }: Expression): readonly string[] {
  return compiled.ok && !seesAll ? compiled.value.steps : [];
}

function* findingsOf(
  { byId }: ReadWorkflow,
  step: ReadStep,
  { compiled, path, ofItem, seesAll, use }: Expression,
  isUpstream: (of: ReadStep, asked: string) => boolean,
): Generator<Finding> {
  const pointer = toPointer(path);
  if (!compiled.ok) {
    yield { pointer, code: use === 'when' ? 'bad-condition' : 'bad-path', message: compiled.message };
    return;
  }
  for (const id of compiled.value.steps)
    if (!byId.has(id)) yield { pointer, code: 'unknown-step', message: `no task has the id "${id}"` };
    else if (!seesAll && !isUpstream(step, id))
      yield {
        pointer,
        code: 'not-upstream',
        message: `"${id}" is not upstream of "${step.id}": let "${step.id}" depend on it, directly or through others`,
      };
  if (compiled.value.readsItem && !ofItem)
    yield {
      pointer,
      code: 'no-item',
      message: 'there is no item or index here: only items of a map have one',
    };
}
