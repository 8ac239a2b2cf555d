import { THRESHOLDS } from './health-settings';

const { WINDOW_BUCKETS: BUCKETS, WINDOW_BUCKET_MS: BUCKET_MS } = THRESHOLDS;
/** Sums of a bucket, and where two of them are behind the first. */
const SUMS = 3;
const FAILED = 1;
const EXPECTED = 2;

/**
 * Outcomes of the last half minute, in a ring of ten buckets (as Finagle's and Envoy's windows).
 *
 * W1. What is counted is what was added in the present bucket and the nine before it: exactly, and nothing else.
 * W2. A time that goes back adds to the newest bucket.
 * W3. A window without an outcome so far takes no memory for its buckets: of ten thousand swarms that are only heard, that is 15 MB.
 */
export class OutcomeWindow {
  /** W3. Of each bucket what was counted, what of that has failed, and what was expected to. */
  private buckets: Float64Array | undefined;
  /** Number of the newest bucket since the clock began. */
  private newest = -1;
  volume = 0;
  failures = 0;
  /** How many of them would have failed on any swarm. */
  expectedFailures = 0;

  /** @param expected the share of failures that such an outcome has elsewhere, 0 to 1 */
  add(isFailure: boolean, expected: number, nowMs: number): void {
    this.roll(nowMs);
    const buckets = (this.buckets ??= new Float64Array(BUCKETS * SUMS));
    const at = (this.newest % BUCKETS) * SUMS;
    buckets[at] = (buckets[at] ?? 0) + 1;
    this.volume += 1;
    buckets[at + EXPECTED] = (buckets[at + EXPECTED] ?? 0) + expected;
    this.expectedFailures += expected;
    if (!isFailure) return;
    buckets[at + FAILED] = (buckets[at + FAILED] ?? 0) + 1;
    this.failures += 1;
  }

  /** Forgets what has left the window. */
  roll(nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS);
    if (bucket <= this.newest) return; // W2
    for (let each = Math.max(this.newest + 1, bucket - BUCKETS + 1); each <= bucket; each += 1)
      this.empty(each % BUCKETS);
    if (bucket - this.newest >= BUCKETS) this.clearSums();
    this.newest = bucket;
  }

  /**
   * Share of successes, 0 to 1, where failures that are usual for what it ran are none of its own: 1 − (observed − expected) / volume
   * (indirect standardisation, as hospitals are compared: Spiegelhalter 2005). 1 without any outcome.
   */
  get success(): number {
    if (this.volume === 0) return 1;
    return 1 - Math.max(0, this.failures - this.expectedFailures) / this.volume;
  }

  clear(): void {
    for (let at = 0; at < BUCKETS; at += 1) this.empty(at);
    this.clearSums();
  }

  private empty(bucket: number): void {
    const { buckets } = this;
    if (buckets === undefined) return;
    const at = bucket * SUMS;
    this.volume -= buckets[at] ?? 0;
    this.failures -= buckets[at + FAILED] ?? 0;
    this.expectedFailures -= buckets[at + EXPECTED] ?? 0;
    buckets.fill(0, at, at + SUMS);
    // A sum of fractions drifts; that of nothing is known.
    if (this.volume === 0) this.expectedFailures = 0;
  }

  private clearSums(): void {
    this.volume = 0;
    this.failures = 0;
    this.expectedFailures = 0;
  }
}
