import { LogSketch, type SketchState } from '@multiswarm/core';

/** Shorter attempts count as this long: a duration is measured in whole milliseconds, and its logarithm must exist. */
const LEAST_MS = 0.1;
/** Half-lives after which the weights are written anew, so that new ones do not outgrow what a number can hold. */
const REBASE_AFTER = 64;
const MS_PER_HOUR = 3_600_000;

/** How one attempt has ended. */
export interface Attempt {
  succeeded: boolean;
  /** Where it is known. */
  durationMs: number | undefined;
  /** USD. */
  costPerSlotHour: number;
}

/** Decayed sums; each is a weight, or a weight times what it is named for. */
export interface Sums {
  successes: number;
  failures: number;
  /** Successes of which the duration is known, and of those: ln(ms), its square, ms. */
  timed: number;
  logs: number;
  logSquares: number;
  ms: number;
  /** Failures of which the duration is known, and their ms. */
  failedTimed: number;
  failedMs: number;
  /** USD that the slots of all timed attempts have cost. */
  cost: number;
}

/** As it is stored. */
export interface EvidenceState {
  seen: number;
  /** When the weights are what they say, ms. */
  asOfMs: number;
  sums: Sums;
  durations: SketchState;
}

/**
 * What attempts of one type on one class of swarms have shown: sums in which an attempt counts half after each half-life.
 *
 * E1. Old sums are not touched when time passes: new attempts weigh more instead, by 2^(time since the landmark ÷ half-life),
 *     and whoever reads divides. (Forward decay: Cormode, Shkapenyuk, Srivastava and Xu, ICDE 2009.)
 * E2. All sums and all buckets have the same landmark, so that a factor for one is a factor for all.
 * E3. Time does not go back: what is observed earlier than the landmark counts as observed at it.
 */
export class Evidence {
  private readonly sums: Sums = noSums();
  private readonly durations: LogSketch;
  /** Attempts that were ever observed: of two copies, the one with more has heard more. */
  private count = 0;

  constructor(
    private readonly halfLifeMs: number,
    private landmarkMs: number,
    durations = new LogSketch(),
  ) {
    this.durations = durations;
  }

  get seen(): number {
    return this.count;
  }

  observe({ succeeded, durationMs, costPerSlotHour }: Attempt, nowMs: number): void {
    const weight = this.weightAt(nowMs);
    const { sums } = this;
    this.count += 1;
    if (succeeded) sums.successes += weight;
    else sums.failures += weight;
    if (durationMs === undefined) return;
    const ms = counted(durationMs);
    sums.cost += weight * ((ms * costPerSlotHour) / MS_PER_HOUR);
    if (!succeeded) {
      sums.failedTimed += weight;
      sums.failedMs += weight * ms;
      return;
    }
    const log = Math.log(ms);
    sums.timed += weight;
    sums.logs += weight * log;
    sums.logSquares += weight * log * log;
    sums.ms += weight * ms;
    this.durations.add(ms, weight);
  }

  /** All sums as they count now. */
  at(nowMs: number): Sums {
    const factor = this.decayedBy(nowMs);
    const now = { ...this.sums };
    for (const key of SUMS) now[key] *= factor;
    return now;
  }

  /** ms, of those that have succeeded. */
  quantile(q: number): number | undefined {
    return this.durations.quantile(q);
  }

  /** Adds what the other one has seen, as it counts now. */
  merge(other: Evidence, nowMs: number): void {
    const factor = other.decayedBy(nowMs) * this.weightAt(nowMs);
    this.count += other.count;
    for (const key of SUMS) this.sums[key] += other.sums[key] * factor;
    this.durations.merge(other.durations, factor);
  }

  /** Lets all that was seen count for no more attempts than these. */
  fadeTo(attempts: number, nowMs: number): void {
    const { successes, failures } = this.at(nowMs);
    const weight = successes + failures;
    if (weight > attempts) this.scale(attempts / weight);
  }

  state(nowMs: number): EvidenceState {
    this.rebase(nowMs);
    const { count: seen, landmarkMs: asOfMs, sums, durations } = this;
    return { seen, asOfMs, sums: { ...sums }, durations: durations.state() };
  }

  static from(state: EvidenceState, halfLifeMs: number): Evidence {
    const evidence = new Evidence(halfLifeMs, state.asOfMs, LogSketch.from(state.durations));
    Object.assign(evidence.sums, state.sums);
    evidence.count = state.seen;
    return evidence;
  }

  /** E1, E3: what one attempt weighs at a time. */
  private weightAt(nowMs: number): number {
    if (nowMs - this.landmarkMs > REBASE_AFTER * this.halfLifeMs) this.rebase(nowMs);
    return 1 / this.decayedBy(nowMs);
  }

  private decayedBy(nowMs: number): number {
    return 2 ** -(Math.max(0, nowMs - this.landmarkMs) / this.halfLifeMs);
  }

  private rebase(nowMs: number): void {
    if (nowMs <= this.landmarkMs) return;
    this.scale(this.decayedBy(nowMs));
    this.landmarkMs = nowMs;
  }

  /** E2. */
  private scale(factor: number): void {
    for (const key of SUMS) this.sums[key] *= factor;
    this.durations.scale(factor);
  }
}

/** ln(ms), where the duration is known. */
export function logOf({ durationMs }: Attempt): number | undefined {
  return durationMs === undefined ? undefined : Math.log(counted(durationMs));
}

function counted(durationMs: number): number {
  return Math.max(LEAST_MS, durationMs);
}

export function noSums(): Sums {
  return {
    successes: 0,
    failures: 0,
    timed: 0,
    logs: 0,
    logSquares: 0,
    ms: 0,
    failedTimed: 0,
    failedMs: 0,
    cost: 0,
  };
}

const SUMS = Object.keys(noSums()) as (keyof Sums)[]; // the keys of a literal
