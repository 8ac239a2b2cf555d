import type { JsonValue } from '@multiswarm/contracts';
import { ExpressionError } from './expression-error';
import { isJsonObject, kindOf } from './json-equals';
import type { Meter } from './meter';

interface CelFunction {
  /** Counting the value of a method. */
  arity: number;
  call(meter: Meter, of: JsonValue, argument: JsonValue): JsonValue;
}

/** `size(x)` and the like. */
export const FUNCTIONS: Readonly<Record<string, CelFunction>> = {
  size: { arity: 1, call: size },
  int: { arity: 1, call: (_, of) => Math.trunc(numberOf('int', of)) },
  double: { arity: 1, call: (_, of) => numberOf('double', of) },
  string: { arity: 1, call: (_, of) => textOf(of) },
  timestamp: { arity: 1, call: (_, of) => instantOf(of) },
  duration: { arity: 1, call: (_, of) => durationOf(of) },
};

/** `x.size()` and the like. */
export const METHODS: Readonly<Record<string, CelFunction>> = {
  size: { arity: 1, call: size },
  startsWith: textMethod('startsWith', (text, part) => text.startsWith(part)),
  endsWith: textMethod('endsWith', (text, part) => text.endsWith(part)),
  contains: textMethod('contains', (text, part) => text.includes(part)),
  lowerAscii: changedText('lowerAscii', (text) => text.replace(/[A-Z]+/g, (part) => part.toLowerCase())),
  upperAscii: changedText('upperAscii', (text) => text.replace(/[a-z]+/g, (part) => part.toUpperCase())),
  trim: changedText('trim', (text) => text.trim()),
};

function size(meter: Meter, of: JsonValue): number {
  if (Array.isArray(of)) return of.length;
  if (typeof of === 'string') {
    meter.spendText(of);
    return Array.from(of).length; // characters, where `length` counts units of UTF-16
  }
  if (!isJsonObject(of)) throw new ExpressionError(`size does not fit ${kindOf(of)}`);
  const fields = Object.keys(of).length;
  meter.spend(fields);
  return fields;
}

function textMethod(name: string, holds: (text: string, part: string) => boolean): CelFunction {
  return {
    arity: 2,
    call: (meter, of, part) => {
      if (typeof of !== 'string' || typeof part !== 'string')
        throw new ExpressionError(`${name} does not fit ${kindOf(of)} and ${kindOf(part)}`);
      meter.spendSearch(of, part);
      return holds(of, part);
    },
  };
}

function changedText(name: string, change: (text: string) => string): CelFunction {
  return {
    arity: 1,
    call: (meter, of) => {
      if (typeof of !== 'string') throw new ExpressionError(`${name} does not fit ${kindOf(of)}`);
      meter.spendText(of);
      return change(of);
    },
  };
}

const NUMBER = /^[+-]?(\d+(\.\d+)?|\.\d+)(e[+-]?\d+)?$/i;
const NUMBER_CHARS = 64;

function numberOf(name: string, of: JsonValue): number {
  if (typeof of === 'number') return of;
  if (typeof of === 'string' && of.length <= NUMBER_CHARS && NUMBER.test(of)) return Number(of);
  throw new ExpressionError(`${name} cannot make a number of ${shown(of)}`);
}

function textOf(of: JsonValue): string {
  if (typeof of === 'string') return of;
  if (typeof of === 'number' || typeof of === 'boolean') return String(of);
  throw new ExpressionError(`string does not fit ${kindOf(of)}`);
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

function instantOf(of: JsonValue): number {
  const ms = typeof of === 'string' && of.length <= NUMBER_CHARS && INSTANT.test(of) ? Date.parse(of) : NaN;
  if (Number.isNaN(ms))
    throw new ExpressionError(`timestamp needs a text such as "2030-01-31T12:00:00Z", not ${shown(of)}`);
  return ms;
}

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const DURATION = /^-?(\d+(\.\d+)?(ms|s|m|h))+$/;

function durationOf(of: JsonValue): number {
  if (typeof of !== 'string' || of.length > NUMBER_CHARS || !DURATION.test(of))
    throw new ExpressionError(`duration needs a text such as "1h30m", not ${shown(of)}`);
  let ms = 0;
  for (const [, amount, unit] of of.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
    ms += Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS]; // by the pattern
  return of.startsWith('-') ? -ms : ms;
}

const SHOWN_CHARS = 40;

function shown(of: JsonValue): string {
  if (typeof of !== 'string') return kindOf(of);
  return `"${of.length > SHOWN_CHARS ? `${of.slice(0, SHOWN_CHARS)}…` : of}"`;
}
