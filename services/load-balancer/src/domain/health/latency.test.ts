import fc from 'fast-check';
import { THRESHOLDS } from './health-settings';
import { PeakLatency } from './latency';

test('a peak is believed at once, better times only little by little', () => {
  const latency = new PeakLatency();
  latency.observe(1, 0);
  latency.observe(8, 1);
  expect(latency.estimate).toBe(8);
  latency.observe(1, 1 + THRESHOLDS.LATENCY_DECAY_MS);
  expect(latency.estimate).toBeCloseTo(1 + 7 / Math.E);
  latency.observe(1, 1 + THRESHOLDS.LATENCY_DECAY_MS);
  expect(latency.estimate).toBeCloseTo(1 + 7 / Math.E);
});

test('L2: who fails fast does not look quick', () => {
  const failing = new PeakLatency();
  failing.failed(0.001, 0);
  expect(failing.estimate).toBe(THRESHOLDS.FAILURE_PENALTY);
  failing.failed(50, 1);
  expect(failing.estimate).toBe(50);
});

test('L1: it lies between the fastest and the slowest that was observed, also where a clock goes back', () => {
  const seen = fc.record({ times: fc.double({ min: 0, max: 1e6, noNaN: true }), at: fc.nat(1e6) });
  fc.assert(
    fc.property(fc.array(seen, { minLength: 1, maxLength: 50 }), (observed) => {
      const latency = new PeakLatency();
      for (const { times, at } of observed) latency.observe(times, at);
      const all = observed.map(({ times }) => times);
      expect(latency.estimate).toBeGreaterThanOrEqual(Math.min(...all) * (1 - 1e-9));
      expect(latency.estimate).toBeLessThanOrEqual(Math.max(...all));
    }),
  );
});

test('reset, nothing is known', () => {
  const latency = new PeakLatency();
  latency.observe(9, 5);
  latency.reset();
  expect(latency.estimate).toBe(1);
  latency.observe(0.5, 6);
  expect(latency.estimate).toBe(0.5);
});
