import { seededRandom } from '@multiswarm/core';
import { Evidence, type Sums } from './evidence';
import { normal } from './normal';
import { drawFrom, posteriorOf, type Stakes } from './posterior';
import { priorOf } from './prior';

const HOUR = 3_600_000;
const NOTHING: Stakes = { hourOfWaiting: 0, failedTry: 0 };

interface Given {
  attempts: number;
  meanMs: number;
  success: number;
  price?: number;
}

/** What so many attempts have shown of a class, lognormal with a deviation of 0.5. */
function shown({ attempts, meanMs, success, price = 1 }: Given, seed: number): Sums {
  const random = seededRandom(seed);
  const evidence = new Evidence(HOUR, 0);
  for (let count = 0; count < attempts; count += 1) {
    const durationMs = meanMs * Math.exp(0.5 * normal(random) - 0.125);
    evidence.observe({ succeeded: random.next() < success, durationMs, costPerSlotHour: price }, 0);
  }
  return evidence.at(0);
}

test('of classes that are alike nothing is believed but what all of them show', () => {
  const alike = [1, 2, 3, 4].map((seed) => shown({ attempts: 400, meanMs: 1_000, success: 0.9 }, seed));
  const prior = priorOf(alike);
  for (const sums of [undefined, ...alike]) {
    const { logMs, logMsDeviation, success } = posteriorOf(sums, prior);
    expect(Math.exp(logMs)).toBeCloseTo(1_000, -2);
    expect(logMsDeviation).toBeLessThan(0.05);
    expect(success).toBeCloseTo(0.9, 1);
  }
});

test('classes that differ keep their differences, and one that nobody has tried may be any of them', () => {
  const fast = shown({ attempts: 200, meanMs: 100, success: 0.99 }, 1);
  const slow = shown({ attempts: 200, meanMs: 1_000, success: 0.6 }, 2);
  const prior = priorOf([fast, slow]);
  const [ofFast, ofSlow, ofNew] = [fast, slow, undefined].map((sums) => posteriorOf(sums, prior));
  expect(Math.exp(ofFast?.logMs ?? 0) / 100).toBeCloseTo(1, 0);
  expect(Math.exp(ofSlow?.logMs ?? 0) / 1_000).toBeCloseTo(1, 0);
  expect(ofFast?.success).toBeCloseTo(0.99, 1);
  expect(ofSlow?.success).toBeCloseTo(0.6, 1);
  expect(ofFast?.logMsDeviation).toBeLessThan(0.1);
  expect(ofNew?.logMsDeviation).toBeGreaterThan(1);
});

test('the mean of a type with a long tail is not its median', () => {
  const evidence = new Evidence(HOUR, 0);
  for (let count = 0; count < 1_000; count += 1)
    evidence.observe({ succeeded: true, durationMs: count % 10 === 0 ? 10_000 : 10, costPerSlotHour: 1 }, 0);
  const sums = evidence.at(0);
  expect(Math.exp(posteriorOf(sums, priorOf([sums])).logMs)).toBeCloseTo(1_009, -1);
});

test('draws come from the beliefs: their quantiles are those of the distributions', () => {
  const sums = shown({ attempts: 60, meanMs: 1_000, success: 0.8 }, 3);
  const posterior = posteriorOf(sums, priorOf([sums, shown({ attempts: 60, meanMs: 300, success: 0.5 }, 4)]));
  const random = seededRandom(5);
  const draws = Array.from({ length: 20_000 }, () => drawFrom(posterior, 1, NOTHING, random));
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(mean(draws.map(({ success }) => success))).toBeCloseTo(posterior.success, 2);
  const logs = draws.map(({ durationMs }) => Math.log(durationMs));
  expect(mean(logs)).toBeCloseTo(posterior.logMs, 2);
  expect(Math.sqrt(mean(logs.map((log) => (log - posterior.logMs) ** 2)))).toBeCloseTo(
    posterior.logMsDeviation,
    2,
  );
});

test('what is cheap and fails is dear: the cost counts the failures before a success', () => {
  const prior = priorOf([]);
  const sure = { ...posteriorOf(undefined, prior), logMs: Math.log(HOUR), logMsDeviation: 0 };
  const certain = { ...sure, logOddsDeviation: 0, failedRatio: 0.5 };
  const random = seededRandom(1);
  const even = drawFrom({ ...certain, logOdds: 0 }, 2, NOTHING, random);
  expect(even).toMatchObject({ success: 0.5, durationMs: expect.closeTo(HOUR) as number });
  expect(even.costToSuccess).toBeCloseTo(3);
  const stakes = { hourOfWaiting: 1, failedTry: 10 };
  expect(drawFrom({ ...certain, logOdds: 0 }, 2, stakes, random).costToSuccess).toBeCloseTo(14.5);
  expect(drawFrom({ ...certain, logOdds: 20 }, 2, stakes, random).costToSuccess).toBeCloseTo(3);
});
