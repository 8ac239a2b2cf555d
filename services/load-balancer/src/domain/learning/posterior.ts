import type { Random } from '@multiswarm/core';
import type { Sums } from './evidence';
import { digamma, trigamma } from './gamma-functions';
import { normal } from './normal';
import { varianceOfMean, withinOf, type Prior } from './prior';

const MS_PER_HOUR = 3_600_000;
/** How many attempts the ratio of all classes counts for beside that of one. */
const RATIO_WEIGHT = 5;
/** How often a draw is used where others would hardly differ: where the duration is known to a tenth. */
const DRAWN_FOR = 8;
const SURE = 0.1;

/** What is believed of one type on one class: normal distributions of two logarithms. */
export interface Posterior {
  /** ln of the mean duration, ms. */
  logMs: number;
  logMsDeviation: number;
  /** ln of the odds of a success. */
  logOdds: number;
  logOddsDeviation: number;
  /** How much longer a failed attempt takes than one that succeeds. */
  failedRatio: number;
  /** The rate of success that is expected. */
  success: number;
  /** The last draw: mean duration, and failures for each success; and how often it is still to be used. */
  drawnMs: number;
  drawnFailures: number;
  drawnFor: number;
}

/** What may be true of a class, drawn from what is believed. */
export interface Draw {
  /** Probability that an attempt succeeds. */
  success: number;
  /** Mean duration of an attempt that succeeds. */
  durationMs: number;
  /** USD, until one has succeeded; with what failures cost beside their slots. */
  costToSuccess: number;
}

/** What makes an attempt dear, beside the price of its slot. */
export interface Stakes {
  /** USD for an hour of waiting: it ranks classes by time where slots cost nothing. */
  hourOfWaiting: number;
  /** USD for a failed try, beside its slot. */
  failedTry: number;
}

/** @param sums undefined: it was never tried, and is taken for one of the others */
export function posteriorOf(sums: Sums | undefined, prior: Prior): Posterior {
  const { mean, variance } = logMsOf(sums, prior);
  const alpha = prior.alpha + (sums?.successes ?? 0);
  const beta = prior.beta + (sums?.failures ?? 0);
  return {
    logMs: mean,
    logMsDeviation: Math.sqrt(variance),
    // The odds of a Beta are the quotient of two Gammas: mean and variance of their logarithms are known exactly.
    logOdds: digamma(alpha) - digamma(beta),
    logOddsDeviation: Math.sqrt(trigamma(alpha) + trigamma(beta)),
    failedRatio: failedRatioOf(sums, prior),
    success: alpha / (alpha + beta),
    drawnMs: 0,
    drawnFailures: 0,
    drawnFor: 0,
  };
}

/**
 * Thompson sampling: a class is judged by one draw of what may be true of it, so that it is tried as often as it may be the
 * best. (Thompson, Biometrika 1933; Chapelle and Li, NIPS 2011; with decayed counts: Raj and Kalyani, 2017.) The
 * success rate is drawn from a Beta distribution by the normal approximation of its log-odds, the duration from a lognormal.
 */
export function drawFrom(
  posterior: Posterior,
  costPerSlotHour: number,
  stakes: Stakes,
  random: Random,
): Draw {
  const costToSuccess = drawnCost(posterior, costPerSlotHour, stakes, random);
  const { drawnMs, drawnFailures } = posterior;
  return { success: 1 / (1 + drawnFailures), durationMs: drawnMs, costToSuccess };
}

/** The `costToSuccess` of such a draw. */
export function drawnCost(
  posterior: Posterior,
  costPerSlotHour: number,
  stakes: Stakes,
  random: Random,
): number {
  if (posterior.drawnFor === 0) renew(posterior, random);
  posterior.drawnFor -= 1;
  const { drawnMs, drawnFailures, failedRatio } = posterior;
  return costOf(drawnMs, drawnFailures, failedRatio, costPerSlotHour, stakes);
}

function renew(posterior: Posterior, random: Random): void {
  posterior.drawnMs = Math.exp(posterior.logMs + posterior.logMsDeviation * normal(random));
  // With p the rate of success there are (1 − p) ÷ p failures before a success.
  posterior.drawnFailures = Math.exp(-posterior.logOdds - posterior.logOddsDeviation * normal(random));
  posterior.drawnFor = posterior.logMsDeviation < SURE ? DRAWN_FOR : 1;
}

/**
 * USD until an attempt has succeeded, where each try is independent of the others (Wald's identity).
 * @param failures how many there are for each success
 * @param failedRatio how much longer each takes
 */
export function costOf(
  durationMs: number,
  failures: number,
  failedRatio: number,
  costPerSlotHour: number,
  { hourOfWaiting, failedTry }: Stakes,
): number {
  const hours = (durationMs * (1 + failures * failedRatio)) / MS_PER_HOUR;
  return hours * (costPerSlotHour + hourOfWaiting) + failures * failedTry;
}

/** The posterior of a normal mean with a normal prior, both on the scale of logarithms. */
function logMsOf(sums: Sums | undefined, prior: Prior): { mean: number; variance: number } {
  if (sums === undefined || sums.timed === 0) return { mean: prior.logMs, variance: prior.between };
  const own = varianceOfMean(withinOf(sums, prior.within), sums.timed);
  const trust = prior.between / (prior.between + own);
  const mean = prior.logMs + trust * (Math.log(sums.ms / sums.timed) - prior.logMs);
  return { mean, variance: trust * own };
}

function failedRatioOf(sums: Sums | undefined, prior: Prior): number {
  if (sums === undefined || sums.timed === 0) return prior.failedRatio;
  const { failedMs, failedTimed, ms, timed } = sums;
  return (RATIO_WEIGHT * prior.failedRatio + failedMs / (ms / timed)) / (RATIO_WEIGHT + failedTimed);
}
