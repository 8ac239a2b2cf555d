import { LIMITS } from '@multiswarm/contracts';
import { compileCondition, type Condition } from '../expression/condition';
import { compilePath, type Path } from '../expression/path';
import { isRecord, recordAt, type ReadStep } from './reading';

/** An expression of a step, with its place. */
export interface Expression {
  readonly path: readonly PropertyKey[];
  /** `$.item` and `$.index` are there. */
  readonly ofItem: boolean;
  /** May look at every step of the run, not only at those upstream. */
  readonly seesAll: boolean;
  readonly use: 'when' | 'inputs' | 'field' | 'over' | 'until' | 'undo';
  /** Of `use: field` its name. */
  readonly field?: string;
  readonly compiled:
    | { readonly ok: true; readonly value: Condition | Path }
    | { readonly ok: false; readonly message: string };
}

/** All expressions of a step. What the schema refuses already is left out. */
export function* expressionsOf(step: ReadStep): Generator<Expression> {
  const { fields, path } = step;
  const ofItem = fields['map'] !== undefined;
  const upstream = { ofItem, seesAll: false };
  const when = fields['when'];
  if (typeof when === 'string' && when !== '' && when.length <= LIMITS.EXPRESSION_CHARS)
    yield { ...upstream, path: [...path, 'when'], use: 'when', compiled: conditionOf(when) };
  yield* inputsOf(fields['inputs'], { ...upstream, path: [...path, 'inputs'] });
  const over = recordAt(fields, 'map')?.['over'];
  if (isPath(over))
    yield {
      path: [...path, 'map', 'over'],
      ofItem: false,
      seesAll: false,
      use: 'over',
      compiled: pathOf(over),
    };
  const until = recordAt(fields, 'sleep')?.['until'];
  if (isPath(until))
    yield {
      path: [...path, 'sleep', 'until'],
      ofItem: false,
      seesAll: false,
      use: 'until',
      compiled: pathOf(until),
    };
  const undo = recordAt(fields, 'compensate');
  const all = { path: [...path, 'compensate', 'inputs'], ofItem: false, seesAll: true };
  for (const expression of inputsOf(undo?.['inputs'], all)) yield { ...expression, use: 'undo' };
}

function* inputsOf(
  inputs: unknown,
  place: Pick<Expression, 'path' | 'ofItem' | 'seesAll'>,
): Generator<Expression> {
  if (isPath(inputs)) yield { ...place, use: 'inputs', compiled: pathOf(inputs) };
  if (!isRecord(inputs)) return;
  for (const [field, text] of Object.entries(inputs))
    if (isPath(text))
      yield { ...place, path: [...place.path, field], use: 'field', field, compiled: pathOf(text) };
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('$') && value.length <= LIMITS.EXPRESSION_CHARS;
}

function pathOf(text: string): Expression['compiled'] {
  const result = compilePath(text);
  return result.ok ? { ok: true, value: result.path } : result;
}

function conditionOf(text: string): Expression['compiled'] {
  const result = compileCondition(text);
  return result.ok ? { ok: true, value: result.condition } : result;
}
