import fc from 'fast-check';
import { THRESHOLDS } from './health-settings';
import { OutcomeWindow } from './outcome-window';

const { WINDOW_BUCKETS, WINDOW_BUCKET_MS } = THRESHOLDS;

test('W1: counts what was added in the present bucket and the nine before it, and nothing else', () => {
  const step = fc.record({
    passMs: fc.oneof(fc.integer({ min: 0, max: 5_000 }), fc.integer({ min: 0, max: 100_000 })),
    isFailure: fc.boolean(),
    expected: fc.constantFrom(0, 0.25, 0.5, 1),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.nat(60_000), (steps, laterMs) => {
      const window = new OutcomeWindow();
      const added: { bucket: number; isFailure: boolean; expected: number }[] = [];
      let nowMs = 0;
      const check = (): void => {
        const present = Math.floor(nowMs / WINDOW_BUCKET_MS);
        const counted = added.filter(({ bucket }) => bucket > present - WINDOW_BUCKETS);
        const failed = counted.filter(({ isFailure }) => isFailure).length;
        const expected = counted.reduce((sum, each) => sum + each.expected, 0);
        expect(window.volume).toBe(counted.length);
        expect(window.failures).toBe(failed);
        expect(window.expectedFailures).toBe(expected);
        const success = counted.length === 0 ? 1 : 1 - Math.max(0, failed - expected) / counted.length;
        expect(window.success).toBeCloseTo(success, 12);
      };
      for (const { passMs, isFailure, expected } of steps) {
        nowMs += passMs;
        window.add(isFailure, expected, nowMs);
        added.push({ bucket: Math.floor(nowMs / WINDOW_BUCKET_MS), isFailure, expected });
        check();
      }
      nowMs += laterMs;
      window.roll(nowMs);
      check();
    }),
  );
});

test('W2: a time that goes back loses nothing and forgets nothing', () => {
  const window = new OutcomeWindow();
  window.add(true, 0, 50_000);
  window.add(false, 0, 10_000);
  window.roll(0);
  expect([window.volume, window.failures]).toEqual([2, 1]);
});

test('cleared, it has seen nothing', () => {
  const window = new OutcomeWindow();
  window.add(true, 0.5, 1);
  window.clear();
  expect([window.volume, window.failures, window.expectedFailures, window.success]).toEqual([0, 0, 0, 1]);
  window.add(true, 0, 1);
  expect(window.success).toBe(0);
});
