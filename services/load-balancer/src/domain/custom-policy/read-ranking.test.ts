import type { RoutingBatch, RoutingCandidate, RoutingItem } from '@multiswarm/contracts';
import fc from 'fast-check';
import { readRanking } from './read-ranking';

const CLASSES = [['a', 'b', 'c'], ['d'], []];

function batchOf(classes: readonly number[]): RoutingBatch {
  const candidates = CLASSES.map((ids) => ids.map((swarmId) => ({ swarmId }) as RoutingCandidate));
  const items = classes.map((of, index) => ({ key: `t${index}`, class: of }) as RoutingItem);
  return { now: 0, items, candidates };
}

test.each([
  ['undefined', 'it returned undefined, and not a list for each item'],
  ['object', 'it returned object, and not a list for each item'],
  [null, 'it returned object, and not a list for each item'],
  [[['a']], 'it returned 1 lists for 2 items'],
  [[['a'], ['d'], []], 'it returned more than 2 lists for 2 items'],
  [[['a'], 'd'], 'it returned no list for item 1'],
])('%j is refused as a whole', (answer, refused) => {
  expect(readRanking(answer, batchOf([0, 1]))).toEqual({ refused });
});

test('strangers, candidates of other items and repetitions are left out and counted', () => {
  const answer = [
    ['c', 'x', 'c', 'd', 'a'],
    [7, null, 'd'],
  ];
  expect(readRanking(answer, batchOf([0, 1]))).toEqual({
    preferences: [['c', 'a'], ['d']],
    unknown: 4,
    repeated: 1,
  });
});

test('whatever a policy returns, what is left are candidates of the item, each once, in its order', () => {
  const id = fc.oneof(fc.constantFrom('a', 'b', 'c', 'd', '__proto__'), fc.anything());
  const answers = fc.oneof(fc.array(fc.oneof(fc.array(id), fc.anything()), { maxLength: 4 }), fc.anything());
  fc.assert(
    fc.property(answers, fc.array(fc.nat(CLASSES.length - 1), { maxLength: 4 }), (answer, classes) => {
      const read = readRanking(answer, batchOf(classes));
      if ('refused' in read) return;
      expect(read.preferences).toHaveLength(classes.length);
      read.preferences.forEach((preference, index) => {
        const given = (answer as unknown[][])[index] ?? [];
        const expected = given.filter((one, at) => {
          const isCandidate = (CLASSES[classes[index] ?? 0] as unknown[]).includes(one);
          return isCandidate && given.indexOf(one) === at;
        });
        expect(preference).toEqual(expected);
      });
    }),
  );
});
