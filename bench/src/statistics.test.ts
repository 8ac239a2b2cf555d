import { median, percentile, rounded } from './statistics';

test('the median is the middle value, or the mean of the two middle ones', () => {
  expect(median([5, 1, 3])).toBe(3);
  expect(median([4, 1, 3, 2])).toBe(2.5);
});

test('a percentile is the nearest rank: a value that was measured', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect([0.5, 0.99, 1].map((share) => percentile(hundred, share))).toEqual([50, 99, 100]);
  expect(percentile([7], 0.5)).toBe(7);
});

test('there is no median and no percentile of nothing', () => {
  expect(() => median([])).toThrow('nothing');
  expect(() => percentile([], 0.5)).toThrow('nothing');
});

test('figures are given with three digits', () => {
  expect([12_345.6, 0.123456, 7].map(rounded)).toEqual([12_300, 0.123, 7]);
});
