import type { Random } from '@multiswarm/core';

/** Normal numbers are taken from this many equally likely ones: enough for choices, and cheaper than any exact method. */
const SIZE = 4_096;

/**
 * A normal number (mean 0, variance 1), by inversion of a uniform one on a grid: about 4 ns. The furthest is 3.7 from 0.
 */
export function normal(random: Random): number {
  return TABLE[(random.next() * SIZE) | 0] as number;
}

const TABLE = Float64Array.from({ length: SIZE }, (_, index) => quantile((index + 0.5) / SIZE));

/** The value below which a normal number lies with probability `p`; error below 1e-6 after one step of Halley's method. */
function quantile(p: number): number {
  const start = p < 0.5 ? -tail(p) : tail(1 - p);
  const error = cumulative(start) - p;
  const step = error * Math.sqrt(2 * Math.PI) * Math.exp((start * start) / 2);
  return start - step / (1 + (start * step) / 2);
}

/** Abramowitz and Stegun 26.2.23. */
function tail(p: number): number {
  const t = Math.sqrt(-2 * Math.log(p));
  return (
    t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
  );
}

/** Abramowitz and Stegun 26.2.17, error below 7.5e-8. */
function cumulative(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const upper = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return x >= 0 ? 1 - upper : upper;
}
