import { z } from 'zod';

/** How one setting is read from text (environment) or from a parsed file, and what to tell people who get it wrong. */
export interface ValueType<T> {
  /** What is allowed, as the end of the sentence "allowed: …". */
  readonly allowed: string;
  /** The value, or undefined where it is not allowed. */
  read(given: unknown): T | undefined;
}

function asNumber(given: unknown): number | undefined {
  if (typeof given === 'number') return given;
  if (typeof given !== 'string' || !/^[+-]?\d+(\.\d+)?$/.test(given.trim())) return undefined;
  return Number(given);
}

function limited(allowed: string, fits: (value: number) => boolean): ValueType<number> {
  return {
    allowed,
    read: (given) => {
      const value = asNumber(given);
      return value !== undefined && fits(value) ? value : undefined;
    },
  };
}

export function integer(min: number, max: number): ValueType<number> {
  const fits = (value: number): boolean => Number.isInteger(value) && value >= min && value <= max;
  return limited(`a whole number from ${min} to ${max}`, fits);
}

/** A share of one: 0 to 1. */
export function share(): ValueType<number> {
  return limited('a number from 0 to 1', (value) => value >= 0 && value <= 1);
}

const TRUE = new Set(['true', '1', 'yes', 'on']);
const FALSE = new Set(['false', '0', 'no', 'off']);

export function flag(): ValueType<boolean> {
  return {
    allowed: 'true or false',
    read: (given) => {
      if (typeof given === 'boolean') return given;
      const text = String(given).trim().toLowerCase();
      return TRUE.has(text) ? true : FALSE.has(text) ? false : undefined;
    },
  };
}

/** One of these words; `Round_Robin` is read as `round-robin`. */
export function oneOf<const V extends string>(values: readonly V[]): ValueType<V> {
  const plain = (word: string): string => word.trim().toLowerCase().replaceAll('_', '-');
  return {
    allowed: values.join(', '),
    read: (given) => values.find((value) => value === plain(String(given))),
  };
}

/** What one of two takes; the first is asked first. */
export function either<A, B>(first: ValueType<A>, second: ValueType<B>): ValueType<A | B> {
  return {
    allowed: `${first.allowed}, or ${second.allowed}`,
    read: (given) => first.read(given) ?? second.read(given),
  };
}

export function matching(allowed: string, pattern: RegExp): ValueType<string> {
  return {
    allowed,
    read: (given) => (typeof given === 'string' && pattern.test(given.trim()) ? given.trim() : undefined),
  };
}

function isUrl(schemes: readonly string[]): (text: string) => boolean {
  const url = z.url({ protocol: new RegExp(`^(${schemes.join('|')})$`) });
  return (text) => url.safeParse(text).success;
}

const form = (schemes: readonly string[]): string =>
  schemes.map((scheme) => `${scheme}://host:port`).join(' or ');

/** A URL of one of these schemes (without the colon). */
export function url(...schemes: string[]): ValueType<string> {
  const valid = isUrl(schemes);
  return {
    allowed: form(schemes),
    read: (given) => (valid(String(given).trim()) ? String(given).trim() : undefined),
  };
}

/** One or more URLs, separated by commas. */
export function urls(...schemes: string[]): ValueType<string> {
  const valid = isUrl(schemes);
  return {
    allowed: `${form(schemes)}, several separated by commas`,
    read: (given) => {
      const parts = String(given)
        .split(',')
        .map((part) => part.trim());
      return parts.every(valid) ? parts.join(',') : undefined;
    },
  };
}

/** A list, as an array in a file or separated by commas. */
export function listOf<V extends string>(item: ValueType<V>): ValueType<V[]> {
  return {
    allowed: `one or more of: ${item.allowed}; separated by commas`,
    read: (given) => {
      const parts: unknown[] = Array.isArray(given) ? given : String(given).split(',');
      const values = parts.map((part) => item.read(String(part).trim()));
      const valid = values.filter((value) => value !== undefined);
      return valid.length === values.length && valid.length > 0 ? valid : undefined;
    },
  };
}

/** As `listOf`, or none at all. */
export function anyListOf<V extends string>(item: ValueType<V>): ValueType<V[]> {
  const some = listOf(item);
  const isNone = (given: unknown): boolean =>
    Array.isArray(given) ? given.length === 0 : String(given).trim() === '';
  return {
    allowed: `any number of: ${item.allowed}; separated by commas`,
    read: (given) => (isNone(given) ? [] : some.read(given)),
  };
}
