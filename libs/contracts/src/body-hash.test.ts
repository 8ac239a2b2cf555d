import fc from 'fast-check';
import { bodyHash, submissionHash } from './body-hash';
import { parse } from './findings';
import { parseSubmission } from './plain-submission';
import { TaskSubmission } from './task';
import { submissions } from '../test/submissions';

/** The same JSON with the keys of every object in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reordered(inner)]),
  );
}

describe('the hash of a body', () => {
  test('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        expect(bodyHash(reordered(body))).toBe(bodyHash(body));
      }),
    );
  });

  test('is that of the same JSON only', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const same = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
        expect(bodyHash(a) === bodyHash(b)).toBe(same);
      }),
      { examples: [[{}, []]] },
    );
    expect(bodyHash([])).not.toBe(bodyHash({}));
    expect(bodyHash([1, 2])).not.toBe(bodyHash([2, 1]));
    expect(bodyHash({ a: 1 })).not.toBe(bodyHash({ a: '1' }));
    expect(bodyHash(JSON.parse('{"__proto__":1}'))).not.toBe(bodyHash({}));
  });
});

/** Tells an object from an array also where both are empty. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return ['array', ...value.map(sorted)];
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return ['object', ...entries.map(([key, inner]) => [key, sorted(inner)])];
}

test('the hash of a submission is that of its body without the key', () => {
  fc.assert(
    fc.property(submissions, (given) => {
      const parsed = parse(TaskSubmission, given);
      if (!parsed.ok) return;
      const { idempotencyKey: _key, ...body } = parsed.value;
      expect(submissionHash(parsed.value)).toBe(bodyHash(body));
    }),
    { numRuns: 1_000 },
  );
  // What is stored by now must be met by what comes later: the format is fixed.
  expect(submissionHash(parseSubmission({ type: 'build', input: { b: 1, a: 'é' } }))).toBe(
    'ecaa38a4caca12b85a1d8a83ba61e71f',
  );
});

test('every field of a submission is part of the hash', () => {
  const plain = { type: 'build' };
  const others = {
    ...{ type: 'other', input: 1, requirements: { region: ['eu'] }, priority: 'low', retry: { factor: 1 } },
    routing: { near: 'eu' },
    inputRef: { id: `default.${'0'.repeat(64)}`, bytes: 1 },
    ...{ timeouts: { heartbeatMs: 1 }, estimateMs: 1, fairnessKey: 'a', limitKeys: ['a'] },
    ...{
      metadata: { a: 1 },
      namespace: 'other',
      notBefore: '2030-01-01T00:00:00Z',
      waitFor: { signal: 'a' },
    },
  };
  const { shape } = TaskSubmission.out;
  expect(Object.keys(others).sort()).toEqual(
    Object.keys(shape)
      .filter((name) => name !== 'idempotencyKey')
      .sort(),
  );
  const hashes = Object.entries(others).map(([name, value]) =>
    submissionHash(parseSubmission({ ...plain, [name]: value })),
  );
  expect(new Set([submissionHash(parseSubmission(plain)), ...hashes]).size).toBe(hashes.length + 1);
});
