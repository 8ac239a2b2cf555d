import { toPointer, type Finding } from '@multiswarm/contracts';
import { isRecord, recordAt, type ReadStep } from './reading';

/** Inputs to which fields are added, and which are no objects. What a step says about itself the schema has looked at. */
export function* inputFindings({ fields, path, dependsOn }: ReadStep): Generator<Finding> {
  if (dependsOn.length > 0 && fields['inputs'] === undefined && fields['map'] === undefined)
    yield* notAnObject(
      fields['input'],
      [...path, 'input'],
      'the input of a step with dependencies must be an object: it receives their outputs under "upstream"',
    );
  const undo = recordAt(fields, 'compensate');
  if (undo !== undefined && typeof undo['inputs'] !== 'string')
    yield* notAnObject(
      undo['input'],
      [...path, 'compensate', 'input'],
      undo['inputs'] === undefined
        ? 'the input of a compensation must be an object: it receives the output of the step as "output"'
        : 'must be an object: inputs adds fields to it',
    );
}

function* notAnObject(input: unknown, path: readonly PropertyKey[], message: string): Generator<Finding> {
  if (input !== undefined && !isRecord(input))
    yield { pointer: toPointer(path), code: 'input-not-object', message };
}
