/** The answer of one host to one probe. */
export interface Probe {
  readonly host: number;
  /** Requests in flight when it answered, and those that this client has sent there since because of it. */
  inFlight: number;
  readonly latencyS: number;
  readonly takenS: number;
  uses: number;
}

/** The probes that one client of Prequal may choose from: the oldest gives way to the newest. */
export class ProbePool {
  /** The oldest first. */
  private readonly probes: Probe[] = [];
  private removeOldest = true;

  constructor(
    private readonly limit: number,
    private readonly maxAgeS: number,
  ) {}

  get size(): number {
    return this.probes.length;
  }

  add(probe: Probe): void {
    if (this.probes.length >= this.limit) this.probes.shift();
    this.probes.push(probe);
  }

  remove(probe: Probe): void {
    const at = this.probes.indexOf(probe);
    if (at >= 0) this.probes.splice(at, 1);
  }

  forgetOld(nowS: number): void {
    while (this.probes[0] !== undefined && nowS - this.probes[0].takenS > this.maxAgeS) this.probes.shift();
  }

  /** Hot–cold lexicographic: the cold one with the lowest latency; where all are hot, the one with the fewest in flight. */
  best(hotAbove: number): Probe | undefined {
    return this.extreme((one, other) => isBetter(one, other, hotAbove));
  }

  /** In turns the oldest one and the worst one: the hot one with the most in flight, else the cold one with the highest latency. */
  removeOne(hotAbove: number): void {
    if (this.removeOldest) this.probes.shift();
    else {
      const worst = this.extreme((one, other) => isBetter(other, one, hotAbove));
      if (worst !== undefined) this.remove(worst);
    }
    this.removeOldest = !this.removeOldest;
  }

  private extreme(beats: (one: Probe, other: Probe) => boolean): Probe | undefined {
    let found: Probe | undefined;
    for (const probe of this.probes) if (found === undefined || beats(probe, found)) found = probe;
    return found;
  }
}

function isBetter(one: Probe, other: Probe, hotAbove: number): boolean {
  const oneHot = one.inFlight > hotAbove;
  const otherHot = other.inFlight > hotAbove;
  if (oneHot !== otherHot) return otherHot;
  return oneHot ? one.inFlight < other.inFlight : one.latencyS < other.latencyS;
}
