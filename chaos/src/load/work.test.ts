import { workOf, type Work } from './work';

const some = (seed: number): Work[] => Array.from({ length: 2_000 }, (_, n) => workOf(seed, n, 1_000));

test('the same seed is the same work, another seed other work', () => {
  expect(some(1)).toEqual(some(1));
  expect(some(2)).not.toEqual(some(1));
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
