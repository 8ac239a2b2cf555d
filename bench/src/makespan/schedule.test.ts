import * as fc from 'fast-check';
import { bottomLevelsMs, lowerBoundMs, type ReplayedStep } from './instance';
import { listScheduleMs } from './schedule';

const step = (holdMs: number, ...parents: number[]): ReplayedStep => ({ holdMs, parents });

/** Two short steps first in the list, and a chain of long ones: on two slots only the order decides. */
const CHAIN_LAST = [step(4), step(4), step(4), step(4), step(5), step(5, 4), step(5, 5)];

describe('of an example', () => {
  test('the bottom level of a step is the longest way from its start to the end', () => {
    const diamond = [step(1), step(5, 0), step(2, 0), step(3, 1, 2)];
    expect(bottomLevelsMs(diamond)).toEqual([9, 8, 5, 3]);
  });

  test('the bound is the longest chain or the work shared evenly, whichever is longer', () => {
    expect(lowerBoundMs(CHAIN_LAST, 2)).toBe(15.5);
    expect(lowerBoundMs(CHAIN_LAST, 8)).toBe(15);
    expect(lowerBoundMs([], 8)).toBe(0);
  });

  test('the longest way first keeps a chain going that the first come keep waiting', () => {
    expect(listScheduleMs(CHAIN_LAST, 2, 'bottom-level')).toBe(16);
    expect(listScheduleMs(CHAIN_LAST, 2, 'fifo')).toBe(23);
  });

  test('overhead is added along a chain, and to each step of a slot', () => {
    const chain = [step(10), step(10, 0), step(10, 1)];
    expect(listScheduleMs(chain, 4, 'bottom-level', 2)).toBe(36);
    expect(listScheduleMs([step(10), step(10), step(10)], 1, 'fifo', 2)).toBe(36);
  });

  test('what takes no time is over at once', () => {
    expect(listScheduleMs([step(0), step(0, 0), step(0, 1)], 1, 'bottom-level')).toBe(0);
  });

  test('steps that wait for each other are refused', () => {
    expect(() => bottomLevelsMs([step(1, 1), step(1, 0)])).toThrow('in a circle');
  });
});

describe('of any workflow', () => {
  const workflows = fc
    .array(
      fc.record({ holdMs: fc.integer({ min: 0, max: 50 }), picks: fc.array(fc.nat(), { maxLength: 3 }) }),
      {
        minLength: 1,
        maxLength: 40,
      },
    )
    .map((drawn) =>
      drawn.map(({ holdMs, picks }, at): ReplayedStep => ({
        holdMs,
        parents: at === 0 ? [] : [...new Set(picks.map((pick) => pick % at))],
      })),
    );

  test('no schedule is faster than the bound, and none slower than twice of it (Graham)', () => {
    fc.assert(
      fc.property(
        workflows,
        fc.integer({ min: 1, max: 8 }),
        fc.constantFrom('fifo', 'bottom-level'),
        (steps, slots, order) => {
          const [bound, took] = [lowerBoundMs(steps, slots), listScheduleMs(steps, slots, order)];
          expect(took).toBeGreaterThanOrEqual(bound);
          expect(took).toBeLessThanOrEqual(2 * bound);
        },
      ),
    );
  });

  test('one slot takes the sum of all, and a slot for each step the longest chain', () => {
    fc.assert(
      fc.property(workflows, (steps) => {
        const sum = steps.reduce((all, { holdMs }) => all + holdMs, 0);
        expect(listScheduleMs(steps, 1, 'bottom-level')).toBe(sum);
        expect(listScheduleMs(steps, steps.length, 'fifo')).toBe(Math.max(...bottomLevelsMs(steps)));
      }),
    );
  });
});
