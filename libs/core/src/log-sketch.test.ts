import fc from 'fast-check';
import { LogSketch } from './log-sketch';

const duration = fc.double({ min: 0.1, max: 1e5, noNaN: true });
const durations = fc.array(duration, { minLength: 1, maxLength: 300 });

function sketchOf(values: readonly number[], weight = 1): LogSketch {
  const sketch = new LogSketch();
  for (const value of values) sketch.add(value, weight);
  return sketch;
}

/** The value of which as many are below as `quantile` says. */
function exact(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] as number;
}

test('quantiles are right to 3%', () => {
  fc.assert(
    fc.property(durations, fc.constantFrom(0, 0.5, 0.9, 0.99, 1), (values, q) => {
      const found = sketchOf(values).quantile(q) as number;
      expect(Math.abs(found / exact(values, q) - 1)).toBeLessThanOrEqual(0.03 + 1e-9);
    }),
  );
});

test('two sketches add up to the sketch of all their values', () => {
  fc.assert(
    fc.property(durations, durations, (some, others) => {
      const merged = sketchOf(some);
      merged.merge(sketchOf(others));
      expect(merged.state()).toEqual(sketchOf([...some, ...others]).state());
    }),
  );
});

test('the order of values and of merges does not matter, whatever they span', () => {
  const wild = fc.array(fc.double({ min: 0.1, max: 3e11, noNaN: true }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(wild, wild, (some, others) => {
      const one = sketchOf(some);
      one.merge(sketchOf(others));
      const two = sketchOf([...others].reverse());
      two.merge(sketchOf(some));
      expect(one.state()).toEqual(two.state());
    }),
  );
});

test('it stays small, and its high quantiles right, however far apart the values are', () => {
  const values = Array.from({ length: 400 }, (_, index) => 0.1 * 1.1 ** index);
  const sketch = sketchOf(values);
  expect(sketch.buckets).toBeLessThanOrEqual(256);
  expect(sketch.total).toBe(400);
  expect((sketch.quantile(0.99) as number) / exact(values, 0.99)).toBeCloseTo(1, 1);
});

test('weights scale, and what has faded gives its buckets back', () => {
  const sketch = sketchOf([10, 10, 20]);
  sketch.scale(0.5);
  expect(sketch.total).toBeCloseTo(1.5);
  const later = sketchOf([1]);
  for (let round = 0; round < 40; round += 1) {
    later.scale(0.5);
    later.add(1_000, 1);
  }
  expect(later.buckets).toBe(1);
  expect(later.quantile(0)).toBeCloseTo(1_000, -2);
});

test('what is stored comes back the same; an empty one knows nothing', () => {
  fc.assert(
    fc.property(durations, (values) => {
      const sketch = sketchOf(values, 0.25);
      expect(LogSketch.from(sketch.state()).state()).toEqual(sketch.state());
    }),
  );
  expect(new LogSketch().quantile(0.5)).toBeUndefined();
});
