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

type Use = Expression['use'];
type Place = Pick<Expression, 'path' | 'ofItem' | 'seesAll'>;

/** All expressions of a step. What the schema refuses already is left out. */
export function expressionsOf({ fields, path }: ReadStep): readonly Expression[] {
  const { when, inputs, map, sleep, compensate } = fields;
  if ((when ?? inputs ?? map ?? sleep ?? compensate) === undefined) return NONE;
  const found: Expression[] = [];
  const ofItem = map !== undefined;
  if (typeof when === 'string' && when !== '' && when.length <= LIMITS.EXPRESSION_CHARS)
    found.push({ ...ahead([...path, 'when']), use: 'when', compiled: conditionOf(when) });
  inputsOf(inputs, { path: [...path, 'inputs'], ofItem, seesAll: false }, found);
  addPath(found, recordAt(fields, 'map')?.['over'], 'over', ahead([...path, 'map', 'over']));
  addPath(found, recordAt(fields, 'sleep')?.['until'], 'until', ahead([...path, 'sleep', 'until']));
  const undo: Place = { path: [...path, 'compensate', 'inputs'], ofItem: false, seesAll: true };
  inputsOf(recordAt(fields, 'compensate')?.['inputs'], undo, found);
  return found;
}

const NONE: readonly Expression[] = [];

/** Of the step as a whole, also of a map. */
const ahead = (path: readonly PropertyKey[]): Place => ({ path, ofItem: false, seesAll: false });

function inputsOf(inputs: unknown, place: Place, found: Expression[]): void {
  addPath(found, inputs, place.seesAll ? 'undo' : 'inputs', place);
  if (!isRecord(inputs)) return;
  for (const [field, text] of Object.entries(inputs))
    addPath(found, text, place.seesAll ? 'undo' : 'field', { ...place, path: [...place.path, field] }, field);
}

function addPath(found: Expression[], text: unknown, use: Use, place: Place, field?: string): void {
  if (!isPath(text)) return;
  const { path, ofItem, seesAll } = place;
  const compiled = pathOf(text);
  found.push({ path, ofItem, seesAll, use, compiled, ...(field === undefined ? {} : { field }) });
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
