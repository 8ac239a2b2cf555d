/** Values that are told apart; all above count as this one. */
const MOST = 1_023;

/** Quantiles of the last whole numbers that were seen, from their counts. */
export class RecentCounts {
  private readonly counts = new Int32Array(MOST + 1);
  private readonly values: number[] = [];
  private next = 0;

  constructor(private readonly limit: number) {}

  add(value: number): void {
    const old = this.values[this.next];
    if (old !== undefined) this.count(old, -1);
    const kept = Math.min(MOST, value);
    this.values[this.next] = kept;
    this.count(kept, 1);
    this.next = (this.next + 1) % this.limit;
  }

  /** The value with `share` of all below it; Infinity of none. */
  quantile(share: number): number {
    const below = Math.floor(share * this.values.length);
    let seen = 0;
    for (let value = 0; value <= MOST; value += 1) {
      seen += this.counts[value] ?? 0;
      if (seen > below) return value;
    }
    return Infinity;
  }

  private count(value: number, change: number): void {
    this.counts[value] = (this.counts[value] ?? 0) + change;
  }
}
