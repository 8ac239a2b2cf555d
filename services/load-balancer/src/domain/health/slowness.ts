import { THRESHOLDS } from './health-settings';

/** Weight of the newest duration. */
const NEWEST = 0.05;

/** How many times as long as usual for their types a swarm's attempts take: a moving average of logarithms, which are alike for twice and half. */
export class Slowness {
  /** Natural logarithm: 0 is as long as usual. */
  mean = 0;
  samples = 0;
  /** Variance of the mean, in variances of one duration. */
  private variance = 0;
  /** Looks in a row at which it was too slow. */
  looks = 0;
  private samplesSeen = 0;

  /** @param times as long as the median of the type */
  observe(times: number): void {
    const logarithm = Math.log(Math.max(times, Number.MIN_VALUE));
    this.samples += 1;
    // The first few count alike, or the first one would stand for long.
    const weight = Math.max(NEWEST, 1 / this.samples);
    this.mean += weight * (logarithm - this.mean);
    this.variance = (1 - weight) ** 2 * this.variance + weight ** 2;
  }

  /** Standard deviation of the mean, in those of one duration: who has shown little may differ more by chance. */
  get noise(): number {
    return Math.sqrt(this.variance);
  }

  get isKnown(): boolean {
    return this.samples >= THRESHOLDS.SLOW_SAMPLES;
  }

  /** One look at it. Where nothing has ended since the last one there is nothing new to say. @returns whether it was too slow often enough */
  look(isTooSlow: boolean): boolean {
    if (!isTooSlow) this.looks = 0;
    else if (this.samples > this.samplesSeen) this.looks += 1;
    this.samplesSeen = this.samples;
    return this.looks >= THRESHOLDS.SLOW_LOOKS;
  }

  reset(): void {
    this.mean = 0;
    this.variance = 0;
    this.samples = 0;
    this.looks = 0;
    this.samplesSeen = 0;
  }
}
