import { difference, estimate } from './intervals';

test('the 95% interval of five values is 2.776 standard errors to each side', () => {
  const { mean, plusMinus } = estimate([1, 2, 3, 4, 5]);
  expect(mean).toBe(3);
  expect(plusMinus).toBeCloseTo((2.776 * Math.sqrt(2.5)) / Math.sqrt(5), 6);
});

test('one run has no interval, and none no mean', () => {
  expect(estimate([4])).toEqual({ mean: 4, plusMinus: NaN });
  expect(() => estimate([])).toThrow('nothing to estimate');
});

test('a difference is taken seed by seed', () => {
  const { mean, plusMinus } = difference([11, 22, 33], [10, 21, 32]);
  expect(mean).toBe(1);
  expect(plusMinus).toBe(0);
});
