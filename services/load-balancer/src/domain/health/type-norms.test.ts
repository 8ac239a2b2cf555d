import fc from 'fast-check';
import { THRESHOLDS } from './health-settings';
import { TypeNorm, TypeNorms } from './type-norms';

function normOf(...outcomes: [swarm: number, isFailure: boolean, durationMs?: number][]): TypeNorm {
  const norm = new TypeNorm();
  for (const outcome of outcomes) norm.observe(...outcome);
  return norm;
}

test('N1: one swarm that fails a thousand times says no more than one that fails a few times', () => {
  const norm = new TypeNorm();
  for (let swarm = 0; swarm < 10; swarm += 1) norm.observe(swarm, false, 100);
  for (let count = 0; count < 1_000; count += 1) norm.observe(3, true);
  expect(norm.failsElsewhere(0)).toBeLessThan(0.11);
});

test('N2: a swarm is compared with the others alone', () => {
  const norm = normOf([0, true], [1, false], [2, false], [3, false]);
  expect(norm.failsElsewhere(0)).toBe(0);
  expect(norm.failsElsewhere(1)).toBeCloseTo(1 / 4);
  expect(norm.failsElsewhere(99)).toBeCloseTo(1 / 5);
  expect(normOf([0, true]).failsElsewhere(0)).toBe(0);
});

test('a type that fails everywhere is known to after two failures on each of a few swarms', () => {
  const norm = new TypeNorm();
  for (let round = 0; round < 2; round += 1)
    for (let swarm = 0; swarm < 5; swarm += 1) norm.observe(swarm, true);
  expect(norm.failsElsewhere(0)).toBeGreaterThan(0.75);
});

test('the median is one over swarms, whatever one of them has run, and follows when all get slower', () => {
  const norm = new TypeNorm();
  for (let swarm = 0; swarm < 9; swarm += 1) norm.observe(swarm, false, 100 + swarm);
  for (let count = 0; count < 500; count += 1) norm.observe(0, false, 60_000);
  expect(norm.medianMs()).toBeCloseTo(105);
  for (let count = 0; count < 100; count += 1) norm.observe(count % 9, false, 1_000);
  expect(norm.medianMs()).toBeGreaterThan(900);
  expect(normOf([0, true, 5]).medianMs()).toBeUndefined();
});

test('N3: the share of failures is that of the voices that it has, and between 0 and 1', () => {
  const outcome = fc.tuple(fc.nat(200), fc.boolean(), fc.integer({ min: 0, max: 1e6 }));
  fc.assert(
    fc.property(fc.array(outcome, { maxLength: 300 }), fc.nat(200), (outcomes, asking) => {
      const norm = new TypeNorm();
      const places = new Map<number, { swarm: number; share: number }>();
      for (const [swarm, isFailure, durationMs] of outcomes) {
        norm.observe(swarm, isFailure, durationMs);
        const at = swarm % THRESHOLDS.TYPE_SWARMS;
        const known = places.get(at);
        const share = isFailure ? 1 : 0;
        const mixed = known?.swarm === swarm ? known.share + 0.3 * (share - known.share) : share;
        places.set(at, { swarm, share: mixed });
      }
      const others = [...places.values()].filter(({ swarm }) => swarm !== asking);
      const expected = others.reduce((sum, { share }) => sum + share, 0) / (others.length + 1);
      expect(norm.failsElsewhere(asking)).toBeCloseTo(expected, 9);
    }),
  );
});

test('of many types the one that was not seen for longest is forgotten', () => {
  const norms = new TypeNorms();
  const first = norms.of('first');
  const other = norms.of('other');
  for (let count = 0; count < 2 * THRESHOLDS.TYPES; count += 1) {
    norms.of(`type-${count}`);
    expect(norms.of('first')).toBe(first);
  }
  expect(norms.of('other')).not.toBe(other);
});
