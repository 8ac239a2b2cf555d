/** Latencies remembered for each number of requests in flight. */
const SAMPLES = 8;
/** Numbers of requests in flight that are told apart; all above count as this one. */
const MOST = 255;

/**
 * What a host of Prequal answers to a probe: the median of its recent latencies of requests that came when it held as many
 * others as now, or the nearest number for which it has any.
 */
export class LatencyByLoad {
  private readonly recent: Sample[][] = Array.from({ length: MOST + 1 }, () => []);
  /** No number below or above has a sample. */
  private lowest = MOST + 1;
  private highest = -1;

  /**
   * @param otherwiseS what it answers before it has served anything
   * @param windowS older latencies tell of other times
   */
  constructor(
    private readonly otherwiseS: number,
    private readonly windowS: number,
  ) {}

  add(heldBefore: number, latencyS: number, nowS: number): void {
    const at = Math.min(MOST, heldBefore);
    const samples = this.recent[at];
    if (samples === undefined) return;
    if (samples.length >= SAMPLES) samples.shift();
    samples.push({ latencyS, atS: nowS });
    this.lowest = Math.min(this.lowest, at);
    this.highest = Math.max(this.highest, at);
  }

  at(held: number, nowS: number): number {
    const middle = Math.min(MOST, held);
    for (let distance = 0; ; distance += 1) {
      const below = middle - distance;
      const above = middle + distance;
      if (below < this.lowest && above > this.highest) break;
      const found = this.median(below, nowS) ?? this.median(above, nowS);
      if (found !== undefined) return found;
    }
    this.lowest = MOST + 1;
    this.highest = -1;
    return this.otherwiseS;
  }

  private median(held: number, nowS: number): number | undefined {
    const samples = this.recent[held];
    if (samples === undefined || samples.length === 0) return undefined;
    while (samples[0] !== undefined && nowS - samples[0].atS > this.windowS) samples.shift();
    const ascending = samples.map(({ latencyS }) => latencyS).sort((a, b) => a - b);
    return ascending[(ascending.length - 1) >> 1];
  }
}

interface Sample {
  latencyS: number;
  atS: number;
}
