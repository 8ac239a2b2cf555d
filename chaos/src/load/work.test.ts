import { workOf, type Work } from './work';

const some = (seed: number): Work[] =>
  Array.from({ length: 2_000 }, (_, n) => workOf(seed, n, { longestMs: 1_000 }));

test('the same seed is the same work, another seed other work', () => {
  expect(some(1)).toEqual(some(1));
  expect(some(2)).not.toEqual(some(1));
});

test('a few hold their slot for very long, where that is asked for, and nothing else is different then', () => {
  const held = Array.from({ length: 2_000 }, (_, n) => workOf(1, n, { longestMs: 1_000, heldMs: 90_000 }));
  const long = held.filter(({ input }) => input.runMs > 1_500);
  expect(long.length).toBeGreaterThan(3);
  expect(long.length).toBeLessThan(30);
  expect(held.filter((each) => !long.includes(each))).toEqual(
    some(1).filter(({ n }) => !long.some((each) => each.n === n)),
  );
});

test('there is some of every kind: short, long, limited, failing, cancelled, over both ways in', () => {
  const work = some(4);
  const share = (is: (one: Work) => boolean): number => work.filter(is).length / work.length;
  expect(share(({ type }) => type === 'hold')).toBeCloseTo(0.06, 1);
  expect(share(({ limitKeys }) => limitKeys.length > 0)).toBeCloseTo(0.2, 1);
  expect(share(({ input }) => input.failUntil > 0)).toBeCloseTo(0.08, 1);
  expect(share(({ cancelAfterMs }) => cancelAfterMs !== undefined)).toBeCloseTo(0.03, 1);
  expect(share(({ overHttp }) => overHttp)).toBeCloseTo(0.3, 1);
});
