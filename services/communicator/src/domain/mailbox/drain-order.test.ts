import fc from 'fast-check';
import { DRAIN_RULES, DrainOrder } from './drain-order';
import { LEVELS, type Level } from './mail';

type Waits = (number | undefined)[];

/** How many of each level were served, in so many turns of so many each. */
function drained(order: DrainOrder, waits: Waits, turns: number, each = 1): number[] {
  const served = LEVELS.map(() => 0);
  for (let turn = 0; turn < turns; turn += 1) {
    const level = order.next(waits);
    if (level === undefined) break;
    order.served(level, each);
    served[level] = (served[level] ?? 0) + each;
  }
  return served;
}

test('of a hundred messages 60 are critical, 25 high, 10 normal and 5 low while all are there', () => {
  const order = new DrainOrder(DRAIN_RULES);
  for (let hundreds = 1; hundreds <= 3; hundreds += 1)
    expect(drained(order, [0, 0, 0, 0], 100)).toEqual([60, 25, 10, 5]);
});

test('whichever levels have something share by their weights, also where several go in one turn', () => {
  const given = fc.record({
    present: fc.subarray([...LEVELS], { minLength: 1 }),
    each: fc.integer({ min: 1, max: 32 }),
    turns: fc.integer({ min: 1, max: 400 }),
  });
  fc.assert(
    fc.property(given, ({ present, each, turns }) => {
      const waits = LEVELS.map((level) => (present.includes(level) ? 0 : undefined));
      const served = drained(new DrainOrder(DRAIN_RULES), waits, turns, each);
      const weights = present.reduce<number>((sum, level) => sum + DRAIN_RULES.weights[level], 0);
      for (const level of LEVELS) {
        const share = present.includes(level) ? (turns * each * DRAIN_RULES.weights[level]) / weights : 0;
        // The bound of stride scheduling: a turn of each of those that share.
        expect(Math.abs((served[level] ?? 0) - share)).toBeLessThanOrEqual(present.length * each);
      }
    }),
  );
});

test.each(LEVELS)(
  'a level that had nothing for long does not catch up with what it did not need (%s)',
  (late) => {
    const order = new DrainOrder(DRAIN_RULES);
    drained(
      order,
      LEVELS.map((level) => (level === late ? undefined : 0)),
      10_000,
    );
    const served = drained(order, [0, 0, 0, 0], 100);
    expect(Math.abs((served[late] ?? 0) - DRAIN_RULES.weights[late])).toBeLessThanOrEqual(1);
  },
);

test('strict: the most urgent that has something, always', () => {
  const order = new DrainOrder({ ...DRAIN_RULES, mode: 'strict' });
  expect(drained(order, [0, 0, 0, 0], 100)).toEqual([100, 0, 0, 0]);
  expect(drained(order, [undefined, undefined, 5, 0], 100)).toEqual([0, 0, 100, 0]);
  expect(order.next(LEVELS.map(() => undefined))).toBeUndefined();
});

test.each(['strict', 'weighted'] as const)(
  'each ten seconds of waiting make a message one level more urgent (%s)',
  (mode) => {
    const pair = fc.constantFrom<[Level, Level]>([0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]);
    fc.assert(
      fc.property(pair, fc.nat({ max: 1e6 }), ([urgent, late], waitedMs) => {
        const next = (moreMs: number): Level | undefined => {
          const order = new DrainOrder({ ...DRAIN_RULES, mode });
          order.served(late, 1); // by their weights it is the turn of the other one
          const waits: Waits = LEVELS.map(() => undefined);
          waits[urgent] = waitedMs;
          waits[late] = waitedMs + moreMs;
          return order.next(waits);
        };
        const ageMs = (late - urgent) * 10_000;
        expect([next(ageMs - 1), next(ageMs)]).toEqual([urgent, late]);
      }),
    );
  },
);

test('of several that have grown as urgent as the most urgent one, the oldest is next', () => {
  const order = new DrainOrder(DRAIN_RULES);
  expect(order.next([0, 15_000, 40_000, 35_000])).toBe(2);
  expect(order.next([0, 15_000, 19_999, 29_999])).toBe(1);
});
