import fc from 'fast-check';
import { isWithinBound, Ring } from './ring';

const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `swarm-${at}`);
const everybody = (): boolean => true;

function ringOf(list: readonly string[]): Ring {
  const ring = new Ring();
  list.forEach((name) => ring.add(name, numberOf(name)));
  return ring;
}

function numberOf(name: string): number {
  return Number(name.split('-')[1]);
}

const KEYS = Array.from({ length: 500 }, (_, at) => `customer:${at}`);
const subsets = fc.subarray(names(40), { minLength: 1 });

test('the same members have the same keys, in whatever order they came and went', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(names(40), { minLength: 1 }), subsets, (order, gone) => {
      const ring = ringOf(order);
      for (const name of gone) expect(ring.remove(name, numberOf(name))).toBe(order.includes(name));
      const left = order.filter((name) => !gone.includes(name));
      const fresh = ringOf([...left].sort());
      expect(ring.size).toBe(left.length);
      for (const key of KEYS.slice(0, 50))
        expect(ring.holder(key, everybody)).toBe(fresh.holder(key, everybody));
    }),
  );
});

test('a member that comes takes only keys that become its own; one that goes gives only its own away', () => {
  fc.assert(
    fc.property(subsets, (list) => {
      const ring = ringOf(list);
      const before = KEYS.map((key) => ring.holder(key, everybody));
      ring.add('swarm-99', 99);
      KEYS.forEach((key, at) => expect([before[at], 99]).toContain(ring.holder(key, everybody)));
      ring.remove('swarm-99', 99);
      expect(KEYS.map((key) => ring.holder(key, everybody))).toEqual(before);
    }),
  );
});

test('a key is held by somebody who can take it, as long as anybody can, and stays with whom it had before if that one can', () => {
  fc.assert(
    fc.property(subsets, fc.subarray(names(40)), fc.constantFrom(...KEYS), (list, able, key) => {
      const ring = ringOf(list);
      const can = new Set(able.filter((name) => list.includes(name)).map(numberOf));
      const holder = ring.holder(key, (member) => can.has(member));
      if (can.size === 0) expect(holder).toBe(-1);
      else expect(can.has(holder)).toBe(true);
      const owner = ring.holder(key, everybody);
      if (can.has(owner)) expect(holder).toBe(owner);
    }),
  );
});

test('keys are spread evenly: nobody has much more than the fair share', () => {
  const ring = ringOf(names(100));
  const counts = new Array<number>(100).fill(0);
  for (let at = 0; at < 100_000; at += 1) {
    const member = ring.holder(`session:${at}`, everybody);
    counts[member] = (counts[member] ?? 0) + 1;
  }
  expect(Math.max(...counts) / 1_000).toBeLessThan(1.2);
});

test('an empty ring holds nothing, and members whose names collide are kept apart', () => {
  const ring = new Ring();
  expect(ring.holder('a', everybody)).toBe(-1);
  ring.add('same', 1);
  ring.add('same', 2);
  expect([ring.holder('a', (member) => member === 2), ring.remove('same', 1), ring.size]).toEqual([
    2,
    true,
    1,
  ]);
  expect(ring.holder('a', everybody)).toBe(2);
  expect(ring.remove('same', 1)).toBe(false);
});

test.each<[number, number, number, boolean]>([
  [0, 1, 0, true],
  [1, 4, 0, true],
  [2, 4, 0.1, false],
  [2, 4, 0.5, true],
  [3, 4, 0.5, false],
  [3, 4, 0.9, true],
])(
  '%i of %i slots busy, at a mean load of %f: one more is within the bound: %s',
  (busy, slots, mean, within) => {
    expect(isWithinBound(busy, slots, mean)).toBe(within);
  },
);
