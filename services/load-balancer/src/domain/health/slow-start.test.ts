import fc from 'fast-check';
import { slowStartAllowance } from './slow-start';

test.each([
  [0, 1],
  [1_000, 1],
  [2_500, 3],
  [5_000, 5],
  [9_999, 10],
  [10_000, 10],
])('after %d ms of 10 s, %d of 10 slots', (sinceMs, allowed) => {
  expect(slowStartAllowance(10, sinceMs, 10_000)).toBe(allowed);
});

test('it only grows, from at least one slot to all of them', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.nat(20_000),
      fc.nat(20_000),
      fc.nat(15_000),
      (slots, one, other, windowMs) => {
        const [early, late] = [Math.min(one, other), Math.max(one, other)];
        const [less, more] = [early, late].map((ms) => slowStartAllowance(slots, ms, windowMs)) as [
          number,
          number,
        ];
        expect(less).toBeGreaterThanOrEqual(1);
        expect(more).toBeGreaterThanOrEqual(less);
        expect(more).toBeLessThanOrEqual(slots);
        expect(slowStartAllowance(slots, windowMs, windowMs)).toBe(slots);
      },
    ),
  );
});
