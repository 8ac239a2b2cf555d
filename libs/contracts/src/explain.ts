import type { z } from 'zod';
import { toPointer } from './pointer';

type RawIssue = z.core.$ZodRawIssue;

const MOST_SHOWN = 40;

/**
 * What a value may be where a schema refuses it, in words that say what to write instead. It is the `error` of a parse: where
 * a schema has a text of its own, that one stands.
 * @returns undefined where zod's own text stands
 */
export function explain(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return expected(noun(issue.expected), issue.input);
    case 'invalid_value':
      return expected(oneOf(issue.values.map(String)), issue.input);
    case 'too_small':
      return bound(
        issue.origin,
        issue.inclusive === false ? 'more than' : 'at least',
        issue.minimum,
        issue.input,
      );
    case 'too_big':
      return bound(
        issue.origin,
        issue.inclusive === false ? 'less than' : 'at most',
        issue.maximum,
        issue.input,
      );
    case 'invalid_key':
      return `the key ${shown(issue.path?.at(-1))}: ${issue.issues[0]?.message ?? 'not a key of this object'}`;
    case 'invalid_union':
      return unionText(issue);
    default:
      return undefined;
  }
}

function expected(what: string, given: unknown): string {
  if (given === undefined) return `missing: expected ${what}`;
  if (Number.isNaN(given)) return `expected ${what}`;
  const not = typeof given === 'number' && !Number.isFinite(given) ? 'one so large' : shown(given);
  return `expected ${what}, not ${not}`;
}

const NOUNS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
};

function noun(type: string): string {
  return NOUNS[type] ?? type;
}

const UNITS: Readonly<Record<string, string>> = {
  string: 'characters',
  array: 'entries',
  record: 'entries',
  object: 'entries',
};

const ONE: Readonly<Record<string, string>> = {
  string: 'character',
  array: 'entry',
  record: 'entry',
  object: 'entry',
};

function bound(origin: string, relation: string, limit: number | bigint, given: unknown): string {
  const unit = limit === 1 ? ONE[origin] : UNITS[origin];
  if (unit === undefined) return `must be ${relation} ${limit}, not ${shown(given)}`;
  return given === '' ? 'must not be empty' : `must have ${relation} ${limit} ${unit}, not ${sizeOf(given)}`;
}

function sizeOf(given: unknown): number {
  if (typeof given === 'string' || Array.isArray(given)) return given.length;
  return Object.keys(given ?? {}).length;
}

/** Of the kinds that a value may have, the one that it has tells what is wrong inside; else all of them are named. */
function unionText({ errors, input }: Extract<RawIssue, { code: 'invalid_union' }>): string | undefined {
  const inside = errors.find(([first]) => first !== undefined && first.path.length > 0)?.[0];
  if (inside)
    return `${toPointer(inside.path)}${inside.message.startsWith('/') ? '' : ': '}${inside.message}`;
  const [own, ...others] = errors.filter(([first]) => first !== undefined && first.code !== 'invalid_type');
  if (own?.[0] && others.length === 0) return own[0].message;
  const kinds = errors.flatMap(([first]) => (first?.code === 'invalid_type' ? [noun(first.expected)] : []));
  return kinds.length === errors.length && kinds.length > 0
    ? expected(oneOf([...new Set(kinds)]), input)
    : undefined;
}

function oneOf(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`;
}

function shown(value: unknown): string {
  if (typeof value === 'string') {
    const text = value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}…` : value;
    return JSON.stringify(text);
  }
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
