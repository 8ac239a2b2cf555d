import { NamespaceSettings } from '@multiswarm/contracts';
import { cappedPriority, fairnessWeight, limitForKey } from './settings';

const settings = NamespaceSettings.parse({
  fairnessWeights: { gold: 5 },
  limits: {
    'customer:*': { concurrency: 2 },
    'customer:big*': { concurrency: 8 },
    'customer:bigger': { concurrency: 20 },
    'o*': { concurrency: 100 },
  },
});

test.each([
  ['customer:bigger', 20],
  ['customer:big', 8],
  ['customer:bigger2', 8],
  ['customer:small', 2],
  ['openai', 100],
])('the limit of %s is the one set for it, or for the longest prefix that fits', (key, concurrency) => {
  expect(limitForKey(settings, key)).toEqual({ concurrency });
});

test('a key that is called like something that every object has is a key like any other', () => {
  const plain = NamespaceSettings.parse({ limits: { a: { concurrency: 1 } } });
  expect(limitForKey(plain, 'constructor')).toBeUndefined();
  expect(limitForKey(plain, 'toString')).toBeUndefined();
  expect(fairnessWeight(plain, 'constructor')).toBe(1);
});

test('a fairness key without a weight has weight 1', () => {
  expect([fairnessWeight(settings, 'gold'), fairnessWeight(settings, 'other')]).toEqual([5, 1]);
});

test('a ceiling lowers what is above it, and nothing else', () => {
  expect(cappedPriority('critical', 'normal')).toBe('normal');
  expect(cappedPriority('low', 'normal')).toBe('low');
  expect(cappedPriority('critical', undefined)).toBe('critical');
});
