import { z } from 'zod';
import { LIMITS } from './limits';

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.:/-]*$/;
const TOKEN = /^[A-Za-z0-9][A-Za-z0-9_-]*$/;
const RUN_STEP = /^[A-Za-z0-9][A-Za-z0-9_.:/-]*(\[\d+\])?$/;
/** What a run may add to the id of a step: `undo:`, and the number of an item in brackets. */
const MADE_CHARS = 16;
/** With the flag, whole pairs are one character, which is none of these. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;
const LONE_SURROGATES = /[\ud800-\udfff]/gu;
const REGION_PATTERN = /^[A-Za-z0-9*][A-Za-z0-9_*-]*$/;

/** A name with its own text for where there is none. */
export function nameOf(missing?: string) {
  return z
    .string({ error: ({ input }) => (input === undefined ? missing : undefined) })
    .max(LIMITS.NAME_CHARS)
    .regex(NAME, 'letters, digits and _ . : / - only, starting with a letter or digit');
}

/** Types, capabilities, label keys: what people write. No spaces, no NATS wildcards. */
export const Name = nameOf();

/** Ids that become one token of a NATS subject: no dots. */
export const Token = z
  .string()
  .max(LIMITS.NAME_CHARS)
  .regex(TOKEN, 'letters, digits, _ and - only, starting with a letter or digit');

export const Region = Token;
export const SwarmId = Token;
export const Namespace = Token;
/** A step as whoever submits a workflow names it. */
export const StepId = Name;
/** How the ids of compensations begin: `undo:` and the step. */
export const UNDO = 'undo:';
/** A step of a run: as submitted, or made by the run: `fetch[3]` is an item of a map, `undo:fetch` a compensation. */
export const RunStepId = z
  .string()
  .max(LIMITS.NAME_CHARS + MADE_CHARS)
  .regex(RUN_STEP, 'the id of a step, or of an item of a map such as fetch[3]');
export const Scalar = z.union([z.string().max(LIMITS.METADATA_VALUE_CHARS), z.number(), z.boolean()]);
export type Scalar = z.infer<typeof Scalar>;

/**
 * Entries by key. An entry with the key `__proto__` is refused: zod's record leaves it out without a word. With too many, none
 * is looked at: megabytes of labels cost no more than counting them.
 */
export function recordOf<K extends z.core.$ZodRecordKey, V extends z.ZodType>(
  key: K,
  value: V,
  most = Infinity,
) {
  const record = z.record(key, value);
  const checked = z.preprocess((given, context) => {
    if (typeof given !== 'object' || given === null) return given;
    if (Object.hasOwn(given, '__proto__'))
      context.addIssue({ code: 'custom', path: ['__proto__'], message: 'no entry may have this key' });
    if (most < Infinity && Object.keys(given).length > most)
      context.addIssue({ code: 'custom', message: `at most ${most} entries` });
    return given;
  }, record);
  return checked as unknown as z.ZodType<z.output<typeof record>, z.input<typeof record>>; // it changes nothing
}

/** Half of a pair of UTF-16 units has no place in UTF-8: two texts that differ in such halves alone would become one. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** The same text, with the sign for what cannot be shown in place of each such half: a text that was cut may end in one. */
export function wellFormed(text: string): string {
  return isWellFormed(text) ? text : text.replace(LONE_SURROGATES, '\ufffd');
}

export const NO_LONE_SURROGATE = 'has half of a pair of UTF-16 units (a lone surrogate)';

export const IdempotencyKey = z
  .string()
  .min(1)
  .max(LIMITS.NAME_CHARS)
  .refine(isWellFormed, NO_LONE_SURROGATE);

/** ISO 8601 UTC instant on the wire. */
export const Instant = z.iso.datetime(
  'an instant in UTC such as 2030-01-31T12:00:00Z: with Z, not with an offset',
);
/** A whole number of milliseconds. */
export const Millis = z.number().int().nonnegative();

const TOO_LONG = `must be at most ${LIMITS.DURATION_MS} (ten years): leave it out where there is no limit`;
/** A limit of time that a task is given, in milliseconds. */
export const TimeLimit = z.number().int().min(1).max(LIMITS.DURATION_MS, TOO_LONG);
/** A time that may be none, in milliseconds. */
export const Span = z.number().int().min(0).max(LIMITS.DURATION_MS);

/** `eu-*` matches `eu-west`; everything but `*` is literal. */
export const RegionPattern = z
  .string()
  .max(LIMITS.NAME_CHARS)
  .regex(REGION_PATTERN, 'a region, or a pattern such as eu-*');

/** As `Name`, without zod. */
export function isName(value: unknown): value is string {
  return isShaped(value, NAME);
}

/** As `Token`, without zod. */
export function isToken(value: unknown): value is string {
  return isShaped(value, TOKEN);
}

/** As `RegionPattern`, without zod. */
export function isRegionPattern(value: unknown): value is string {
  return isShaped(value, REGION_PATTERN);
}

function isShaped(value: unknown, shape: RegExp): value is string {
  return typeof value === 'string' && value.length <= LIMITS.NAME_CHARS && shape.test(value);
}

export function matchesPattern(pattern: string, value: string): boolean {
  if (!pattern.includes('*')) return pattern === value;
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  const last = parts[parts.length - 1] ?? '';
  if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last))
    return false;
  let at = first.length;
  const end = value.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = value.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** True or false, also as a parameter of an address. */
export const Flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);
