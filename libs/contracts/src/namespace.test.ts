import fc from 'fast-check';
import { toFindings } from './findings';
import { LIMITS } from './limits';
import { Name } from './names';
import { LimitPattern, NamespaceSettings, NamespaceView } from './namespace';

function faults(given: unknown): string[] {
  const parsed = NamespaceSettings.safeParse(given);
  return parsed.success ? [] : toFindings(parsed.error).map(({ pointer, code }) => `${pointer} ${code}`);
}

const entries = <T>(count: number, value: T): Record<string, T> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, value]));

test('a namespace is complete without any setting', () => {
  expect(NamespaceSettings.parse({})).toEqual({ weight: 1, fairnessWeights: {}, limits: {} });
});

test('what is read can be put again once its name and revision are off', () => {
  const { namespace, revision, ...settings } = NamespaceView.parse({
    namespace: 'shop',
    revision: 4,
    weight: 2,
    limit: { concurrency: 5 },
  });
  expect({ namespace, revision }).toEqual({ namespace: 'shop', revision: 4 });
  expect(NamespaceSettings.parse(settings)).toEqual(settings);
});

test('every name of a key is a pattern for itself, and begins a pattern with a star', () => {
  const letter = fc.constantFrom('a', 'Z', '0', '_', '.', ':', '/', '-', '*', ' ', '{');
  fc.assert(
    fc.property(fc.string({ unit: letter, maxLength: 6 }), (text) => {
      const isName = Name.safeParse(text).success;
      expect(LimitPattern.safeParse(`${text}*`).success).toBe(isName);
      if (!text.endsWith('*')) expect(LimitPattern.safeParse(text).success).toBe(isName);
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  ['a weight of nothing', { weight: 0 }, ['/weight too-small']],
  ['a weight beyond measure', { fairnessWeights: { acme: 1_001 } }, ['/fairnessWeights/acme too-big']],
  ['a limit of nothing', { limit: {} }, ['/limit custom']],
  ['a limit below nought', { limit: { concurrency: -1 } }, ['/limit/concurrency too-small']],
  ['half a task at a time', { limit: { concurrency: 1.5 } }, ['/limit/concurrency invalid-type']],
  ['a rate of nothing', { limit: { rate: { tasks: 0, perMs: 1 } } }, ['/limit/rate/tasks too-small']],
  ['a rate without a time', { limit: { rate: { tasks: 1 } } }, ['/limit/rate/perMs invalid-type']],
  ['a rate per no time', { limit: { rate: { tasks: 1, perMs: 0 } } }, ['/limit/rate/perMs too-small']],
  ['retention of less than a second', { retentionMs: 999 }, ['/retentionMs too-small']],
  ['a ceiling that is no priority', { priorityCeiling: 'urgent' }, ['/priorityCeiling invalid-value']],
  ['a field that nobody knows', { colour: 'red' }, ['/colour unknown-field']],
])('%s is refused', (_name, given, expected) => {
  expect(faults(given)).toEqual(expected);
});

test('a limit of no task at a time stops a key, and is one', () => {
  expect(faults({ limits: { 'customer:*': { concurrency: 0 } } })).toEqual([]);
});

test.each(['*', '*a', 'a*b', 'a**', ''])('%j is no pattern of a limit', (pattern) => {
  expect(faults({ limits: { [pattern]: { concurrency: 1 } } })).toHaveLength(1);
});

test('weights and limits of one namespace are counted', () => {
  expect(faults({ fairnessWeights: entries(LIMITS.NAMESPACE_WEIGHTS, 2) })).toEqual([]);
  expect(faults({ fairnessWeights: entries(LIMITS.NAMESPACE_WEIGHTS + 1, 2) })).toEqual([
    '/fairnessWeights custom',
  ]);
  const limit = { concurrency: 1 };
  expect(faults({ limits: entries(LIMITS.NAMESPACE_LIMITS, limit) })).toEqual([]);
  expect(faults({ limits: entries(LIMITS.NAMESPACE_LIMITS + 1, limit) })).toEqual(['/limits custom']);
});
