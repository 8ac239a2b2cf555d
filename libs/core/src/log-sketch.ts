/** Largest relative error of a quantile. */
const RELATIVE_ERROR = 0.03;
/** Buckets of one sketch; with this error their values span a factor of four million. */
const MAX_BUCKETS = 256;
const LOG_GAMMA = Math.log((1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR));
/** From the upper end of a bucket to the value that is nearest to all in it, in relative terms. */
const TO_MIDDLE = 1 - RELATIVE_ERROR;
/** Buckets with less than this share of all weight at the ends are dropped: nobody can tell the difference. */
const NEGLIGIBLE = 1e-9;

/** As it is stored: the index of the first bucket, and the weights from there on. */
export interface SketchState {
  low: number;
  weights: number[];
}

/**
 * Weighted counts of positive values in buckets whose bounds grow by a constant factor, so that every quantile is right to
 * a relative error of 3%; two sketches add up to exactly the sketch of all their values. Where the values span more than
 * the buckets do, the lowest ones are counted as one: the high quantiles stay right.
 * (DDSketch with collapsing lowest buckets: Masson, Rim and Lee, VLDB 2019.)
 */
export class LogSketch {
  private weights = new Float64Array(0);
  /** The index of the bucket that `weights[0]` counts. */
  private low = 0;
  private sum = 0;

  /** The weight of all values. */
  get total(): number {
    return this.sum;
  }

  get buckets(): number {
    return this.weights.length;
  }

  /** @param value more than 0; @param weight 0 or more */
  add(value: number, weight: number): void {
    // Plus nothing: of the two zeros that there are, it shall be the same one.
    this.addAt(Math.ceil(Math.log(value) / LOG_GAMMA) + 0, weight);
  }

  /** Adds all that the other one has counted, each weight times `factor`. */
  merge(other: LogSketch, factor = 1): void {
    // The highest first: then it is known at once which buckets are too low to be kept apart.
    for (let at = other.weights.length - 1; at >= 0; at -= 1) {
      const weight = other.weights[at] as number;
      if (weight > 0) this.addAt(other.low + at, weight * factor);
    }
  }

  /** Multiplies all weights; buckets at the ends that have next to nothing left are given back. */
  scale(factor: number): void {
    const { weights } = this;
    for (let at = 0; at < weights.length; at += 1) (weights[at] as number) *= factor;
    this.trim(this.sum * factor * NEGLIGIBLE);
  }

  /** The value below which a share `q` (0 to 1) of the weight lies; undefined where nothing is counted. */
  quantile(q: number): number | undefined {
    const { weights } = this;
    if (!(this.sum > 0)) return undefined;
    let left = q * this.sum;
    let last = 0;
    for (let at = 0; at < weights.length; at += 1) {
      const weight = weights[at] as number;
      if (weight === 0) continue;
      last = at;
      left -= weight;
      if (left < 0) break;
    }
    return Math.exp((this.low + last) * LOG_GAMMA) * TO_MIDDLE;
  }

  state(): SketchState {
    return { low: this.low, weights: [...this.weights] };
  }

  /** @param state as `state` gave it */
  static from({ low, weights }: SketchState): LogSketch {
    const sketch = new LogSketch();
    for (let at = weights.length - 1; at >= 0; at -= 1) {
      const weight = weights[at] as number;
      if (weight > 0) sketch.addAt(low + at, weight);
    }
    return sketch;
  }

  private addAt(index: number, weight: number): void {
    if (weight <= 0) return;
    const at = this.room(index);
    (this.weights[at] as number) += weight;
    this.sum += weight;
  }

  /** Makes the buckets reach to an index; returns where it is counted. */
  private room(index: number): number {
    const { weights, low } = this;
    if (weights.length === 0) {
      this.low = index;
      this.weights = new Float64Array(1);
      return 0;
    }
    const high = low + weights.length - 1;
    if (index >= low && index <= high) return index - low;
    const top = Math.max(high, index);
    const bottom = Math.max(Math.min(low, index), top - MAX_BUCKETS + 1);
    this.cover(bottom, top);
    return Math.max(index, bottom) - bottom;
  }

  /** What lies below `bottom` is counted in the lowest bucket. */
  private cover(bottom: number, top: number): void {
    const grown = new Float64Array(top - bottom + 1);
    this.weights.forEach((weight, at) => {
      (grown[Math.max(0, this.low + at - bottom)] as number) += weight;
    });
    this.weights = grown;
    this.low = bottom;
  }

  private trim(least: number): void {
    const { weights } = this;
    let from = 0;
    let to = weights.length;
    while (from < to && (weights[from] as number) <= least) from += 1;
    while (to > from && (weights[to - 1] as number) <= least) to -= 1;
    this.weights = weights.slice(from, to);
    this.low += from;
    this.sum = this.weights.reduce((sum, weight) => sum + weight, 0);
  }
}
