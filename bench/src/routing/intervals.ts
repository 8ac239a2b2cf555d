/** A mean over seeds, with half the width of its 95% interval. */
export interface Estimate {
  mean: number;
  plusMinus: number;
}

/** Two-sided 95% quantiles of Student's t, by degrees of freedom from 1; above them that of the normal distribution is near. */
const STUDENT_T = [
  ...[12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228],
  ...[2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086],
];
const NORMAL = 1.96;

/** Mean of independent runs and its 95% interval by Student's t; one run has no interval (NaN). Throws for none. */
export function estimate(values: readonly number[]): Estimate {
  if (values.length === 0) throw new Error('there is nothing to estimate from');
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const freedom = values.length - 1;
  const deviation = Math.sqrt(squares / freedom);
  const t = STUDENT_T[freedom - 1] ?? NORMAL;
  return { mean, plusMinus: (t * deviation) / Math.sqrt(values.length) };
}

/**
 * What the first costs more than the second, seed by seed: both met the same requests and troubles with the same seed, so that
 * the interval is of the difference alone.
 */
export function difference(first: readonly number[], second: readonly number[]): Estimate {
  return estimate(first.map((value, seed) => value - (second[seed] ?? NaN)));
}
