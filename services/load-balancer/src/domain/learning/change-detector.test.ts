import { seededRandom } from '@multiswarm/core';
import { ChangeDetector } from './change-detector';
import { normal } from './normal';

test('a class that stays as it is gives hardly a false alarm in 100,000 attempts', () => {
  const random = seededRandom(1);
  const detector = new ChangeDetector();
  let alarms = 0;
  for (let count = 0; count < 100_000; count += 1) {
    if (detector.duration(normal(random))) alarms += 1;
    if (detector.outcome(random.next() < 0.1, 0.1)) alarms += 1;
  }
  expect(alarms).toBeLessThanOrEqual(2);
});

/** After how many attempts a change was noticed, the worst of many. */
function worst(attempt: (detector: ChangeDetector) => boolean): number {
  let most = 0;
  for (let run = 0; run < 50; run += 1) {
    const detector = new ChangeDetector();
    let count = 1;
    while (!attempt(detector)) count += 1;
    most = Math.max(most, count);
  }
  return most;
}

test('durations that double are noticed within some tens of attempts, in both directions', () => {
  const random = seededRandom(2);
  // Where ln(ms) has a standard deviation of 0.5, twice as long is 1.4 of them.
  expect(worst((detector) => detector.duration(normal(random) + 1.4))).toBeLessThan(40);
  expect(worst((detector) => detector.duration(normal(random) - 1.4))).toBeLessThan(40);
});

test('failures that triple are noticed, and so is that there are none any more', () => {
  const random = seededRandom(3);
  expect(worst((detector) => detector.outcome(random.next() < 0.6, 0.2))).toBeLessThan(80);
  expect(worst((detector) => detector.outcome(false, 0.5))).toBeLessThan(40);
});

test('one straggler is no change, and after an alarm it begins anew', () => {
  const detector = new ChangeDetector();
  expect(detector.duration(1_000)).toBe(false);
  let count = 1;
  while (!detector.duration(1_000)) count += 1;
  expect(detector.duration(1_000)).toBe(false);
  expect(count).toBeGreaterThan(2);
});
