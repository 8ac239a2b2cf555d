import { z } from 'zod';
import { explain } from './explain';

/** What JSON may be, before anybody has looked at it. */
export type Unknown = Record<string, unknown>;

/**
 * A schema for messages that come by the thousand: a check by hand, and zod, which takes many times as long, only for what
 * does not pass it, to fill in what is left out or to list what is wrong.
 * @param fits true only for what the schema would take and leave as it is
 */
export function quick<S extends z.ZodType>(
  schema: S,
  fits: (value: unknown) => boolean,
): z.ZodType<z.output<S>> {
  // It fits, and there is nothing in it that parsing would change.
  return quickly(schema, (value) => (fits(value) ? (value as z.output<S>) : undefined));
}

/**
 * The same, where something is left to be filled in.
 * @param take what the schema would make of a value; undefined where that is for the schema to say
 * @param learn told what the schema has taken
 */
export function quickly<S extends z.ZodType>(
  schema: S,
  take: (value: unknown) => z.output<S> | undefined,
  learn: (value: z.output<S>) => void = () => undefined,
): z.ZodType<z.output<S>> {
  const both = z.unknown().transform((value, context) => {
    const taken = take(value);
    if (taken !== undefined) return taken;
    const parsed = schema.safeParse(value, { error: explain });
    if (parsed.success) {
      learn(parsed.data);
      return parsed.data;
    }
    for (const issue of parsed.error.issues) context.issues.push({ ...issue, input: value } as never);
    return z.NEVER;
  });
  byHand.set(both, take);
  return both;
}

const byHand = new WeakMap<z.ZodType, (value: unknown) => unknown>();

/**
 * What a schema makes of a value, where that can be said by hand alone: zod, which would only come to call that, costs more than it
 * does. Undefined where the schema has to be asked.
 */
export function takenByHand<S extends z.ZodType>(schema: S, value: unknown): z.output<S> | undefined {
  return byHand.get(schema)?.(value) as z.output<S> | undefined; // set with that schema
}

export function isListOf(value: unknown, fits: (item: Unknown) => boolean): boolean {
  if (!Array.isArray(value)) return false;
  for (const item of value as unknown[]) if (!isObject(item) || !fits(item)) return false;
  return true;
}

/** A whole number, at least so many. */
export function isCount(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

export function isObject(value: unknown): value is Unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
