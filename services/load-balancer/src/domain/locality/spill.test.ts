import fc from 'fast-check';
import { levelOf, PROBE_SHARE, spillShares, type Level } from './spill';

const level = (healthy: number, total = 10, open = healthy): Level => ({ healthy, total, open });

test.each<[string, Level[], number[]]>([
  ['all well: the nearest takes all', [level(10), level(10)], [1, 0]],
  ['three of ten sick: still all', [level(8), level(10)], [1, 0]],
  ['half sick: 70 % stay', [level(5), level(10)], [0.7, 0.3]],
  ['the nearest is full: the next one takes all', [level(10, 10, 0), level(10)], [0, 1]],
  ['the nearest is sick: a little stays', [level(0, 10, 1), level(10)], [PROBE_SHARE, 1 - PROBE_SHARE]],
  ['all half sick: in proportion', [level(2), level(2)], [0.5, 0.5]],
  ['only the farthest has room', [level(0), level(0), level(1, 10)], [0, 0, 1]],
  ['nobody has room', [level(0), level(0)], [0, 0]],
  ['nobody at all', [], []],
])('%s', (_, levels, shares) => {
  const found = spillShares(levels);
  expect(found).toHaveLength(shares.length);
  found.forEach((share, at) => expect(share).toBeCloseTo(shares[at] as number, 9));
});

const anyLevel = fc
  .tuple(fc.nat(20), fc.nat(20), fc.nat(20))
  .map(([a, b, c]) => ({ total: a + b, healthy: a, open: Math.min(c, a + b) }));

test('shares sum up to one as soon as anybody has room, and go to nobody who has none', () => {
  fc.assert(
    fc.property(fc.array(anyLevel, { maxLength: 6 }), (levels) => {
      const shares = spillShares(levels);
      const sum = shares.reduce((total, share) => total + share, 0);
      expect(sum).toBeCloseTo(levels.some(({ open }) => open > 0) ? 1 : 0, 9);
      shares.forEach((share, at) => {
        expect(share).toBeGreaterThanOrEqual(0);
        if (levels[at]?.open === 0) expect(share).toBe(0);
      });
    }),
  );
});

test('draws fall on levels in proportion to their shares, and never on one that has none', () => {
  fc.assert(
    fc.property(fc.array(anyLevel, { minLength: 1, maxLength: 6 }), fc.nat(999), (levels, draw) => {
      const shares = spillShares(levels);
      const found = levelOf(shares, draw / 1_000);
      if (levels.every(({ open }) => open === 0)) expect(found).toBe(-1);
      else expect(shares[found]).toBeGreaterThan(0);
    }),
  );
  const shares = spillShares([level(5), level(10)]);
  const drawn = Array.from({ length: 1_000 }, (_, at) => levelOf(shares, at / 1_000));
  expect(drawn.filter((each) => each === 0)).toHaveLength(700);
});
