import type { Sums } from './evidence';

/**
 * What is taken for granted of a type of which nothing is known: it takes about a second, and mostly succeeds. `between` is
 * how far classes may differ (variance of ln ms) as long as fewer than two of them are known.
 */
const UNKNOWN = { logMs: Math.log(1_000), between: 0.25, within: 0.25, successes: 1.8, failures: 0.2 };
/** How many attempts the variance of all classes counts for beside that of one. */
const WITHIN_WEIGHT = 10;
/** Attempts that the common success rate counts for: at least, where classes differ a lot, and at most, where they are alike. */
const STRENGTH = { least: 2, most: 100_000 };

/** What the classes of one type have in common, and by how much they differ. */
export interface Prior {
  /** ln of the mean duration (ms) of a class that nobody has tried, and the variance of it. */
  logMs: number;
  between: number;
  /** Variance of ln(ms) from attempt to attempt on one class. */
  within: number;
  /** The success rate of such a class: a Beta distribution. */
  alpha: number;
  beta: number;
  /** How much longer a failed attempt takes than one that succeeds. */
  failedRatio: number;
  /** USD and slot time (ms) of an attempt, each the mean over the classes. */
  cost: number;
  ms: number;
}

/**
 * An empirical Bayes prior: what a class that is hardly known is taken for is what the others are, and by how much it may
 * differ is how much they do beyond the noise of their samples. Where they are alike that is nothing, and each of them is
 * taken for what all are.
 * (Efron and Morris, JASA 1975; the moments of the variance between groups: DerSimonian and Laird, Controlled Clinical Trials 1986.)
 */
export function priorOf(classes: readonly Sums[]): Prior {
  return { ...durationsOf(classes), ...successOf(classes), ...costsOf(classes) };
}

/** Variance of ln(ms) on one class, drawn towards that of all. */
export function withinOf({ timed, logs, logSquares }: Sums, common: number): number {
  const own = timed > 0 ? Math.max(0, logSquares - (logs * logs) / timed) : 0;
  return (WITHIN_WEIGHT * common + own) / (WITHIN_WEIGHT + timed);
}

/**
 * Variance of the logarithm of the mean of so many attempts, where ln(ms) has this variance.
 * (Cox's method for the mean of a lognormal: Zhou and Gao, Statistics in Medicine 1997.)
 */
export function varianceOfMean(within: number, attempts: number): number {
  return (within + (within * within) / 2) / attempts;
}

function durationsOf(classes: readonly Sums[]): Pick<Prior, 'logMs' | 'between' | 'within'> {
  const timed = classes.filter((sums) => sums.timed > 0);
  if (timed.length === 0) return UNKNOWN;
  const within = pooledWithin(timed);
  const means = timed.map((sums) => ({
    value: Math.log(sums.ms / sums.timed),
    variance: varianceOfMean(withinOf(sums, within), sums.timed),
  }));
  const between = means.length < 2 ? UNKNOWN.between : excessVariance(means);
  let weight = 0;
  let sum = 0;
  for (const { value, variance } of means) {
    weight += 1 / (variance + between);
    sum += value / (variance + between);
  }
  return { logMs: sum / weight, between, within };
}

function pooledWithin(classes: readonly Sums[]): number {
  let squares = WITHIN_WEIGHT * UNKNOWN.within;
  let weight = WITHIN_WEIGHT;
  for (const { timed, logs, logSquares } of classes) {
    squares += Math.max(0, logSquares - (logs * logs) / timed);
    weight += timed;
  }
  return squares / weight;
}

/** DerSimonian and Laird: how much more the values differ than their own variances explain; 0 where they do not. */
function excessVariance(values: readonly { value: number; variance: number }[]): number {
  let weights = 0;
  let squares = 0;
  let sum = 0;
  for (const { value, variance } of values) {
    weights += 1 / variance;
    squares += 1 / (variance * variance);
    sum += value / variance;
  }
  const mean = sum / weights;
  let q = 0;
  for (const { value, variance } of values) q += (value - mean) ** 2 / variance;
  return Math.max(0, (q - (values.length - 1)) / (weights - squares / weights));
}

/** The same for success rates, whose own variances follow from the rate. */
function successOf(classes: readonly Sums[]): Pick<Prior, 'alpha' | 'beta'> {
  let { successes, failures } = UNKNOWN;
  for (const sums of classes) {
    successes += sums.successes;
    failures += sums.failures;
  }
  const rate = successes / (successes + failures);
  const strength = strengthOf(classes, rate);
  return { alpha: strength * rate, beta: strength * (1 - rate) };
}

function strengthOf(classes: readonly Sums[], rate: number): number {
  const variance = rate * (1 - rate);
  let known = 0;
  let total = 0;
  let squares = 0;
  let q = 0;
  for (const { successes, failures } of classes) {
    const attempts = successes + failures;
    if (attempts === 0) continue;
    known += 1;
    total += attempts;
    squares += attempts * attempts;
    q += (attempts * (successes / attempts - rate) ** 2) / variance;
  }
  if (known < 2) return STRENGTH.least;
  const between = (variance * Math.max(0, q - (known - 1))) / (total - squares / total);
  const strength = between > 0 ? variance / between - 1 : STRENGTH.most;
  return Math.max(STRENGTH.least, Math.min(STRENGTH.most, strength));
}

function costsOf(classes: readonly Sums[]): Pick<Prior, 'failedRatio' | 'cost' | 'ms'> {
  let [ms, timed, failedMs, failedTimed] = [0, 0, 0, 0];
  let [cost, meanMs, known] = [0, 0, 0];
  for (const sums of classes) {
    ms += sums.ms;
    timed += sums.timed;
    failedMs += sums.failedMs;
    failedTimed += sums.failedTimed;
    const ended = sums.timed + sums.failedTimed;
    if (ended === 0) continue;
    known += 1;
    cost += sums.cost / ended;
    meanMs += (sums.ms + sums.failedMs) / ended;
  }
  return {
    failedRatio: ms > 0 && failedMs > 0 ? failedMs / failedTimed / (ms / timed) : 1,
    cost: known > 0 ? cost / known : 0,
    ms: known > 0 ? meanMs / known : Math.exp(UNKNOWN.logMs),
  };
}
