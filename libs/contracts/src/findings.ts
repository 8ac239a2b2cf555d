import type { z } from 'zod';
import { MultiswarmError, type ErrorCode, type Finding } from './errors';
import { explain } from './explain';
import { LIMITS } from './limits';
import { toPointer } from './pointer';
import { takenByHand } from './quick';

/** All issues of a failed parse, one finding per unknown key, at most `LIMITS.FINDINGS`. */
export function toFindings(error: z.ZodError, base: readonly PropertyKey[] = []): Finding[] {
  const findings: Finding[] = [];
  for (const issue of error.issues) {
    if (findings.length >= LIMITS.FINDINGS) break;
    findings.push(...findingsOf(issue, base));
  }
  return findings.slice(0, LIMITS.FINDINGS);
}

function findingsOf(issue: z.core.$ZodIssue, base: readonly PropertyKey[]): Finding[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, LIMITS.FINDINGS).map((key) => ({
      pointer: toPointer([...path, key]),
      code: 'unknown-field',
      message: `unknown field "${key}": remove it or check its spelling`,
    }));
  }
  const code: unknown = issue.code === 'custom' ? issue.params?.['code'] : undefined;
  return [
    {
      pointer: toPointer(path),
      code: typeof code === 'string' ? code : issue.code.replaceAll('_', '-'),
      message: issue.message,
    },
  ];
}

export type Parsed<T> = { ok: true; value: T } | { ok: false; findings: Finding[] };

/** Parses, and lists every fault with its place. Nesting so deep that the stack does not hold it is a fault like any other. */
export function parse<S extends z.ZodType>(
  schema: S,
  value: unknown,
  base: readonly PropertyKey[] = [],
): Parsed<z.output<S>> {
  try {
    const parsed = schema.safeParse(value, { error: explain });
    return parsed.success
      ? { ok: true, value: parsed.data }
      : { ok: false, findings: toFindings(parsed.error, base) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return {
      ok: false,
      findings: [{ pointer: toPointer(base), code: 'too-deep', message: 'nested too deeply' }],
    };
  }
}

/**
 * As `parse`, for what mostly fits and is read often: words for faults make zod several times as slow, so they are looked for only where
 * there is a fault.
 */
export function parseFitting<S extends z.ZodType>(
  schema: S,
  value: unknown,
  base: readonly PropertyKey[] = [],
): Parsed<z.output<S>> {
  try {
    const parsed = schema.safeParse(value);
    if (parsed.success) return { ok: true, value: parsed.data };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return parse(schema, value, base);
}

/** Parses or throws one `MultiswarmError` that lists every fault with its place. */
export function parseOrThrow<S extends z.ZodType>(
  schema: S,
  value: unknown,
  code: ErrorCode = 'invalid-request',
): z.output<S> {
  const taken = takenByHand(schema, value);
  if (taken !== undefined) return taken;
  const parsed = parse(schema, value);
  if (parsed.ok) return parsed.value;
  throw new MultiswarmError(code, summarize(parsed.findings), { findings: parsed.findings });
}

/** The first finding in a sentence, and how many more there are. */
export function summarize(findings: readonly Finding[]): string {
  const [first, ...rest] = findings;
  if (!first) return 'the request is not valid';
  const more = rest.length > 0 ? ` (and ${rest.length} more)` : '';
  return `${first.pointer || '/'}: ${first.message}${more}`;
}
