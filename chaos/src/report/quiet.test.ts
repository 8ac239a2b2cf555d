import { longestQuietMs } from './quiet';

test('the longest pause between two moments counts, from the beginning on', () => {
  expect(longestQuietMs([10, 20, 50, 60], 15, 60)).toBe(30);
  expect(longestQuietMs([100], 0, 120)).toBe(100);
});

test('a pause that begins in time counts to its end', () => {
  expect(longestQuietMs([10, 90, 95], 0, 20)).toBe(80);
});

test('where nothing comes any more it lasts to the end', () => {
  expect(longestQuietMs([10], 20, 70)).toBe(50);
});
