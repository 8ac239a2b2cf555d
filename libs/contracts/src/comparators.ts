import { z } from 'zod';
import { LIMITS } from './limits';
import { Scalar } from './names';

/** What a task may ask of a value, beside naming it. Each is a key of an object; several keys must hold together. */
export const COMPARATORS = ['=', '!=', '<', '<=', '>', '>=', 'in', 'not in', 'exists'] as const;
export type Comparator = (typeof COMPARATORS)[number];

/** Entries, each once: what is listed twice is mostly a slip of another entry. */
function distinct<T extends z.ZodType>(item: T) {
  return z
    .array(item)
    .min(1)
    .max(LIMITS.LIST_ITEMS)
    .refine((items) => new Set(items).size === items.length, 'an entry is in the list twice: leave one out');
}

const AT_LEAST_ONE = 'say what is asked, by at least one of';

function refused(constraint: Constraint, context: z.core.$RefinementCtx, words: readonly string[]): void {
  const fault =
    Object.keys(constraint).length === 0
      ? `${AT_LEAST_ONE} ${words.join(', ')}`
      : contradictionIn(constraint);
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
}

/** What is asked of an attribute. Order is that of numbers: no text is less than another. */
export const AttributeConstraint = z
  .strictObject({
    '=': Scalar.optional().describe('this value; of a number exactly this'),
    '!=': Scalar.optional().describe('not this value; also passed where there is none'),
    '<': z.number().optional(),
    '<=': z.number().optional(),
    '>': z.number().optional(),
    '>=': z.number().optional(),
    in: distinct(Scalar).optional().describe('one of these'),
    'not in': distinct(Scalar).optional().describe('none of these; also passed where there is no value'),
    exists: z.boolean().optional().describe('whether it is declared at all'),
  })
  .superRefine((constraint, context) => {
    refused(constraint, context, COMPARATORS);
  });
export type AttributeConstraint = z.infer<typeof AttributeConstraint>;

const LABEL_COMPARATORS = COMPARATORS.filter((comparator) => !/[<>]/.test(comparator));
const LabelText = z.string().max(LIMITS.NAME_CHARS);

/** What is asked of a label, whose values are texts. */
export const LabelConstraint = z
  .strictObject({
    '=': LabelText.optional(),
    '!=': LabelText.optional().describe('another, or no such label'),
    in: distinct(LabelText).optional(),
    'not in': distinct(LabelText).optional().describe('another, or no such label'),
    exists: z.boolean().optional(),
  })
  .superRefine((constraint, context) => {
    refused(constraint, context, LABEL_COMPARATORS);
  });
export type LabelConstraint = z.infer<typeof LabelConstraint>;

type Constraint = AttributeConstraint | LabelConstraint;
type Ordering = Extract<Comparator, '<' | '<=' | '>' | '>='>;
const ORDERINGS = ['<', '<=', '>', '>='] as const satisfies readonly Ordering[];

/** Whether a single value passes all that is said of values. What is said of there being one is `exists`. */
export function holds(constraint: Constraint, value: Scalar): boolean {
  return isWanted(constraint, value) && !isUnwanted(constraint, value);
}

/**
 * Whether what a swarm declares satisfies a constraint. Of a list, one item must pass `=`, `in` and the orderings together, and
 * none may be what `!=` and `not in` rule out. What is not declared passes `!=`, `not in` and `exists: false` alone.
 */
export function satisfiesConstraint(
  declared: Scalar | readonly Scalar[] | undefined,
  constraint: Constraint,
): boolean {
  const values = declared === undefined ? [] : typeof declared === 'object' ? declared : [declared];
  const { exists } = constraint;
  if (exists !== undefined && exists !== values.length > 0) return false;
  if (values.some((value) => isUnwanted(constraint, value))) return false;
  return !wantsValue(constraint) || values.some((value) => isWanted(constraint, value));
}

function isWanted(constraint: Constraint, value: Scalar): boolean {
  const { '=': equal, in: among } = constraint;
  if (equal !== undefined && value !== equal) return false;
  if (among !== undefined && !(among as readonly Scalar[]).includes(value)) return false;
  return ORDERINGS.every((ordering) => {
    const bound = boundOf(constraint, ordering);
    return bound === undefined || (typeof value === 'number' && isOrdered(value, ordering, bound));
  });
}

function isUnwanted(constraint: Constraint, value: Scalar): boolean {
  const { '!=': unequal, 'not in': excluded } = constraint;
  return value === unequal || ((excluded as readonly Scalar[] | undefined)?.includes(value) ?? false);
}

/** Whether there has to be a value. */
function wantsValue(constraint: Constraint): boolean {
  return (
    constraint['='] !== undefined ||
    constraint.in !== undefined ||
    ORDERINGS.some((ordering) => boundOf(constraint, ordering) !== undefined)
  );
}

function boundOf(constraint: Constraint, ordering: Ordering): number | undefined {
  return (constraint as AttributeConstraint)[ordering]; // a label has none
}

function isOrdered(value: number, ordering: Ordering, bound: number): boolean {
  switch (ordering) {
    case '<':
      return value < bound;
    case '<=':
      return value <= bound;
    case '>':
      return value > bound;
    case '>=':
      return value >= bound;
  }
}

/** Why no value whatever could pass, or undefined where some could. */
export function contradictionIn(constraint: Constraint): string | undefined {
  const asked = constraintText(constraint);
  if (!wantsValue(constraint)) return undefined;
  if (constraint.exists === false) return `${asked}: what does not exist has no value; leave out one of them`;
  const { '=': equal, in: among } = constraint;
  const named: readonly Scalar[] | undefined = equal === undefined ? among : [equal];
  const possible =
    named === undefined ? isSomeBetween(constraint) : named.some((value) => holds(constraint, value));
  return possible ? undefined : `${asked}: no value can be all of this`;
}

/** Whether the orderings leave a number that is not ruled out. Between two different bounds there are more than a list can rule out. */
function isSomeBetween(constraint: Constraint): boolean {
  const low = Math.max(boundOf(constraint, '>') ?? -Infinity, boundOf(constraint, '>=') ?? -Infinity);
  const high = Math.min(boundOf(constraint, '<') ?? Infinity, boundOf(constraint, '<=') ?? Infinity);
  return low < high || (low === high && holds(constraint, low));
}

/** `>= 24 and not in a, b`, for people. */
export function constraintText(constraint: Constraint): string {
  return COMPARATORS.flatMap((comparator) => {
    const asked = (constraint as AttributeConstraint)[comparator];
    return asked === undefined ? [] : [clauseText(comparator, asked)];
  }).join(' and ');
}

const MOST_SHOWN = 5;

function clauseText(comparator: Comparator, asked: Scalar | readonly Scalar[]): string {
  if (comparator === 'exists') return asked === true ? 'exists' : 'does not exist';
  if (typeof asked !== 'object') return `${comparator} ${valueText(asked)}`;
  const more = asked.length > MOST_SHOWN ? ` and ${asked.length - MOST_SHOWN} more` : '';
  return `${comparator} ${asked.slice(0, MOST_SHOWN).map(valueText).join(', ')}${more}`;
}

const VALUE_CHARS = 64;

function valueText(value: Scalar): string {
  return String(value).slice(0, VALUE_CHARS);
}

/** Whether every key of an object is a comparator, so that it can only be a constraint. */
export function looksLikeConstraint(given: unknown): boolean {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return false;
  const keys = Object.keys(given);
  return keys.length > 0 && keys.every((key) => (COMPARATORS as readonly string[]).includes(key));
}

export const AttributeAsked = z.union([Scalar, AttributeConstraint]);
export type AttributeAsked = z.infer<typeof AttributeAsked>;
export const LabelAsked = z.union([LabelText, LabelConstraint]);
export type LabelAsked = z.infer<typeof LabelAsked>;
