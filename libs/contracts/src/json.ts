import { z } from 'zod';
import { LIMITS } from './limits';

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/**
 * Any JSON value, nested so many levels at most: whoever prints or walks through a deeper one may run out of stack. The value
 * stays the very one that was given, with whatever keys it has; `z.json()` would copy it, leave `__proto__` out without a
 * word, and take ten times as long.
 */
export function jsonWithin(levels: number): z.ZodType<JsonValue> {
  return z.unknown().superRefine((value, context) => {
    const fault = faultIn(value, levels);
    if (fault === undefined) return;
    if (fault === 'too-deep') {
      const message = `may be nested ${levels} levels deep at most (JSON_DEPTH)`;
      context.addIssue({ code: 'custom', message, params: { code: fault } });
    } else if (value === undefined) {
      context.addIssue({ code: 'custom', message: 'missing: expected a JSON value' });
    } else context.addIssue({ code: 'custom', message: fault.message, path: fault.path });
  }) as unknown as z.ZodType<JsonValue>; // JSON and nothing else, by the check
}

/** What somebody gives in one message or body. */
export const Json = jsonWithin(LIMITS.JSON_DEPTH);

/** Below `upstream` and the name of a step stands the output of that step. */
const UPSTREAM_LEVELS = 2;
/** The input of an attempt: what was given, with the outputs of the steps before it. */
export const EffectiveInput = jsonWithin(LIMITS.JSON_DEPTH + UPSTREAM_LEVELS);

/** What a record has around a value that somebody gave. */
const RECORD_LEVELS = 16;
/** A record as it is stored, with the values in it. */
export const StoredJson = jsonWithin(LIMITS.JSON_DEPTH + RECORD_LEVELS);

type Fault = 'too-deep' | { message: string; path: (string | number)[] };

function faultIn(value: unknown, levels: number): Fault | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      return Number.isFinite(value) ? undefined : noJson(value);
    case 'object':
      if (value === null) return undefined;
      return levels === 0 ? 'too-deep' : faultInside(value, levels - 1);
    default:
      return noJson(value);
  }
}

function faultInside(tree: object, levels: number): Fault | undefined {
  if (Array.isArray(tree)) {
    for (let index = 0; index < tree.length; index += 1) {
      const fault = faultIn(tree[index], levels);
      if (fault !== undefined) return behind(index, fault);
    }
    return undefined;
  }
  const prototype: unknown = Object.getPrototypeOf(tree);
  if (prototype !== Object.prototype && prototype !== null) return noJson(tree);
  const fields = tree as Readonly<Record<string, unknown>>;
  for (const key in fields) {
    const fault = faultIn(fields[key], levels);
    if (fault !== undefined) return behind(key, fault);
  }
  return undefined;
}

function behind(key: string | number, fault: Fault): Fault {
  if (fault !== 'too-deep') fault.path.unshift(key);
  return fault;
}

function noJson(value: unknown): Fault {
  // Text such as 1e999 is read as Infinity.
  const isLarge = value === Infinity || value === -Infinity;
  const kind = typeof value === 'object' ? Object.prototype.toString.call(value) : typeof value;
  const what = isLarge ? 'one so large' : Number.isNaN(value) ? 'NaN' : kind;
  return { message: `expected a JSON value, not ${what}`, path: [] };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether JSON text is nested deeper than that. Text with few brackets costs a few searches, and no walk. */
export function isDeeperThan(text: string, levels: number): boolean {
  return opens(text, levels) && depthExceeds(text, levels);
}

/** Whether it has more opening brackets than that, those in strings included. */
function opens(text: string, levels: number): boolean {
  let brackets = 0;
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1))
      if (++brackets > levels) return true;
  }
  return false;
}

function depthExceeds(text: string, levels: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at + 1);
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > levels) return true;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return false;
}

/** Where the string that has begun before `from` ends. */
function endOfString(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at += 1;
  }
  return text.length;
}
