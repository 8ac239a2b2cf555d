import { outagesOf, quantile, type Probe } from './outages';

const good = (at: number, tookMs = 2): Probe => ({ at, tookMs, ok: true });
const bad = (at: number, tookMs = 100): Probe => ({ at, tookMs, ok: false });

test('an outage lasts from the first question that failed until the first good answer after it', () => {
  expect(outagesOf([good(0), bad(50), bad(100), good(150, 5), good(200)])).toEqual([
    { from: 50, until: 155 },
  ]);
});

test('questions that were asked before the first good one and failed later do not make it longer', () => {
  expect(outagesOf([bad(50), good(150), bad(100)])).toEqual([{ from: 50, until: 152 }]);
});

test('each return of the shard ends an outage of its own', () => {
  expect(outagesOf([bad(0), good(50), bad(100), good(150)])).toEqual([
    { from: 0, until: 52 },
    { from: 100, until: 152 },
  ]);
});

test('an outage without an end lasts to the end of the last question', () => {
  expect(outagesOf([good(0), bad(50, 100), bad(60, 10)])).toEqual([{ from: 50, until: 150 }]);
});

test('a shard that always answers has none', () => {
  expect(outagesOf([good(0), good(50)])).toEqual([]);
});

test('a quantile is one of the values', () => {
  expect(quantile([5, 1, 3], 0.5)).toBe(3);
  expect(quantile([5, 1, 3], 1)).toBe(5);
  expect(quantile([], 0.5)).toBe(0);
});
