import type { JsonValue } from '@multiswarm/contracts';

/** A set of JSON types, one bit each. A number with a fraction is none of the integers, which are numbers. */
export type Types = number;

export const NULL = 1;
export const BOOLEAN = 2;
export const INTEGER = 4;
const FRACTION = 8;
export const NUMBER = INTEGER | FRACTION;
export const STRING = 16;
export const ARRAY = 32;
export const OBJECT = 64;
export const ANY = 127;

const BY_NAME: Readonly<Record<string, Types>> = {
  null: NULL,
  boolean: BOOLEAN,
  integer: INTEGER,
  number: NUMBER,
  string: STRING,
  array: ARRAY,
  object: OBJECT,
};

/** Of the names of JSON Schema. A name that it does not have may be anything. */
export function typesNamed(names: unknown): Types {
  const all: unknown[] = Array.isArray(names) ? names : [names];
  return all.reduce<Types>(
    (types, name) =>
      types | (typeof name === 'string' && Object.hasOwn(BY_NAME, name) ? (BY_NAME[name] ?? ANY) : ANY),
    0,
  );
}

export function typeOfValue(value: JsonValue): Types {
  if (value === null) return NULL;
  if (Array.isArray(value)) return ARRAY;
  if (typeof value === 'number') return Number.isInteger(value) ? INTEGER : FRACTION;
  return typesNamed(typeof value);
}

/** For messages: `string or null`. */
export function namesOf(types: Types): string {
  const names = Object.entries(BY_NAME)
    .filter(([name, bits]) => (types & bits) === bits && !(name === 'integer' && (types & FRACTION) !== 0))
    .map(([name]) => name);
  return names.length === 0 ? 'nothing' : names.join(' or ');
}
