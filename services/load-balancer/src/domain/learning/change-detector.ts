/** How sure one has to be: without any change an alarm comes after e^12 (160,000) observations at the earliest, on average. */
const THRESHOLD = 12;
/** The change of a duration that is looked for, in standard deviations of its logarithm. */
const SHIFT = 1;
/** Observations further out count as this far: one straggler is no change. */
const FURTHEST = 3;
/** The change of the odds of a failure that is looked for, up or down. */
const ODDS = 3;
/** Rates of failure are taken to lie within these. */
const RATES = { least: 0.01, most: 0.95 };

/**
 * Notices that a stream of outcomes is not what it was: four one-sided cumulative sums of log-likelihood ratios, for longer and
 * shorter durations, more and fewer failures. (CUSUM: Page, Biometrika 1954. The mean time to a false alarm is at least
 * e^threshold: Lorden, Annals of Mathematical Statistics 1971.)
 */
export class ChangeDetector {
  private longer = 0;
  private shorter = 0;
  private worse = 0;
  private better = 0;

  /** @param deviation of ln(ms) from what was expected, in standard deviations; @returns whether it has changed */
  duration(deviation: number): boolean {
    const far = Math.max(-FURTHEST, Math.min(FURTHEST, deviation));
    this.longer = Math.max(0, this.longer + SHIFT * far - (SHIFT * SHIFT) / 2);
    this.shorter = Math.max(0, this.shorter - SHIFT * far - (SHIFT * SHIFT) / 2);
    return this.alarm(Math.max(this.longer, this.shorter));
  }

  /** @param failureRate that was expected; @returns whether it has changed */
  outcome(failed: boolean, failureRate: number): boolean {
    const rate = Math.max(RATES.least, Math.min(RATES.most, failureRate));
    this.worse = Math.max(0, this.worse + ratio(failed, rate, withOdds(rate, ODDS)));
    this.better = Math.max(0, this.better + ratio(failed, rate, withOdds(rate, 1 / ODDS)));
    return this.alarm(Math.max(this.worse, this.better));
  }

  private alarm(sum: number): boolean {
    if (sum < THRESHOLD) return false;
    this.longer = this.shorter = this.worse = this.better = 0;
    return true;
  }
}

function withOdds(rate: number, factor: number): number {
  const odds = (rate / (1 - rate)) * factor;
  return odds / (1 + odds);
}

/** ln of how much likelier an outcome is at the second rate than at the first. */
function ratio(failed: boolean, before: number, after: number): number {
  return failed ? Math.log(after / before) : Math.log((1 - after) / (1 - before));
}
