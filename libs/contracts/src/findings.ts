import type { z } from 'zod';
import { MultiswarmError, type ErrorCode, type Finding } from './errors';
import { LIMITS } from './limits';

/** `['tasks', 2, 'input']` as an RFC 6901 JSON pointer: `/tasks/2/input`. */
export function toPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** All issues of a failed parse, one finding per unknown key, at most `LIMITS.FINDINGS`. */
export function toFindings(error: z.ZodError, base: readonly PropertyKey[] = []): Finding[] {
  const findings = error.issues.flatMap((issue): Finding[] => {
    const path = [...base, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        pointer: toPointer([...path, key]),
        code: 'unknown-field',
        message: `unknown field "${key}": remove it or check its spelling`,
      }));
    }
    return [{ pointer: toPointer(path), code: issue.code.replaceAll('_', '-'), message: issue.message }];
  });
  return findings.slice(0, LIMITS.FINDINGS);
}

/** Parses or throws one `MultiswarmError` that lists every fault with its place. */
export function parseOrThrow<S extends z.ZodType>(schema: S, value: unknown, code: ErrorCode = 'invalid-request'): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const findings = toFindings(parsed.error);
  throw new MultiswarmError(code, summarize(findings), { findings });
}

/** The first finding in a sentence, and how many more there are. */
export function summarize(findings: readonly Finding[]): string {
  const [first, ...rest] = findings;
  if (!first) return 'the request is not valid';
  const more = rest.length > 0 ? ` (and ${rest.length} more)` : '';
  return `${first.pointer || '/'}: ${first.message}${more}`;
}
