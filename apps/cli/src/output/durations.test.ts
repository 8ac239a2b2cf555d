import fc from 'fast-check';
import { formatAge, formatCost, formatMs, parseDuration, shortDuration } from './durations';

describe('durations and amounts', () => {
  test.each([
    [0, '0 ms'],
    [999, '999 ms'],
    [1_234, '1.2 s'],
    [59_999, '1m 00s'],
    [125_000, '2m 05s'],
    [3_600_000 * 3 + 600_000, '3h 10m'],
    [86_400_000 * 4 + 7_200_000, '4d 2h'],
  ])('%i ms is written %s', (ms, text) => expect(formatMs(ms)).toBe(text));

  test.each([
    [5_000, '5s'],
    [119_000, '119s'],
    [600_000, '10m'],
    [86_400_000, '24h'],
    [86_400_000 * 3, '3d'],
    [-50, '0s'],
  ])('an age of %i ms is written %s', (ms, text) => expect(formatAge(ms)).toBe(text));

  test.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['30', 30_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
  ])('%s is read as %i ms', (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each(['', 'soon', '-5s', '5 apples', '1h30m'])('%j is no duration', (text) =>
    expect(parseDuration(text)).toBeUndefined(),
  );

  test.each([
    [0, '$0'],
    [12.345, '$12.35'],
    [0.0123, '$0.01'],
    [0.00042, '$0.00042'],
    [0.0000000001, '<$0.0000001'],
  ])('%d dollars are written %s', (usd, text) => expect(formatCost(usd)).toBe(text));
});

test('a short duration can be typed again, and is the same', () => {
  expect([1_500, 90_000, 3_600_000, 7 * 86_400_000].map(shortDuration)).toEqual([
    '1500ms',
    '90s',
    '1h',
    '7d',
  ]);
  fc.assert(fc.property(fc.nat(1_000_000_000), (ms) => expect(parseDuration(shortDuration(ms))).toBe(ms)));
});
