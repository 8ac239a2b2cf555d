import fc from 'fast-check';
import { Evidence, type Attempt } from './evidence';

const HOUR = 3_600_000;
const start = 1_700_000_000_000;

const attempt: fc.Arbitrary<Attempt> = fc.record({
  succeeded: fc.boolean(),
  durationMs: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }), { nil: undefined }),
  costPerSlotHour: fc.double({ min: 0, max: 10, noNaN: true }),
});
/** Attempts and when they ended, in order. */
const history = fc
  .array(fc.tuple(attempt, fc.integer({ min: 0, max: 3 * HOUR })), { minLength: 1, maxLength: 50 })
  .map((entries) => {
    let atMs = start;
    return entries.map(([each, laterMs]) => ({ attempt: each, atMs: (atMs += laterMs) }));
  });

function evidenceOf(entries: readonly { attempt: Attempt; atMs: number }[]): Evidence {
  const evidence = new Evidence(HOUR, start);
  for (const each of entries) evidence.observe(each.attempt, each.atMs);
  return evidence;
}

const close = (found: object, expected: object): void => {
  for (const [key, value] of Object.entries(expected) as [keyof object, number][])
    expect(Math.abs(found[key] - value)).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(value)));
};

test('an attempt counts half after each half-life', () => {
  fc.assert(
    fc.property(history, fc.integer({ min: 0, max: 100 * HOUR }), (entries, laterMs) => {
      const nowMs = (entries.at(-1)?.atMs ?? start) + laterMs;
      const weight = (succeeded: boolean): number =>
        entries
          .filter((each) => each.attempt.succeeded === succeeded)
          .reduce((sum, { atMs }) => sum + 2 ** -((nowMs - atMs) / HOUR), 0);
      const { successes, failures } = evidenceOf(entries).at(nowMs);
      close({ successes, failures }, { successes: weight(true), failures: weight(false) });
    }),
  );
});

test('two histories that are merged are the history of both', () => {
  fc.assert(
    fc.property(history, history, (one, two) => {
      const both = [...one, ...two].sort((a, b) => a.atMs - b.atMs);
      const nowMs = both.at(-1)?.atMs ?? start;
      const merged = evidenceOf(one);
      merged.merge(evidenceOf(two), nowMs);
      const whole = evidenceOf(both);
      close(merged.at(nowMs), whole.at(nowMs));
      expect(merged.seen).toBe(whole.seen);
      expect(merged.quantile(0.9)).toEqual(whole.quantile(0.9));
    }),
  );
});

test('what is stored comes back the same, and goes on decaying', () => {
  fc.assert(
    fc.property(history, (entries) => {
      const evidence = evidenceOf(entries);
      const nowMs = (entries.at(-1)?.atMs ?? start) + HOUR;
      const copy = Evidence.from(structuredClone(evidence.state(nowMs)), HOUR);
      close(copy.at(nowMs + HOUR), evidence.at(nowMs + HOUR));
      expect(copy.seen).toBe(entries.length);
    }),
  );
});

test('years of attempts leave finite numbers and few buckets', () => {
  const evidence = new Evidence(HOUR, start);
  for (let hour = 0; hour < 20_000; hour += 1)
    evidence.observe(
      { succeeded: true, durationMs: 10 * (1 + (hour % 1_000)), costPerSlotHour: 1 },
      start + hour * HOUR,
    );
  const { successes, ms } = evidence.at(start + 19_999 * HOUR);
  expect(successes).toBeCloseTo(2, 5);
  expect(ms).toBeGreaterThan(0);
  expect(evidence.state(start + 19_999 * HOUR).durations.weights.length).toBeLessThanOrEqual(256);
});

test('what ended before the clock was set forward counts as of now, and time does not go back', () => {
  const evidence = new Evidence(HOUR, start);
  const one: Attempt = { succeeded: true, durationMs: 10, costPerSlotHour: 1 };
  evidence.observe(one, start - 100 * HOUR);
  expect(evidence.at(start - 100 * HOUR).successes).toBe(1);
  expect(evidence.at(start).successes).toBe(1);
});

test('costs are prices times hours; a failure counts its time apart', () => {
  const evidence = new Evidence(HOUR, start);
  evidence.observe({ succeeded: true, durationMs: HOUR, costPerSlotHour: 3 }, start);
  evidence.observe({ succeeded: false, durationMs: HOUR / 2, costPerSlotHour: 4 }, start);
  evidence.observe({ succeeded: false, durationMs: undefined, costPerSlotHour: 4 }, start);
  expect(evidence.at(start)).toMatchObject({
    ...{ successes: 1, failures: 2, timed: 1, ms: HOUR, failedTimed: 1, failedMs: HOUR / 2, cost: 5 },
  });
});

test('what has faded counts for so many attempts, in the same proportions', () => {
  const evidence = new Evidence(HOUR, start);
  for (let count = 0; count < 100; count += 1)
    evidence.observe({ succeeded: count % 4 > 0, durationMs: 10, costPerSlotHour: 1 }, start);
  evidence.fadeTo(8, start);
  expect(evidence.at(start)).toMatchObject({ successes: 6, failures: 2, timed: 6 });
  evidence.fadeTo(20, start);
  expect(evidence.at(start).successes).toBe(6);
});
