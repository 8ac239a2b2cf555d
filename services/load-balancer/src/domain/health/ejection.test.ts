import { Ejection } from './ejection';
import { THRESHOLDS } from './health-settings';

const { EJECTED_MS, EJECTED_MOST_MS } = THRESHOLDS;

/** Ejects it, lets the ejection end, and says how long it was. */
function lengthOf(ejection: Ejection, nowMs: number): number {
  ejection.eject('slow', nowMs);
  expect(ejection.isEjected).toBe(true);
  expect(ejection.tick(ejection.untilMs - 1)).toBe(false);
  expect(ejection.tick(ejection.untilMs)).toBe(true);
  expect(ejection.isEjected).toBe(false);
  return ejection.untilMs - nowMs;
}

test('E1: each further ejection is longer, up to a limit', () => {
  const ejection = new Ejection();
  let nowMs = 0;
  const lengths = Array.from({ length: 12 }, () => {
    const length = lengthOf(ejection, nowMs);
    nowMs += length + EJECTED_MS - 1;
    return length;
  });
  expect(lengths).toEqual(lengths.map((_, index) => Math.min(EJECTED_MOST_MS, EJECTED_MS * (index + 1))));
});

test('E2: each spell of good health takes one time back', () => {
  const ejection = new Ejection();
  for (let times = 1; times <= 3; times += 1) lengthOf(ejection, 0);
  const { untilMs } = ejection;
  expect(lengthOf(ejection, untilMs + 2 * EJECTED_MS)).toBe(2 * EJECTED_MS);
  expect(lengthOf(ejection, ejection.untilMs + 100 * EJECTED_MS)).toBe(EJECTED_MS);
});

test('reset, it was never ejected', () => {
  const ejection = new Ejection();
  lengthOf(ejection, 0);
  ejection.eject('slow', 100_000);
  ejection.reset();
  expect(ejection.isEjected).toBe(false);
  expect(lengthOf(ejection, 100_000)).toBe(EJECTED_MS);
});
