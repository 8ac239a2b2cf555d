import fc from 'fast-check';
import { z } from 'zod';
import { MultiswarmError } from './errors';
import { parse, parseFitting, parseOrThrow, summarize, toFindings } from './findings';
import { LIMITS } from './limits';
import { toPointer } from './pointer';
import { TaskSubmission } from './task';

test('a pointer escapes what RFC 6901 gives a meaning', () => {
  expect(toPointer([])).toBe('');
  expect(toPointer(['tasks', 2, 'input'])).toBe('/tasks/2/input');
  expect(toPointer(['a/b', 'm~n', '~1', ''])).toBe('/a~1b/m~0n/~01/');
});

test('each unknown key is a finding of its own, below the base', () => {
  const parsed = z.strictObject({}).safeParse({ a: 1, 'b/c': 2 });
  expect(toFindings(parsed.error!, ['body', 0]).map(({ pointer }) => pointer)).toEqual([
    '/body/0/a',
    '/body/0/b~1c',
  ]);
});

test('no request gets more findings than the limit, whatever it has too many of', () => {
  const many = Array.from({ length: LIMITS.FINDINGS * 3 }, (_, index) => index);
  const wrong = z.array(z.string()).safeParse(many);
  expect(toFindings(wrong.error!)).toHaveLength(LIMITS.FINDINGS);
  const unknown = z.strictObject({}).safeParse(Object.fromEntries(many.map((key) => [`k${key}`, 1])));
  expect(toFindings(unknown.error!)).toHaveLength(LIMITS.FINDINGS);
});

test('a failed parse throws one error with all faults and the code that was asked for', () => {
  const schema = z.strictObject({ a: z.string(), b: z.number() });
  expect(parseOrThrow(schema, { a: 'x', b: 1 })).toEqual({ a: 'x', b: 1 });
  const thrown = catchError(() => parseOrThrow(schema, { a: 1 }, 'invalid-configuration'));
  expect(thrown.code).toBe('invalid-configuration');
  expect(thrown.findings.map(({ pointer }) => pointer)).toEqual(['/a', '/b']);
  expect(thrown.message).toBe('/a: expected text, not 1 (and 1 more)');
});

test('nesting that no stack holds is a finding, not a crash', () => {
  let deep: unknown = 1;
  for (let level = 0; level < 200_000; level++) deep = [deep];
  expect(parse(TaskSubmission, { type: 'a', input: deep })).toEqual({
    ok: false,
    findings: [
      {
        pointer: '/input',
        code: 'too-deep',
        message: 'may be nested 100 levels deep at most (JSON_DEPTH)',
      },
    ],
  });
});

test('an error of a schema itself is not taken for a fault of the request', () => {
  const broken = z.unknown().transform(() => {
    throw new TypeError('broken rule');
  });
  expect(() => parse(broken, 1)).toThrow(new TypeError('broken rule'));
});

test('what is looked at without words for faults first comes to the same', () => {
  const schema = z.strictObject({ a: z.number().min(1).default(2), b: z.array(z.string()).optional() });
  const some = fc.oneof(
    fc.jsonValue(),
    fc.record({ a: fc.integer(), b: fc.array(fc.string()) }, { requiredKeys: [] }),
  );
  fc.assert(
    fc.property(some, (value) => {
      expect(parseFitting(schema, value, ['data'])).toEqual(parse(schema, value, ['data']));
    }),
  );
});

test('the summary names the first finding, and the root by a slash', () => {
  expect(summarize([])).toBe('the request is not valid');
  expect(summarize([{ pointer: '', code: 'x', message: 'no' }])).toBe('/: no');
});

function catchError(run: () => unknown): MultiswarmError {
  try {
    run();
  } catch (error) {
    if (error instanceof MultiswarmError) return error;
    throw error;
  }
  throw new Error('it did not throw');
}
