import { toPointer, type Finding } from '@multiswarm/contracts';
import type { Condition } from '../expression/condition';
import type { Path } from '../expression/path';
import { fieldOf, ofSchema, requiredBy, typesOf, type Shape } from '../schema/shape';
import { ARRAY, namesOf, STRING, type Types } from '../schema/types';
import type { ContextShapes } from './context-shape';
import type { Expression } from './expressions';
import { inputSchemaOf, isRecord, type ReadStep, type ReadWorkflow } from './reading';

/**
 * What cannot be by the schemas that are given, whatever the run gives. What they leave open is not found.
 * @param contexts of the workflow
 */
export function* typeFindings(
  { byId }: ReadWorkflow,
  contexts: ContextShapes,
  step: ReadStep,
  expressions: readonly Expression[],
): Generator<Finding> {
  const schema = inputSchemaOf(step.fields);
  const input = ofSchema(schema);
  const context = contexts.of(step);
  let whole: Shape | undefined;
  for (const expression of expressions) {
    const { compiled, path } = expression;
    // Of the other ones something else has been said.
    if (!compiled.ok || compiled.value.steps.some((id) => !byId.has(id))) continue;
    if (compiled.value.readsItem && !expression.ofItem) continue;
    const fault =
      'evaluate' in compiled.value
        ? conditionFault(compiled.value, context)
        : pathFault(compiled.value, expression, context, input);
    if (fault !== undefined) yield { pointer: toPointer(path), ...fault };
    if (expression.use === 'inputs' && 'shapeIn' in compiled.value) whole = compiled.value.shapeIn(context);
  }
  if (schema !== undefined) yield* missingFindings(step, input, whole);
}

type Fault = Pick<Finding, 'code' | 'message'> | undefined;

function conditionFault(condition: Condition, context: Shape): Fault {
  const message = condition.typeFault(context);
  return message === undefined ? undefined : { code: 'type-mismatch', message };
}

function pathFault(path: Path, { use, field }: Expression, context: Shape, input: Shape): Fault {
  const types = typesOf(path.shapeIn(context));
  if (types === 0)
    return { code: 'leads-nowhere', message: 'by the schemas there can be nothing at this path' };
  switch (use) {
    case 'inputs':
      return misfit(types, typesOf(input), 'the input of the step');
    case 'field': {
      const needed = typesOf(fieldOf(input, field ?? ''));
      return misfit(types, needed, `the field "${field}" of the input of the step`);
    }
    case 'over':
      if ((types & ARRAY) !== 0) return undefined;
      return { code: 'map-over-no-list', message: `a map goes over a list; this is ${namesOf(types)}` };
    case 'until':
      return misfit(types, STRING, 'an instant');
    default:
      return undefined;
  }
}

function misfit(types: Types, needed: Types, what: string): Fault {
  if ((types & needed) !== 0) return undefined;
  const may =
    needed === 0 ? 'cannot be there by its schema' : `must be ${namesOf(needed)}; this is ${namesOf(types)}`;
  return { code: 'type-mismatch', message: `${what} ${may}` };
}

/** Fields that the schema of the input requires and nothing gives. Of an input by reference nothing is known. */
function* missingFindings(step: ReadStep, schema: Shape, whole: Shape | undefined): Generator<Finding> {
  const { fields, path } = step;
  if (fields['inputRef'] !== undefined) return;
  const given = givenTo(step);
  for (const name of requiredBy(schema)) {
    const isMissing = whole === undefined ? given?.has(name) === false : typesOf(fieldOf(whole, name)) === 0;
    if (isMissing)
      yield {
        pointer: toPointer(path),
        code: 'missing-input',
        message: `the schema of the input requires "${name}", and nothing gives it`,
      };
  }
}

/** Names of the fields of its input, where they are known. */
function givenTo({ fields, dependsOn }: ReadStep): Set<string> | undefined {
  const { input, inputs } = fields;
  if (typeof inputs === 'string' || (input !== undefined && !isRecord(input))) return undefined;
  const names = new Set(Object.keys(input ?? {}));
  if (isRecord(inputs)) for (const name of Object.keys(inputs)) names.add(name);
  else {
    if (dependsOn.length > 0) names.add('upstream');
    if (fields['map'] !== undefined) names.add('item').add('index');
  }
  return names;
}
