import { Recent } from '@multiswarm/core';
import { THRESHOLDS } from './health-settings';

const SWARMS = THRESHOLDS.TYPE_SWARMS;
/** Weight of the newest outcome in what is known of one swarm and type. */
const NEWEST = 0.3;
/** Observations after which the median is worked out again. */
const STALE = 16;

/**
 * What is usual for one type of work: how often it fails, and how long it takes, on the swarms of the fleet.
 *
 * N1. Each swarm has one voice, however much it ran: one that fails fast attracts many attempts and must not make a good type look bad.
 * N2. A swarm is compared with the others alone.
 * N3. Its size does not depend on the fleet: one of 64 places for each swarm by its number, and who comes takes the place.
 */
export class TypeNorm {
  private readonly owner = new Float64Array(SWARMS).fill(-1);
  private readonly failed = new Float64Array(SWARMS);
  /** Natural logarithm of the duration, ms; NaN where none is known. */
  private readonly duration = new Float64Array(SWARMS).fill(NaN);
  private voices = 0;
  private failedSum = 0;
  private median = NaN;
  private sinceMedian = STALE;

  /** @param swarm its number @param durationMs of a success */
  observe(swarm: number, isFailure: boolean, durationMs?: number): void {
    const at = placeOf(swarm);
    const outcome = isFailure ? 1 : 0;
    if (this.owner[at] !== swarm) this.take(at, swarm, outcome);
    else this.setFailed(at, mix(this.failed[at] ?? 0, outcome));
    if (durationMs === undefined || isFailure) return;
    const logarithm = Math.log(Math.max(1, durationMs));
    const known = this.duration[at] ?? NaN;
    this.duration[at] = Number.isNaN(known) ? logarithm : mix(known, logarithm);
    this.sinceMedian += 1;
  }

  /** N2: share of attempts of this type that fail on other swarms, 0 to 1; with few of them nearer to 0, since little is known. */
  failsElsewhere(swarm: number): number {
    const at = placeOf(swarm);
    const isThere = this.owner[at] === swarm;
    const others = this.voices - (isThere ? 1 : 0);
    const failed = this.failedSum - (isThere ? (this.failed[at] ?? 0) : 0);
    return Math.min(1, Math.max(0, failed / (others + 1)));
  }

  /** Median over the swarms of how long it takes, ms; undefined where nothing has succeeded. */
  medianMs(): number | undefined {
    if (this.sinceMedian >= STALE) this.refresh();
    return Number.isNaN(this.median) ? undefined : Math.exp(this.median);
  }

  private take(at: number, swarm: number, outcome: number): void {
    if (this.owner[at] === -1) this.voices += 1;
    this.owner[at] = swarm;
    this.duration[at] = NaN;
    this.setFailed(at, outcome);
  }

  private setFailed(at: number, share: number): void {
    this.failedSum += share - (this.failed[at] ?? 0);
    this.failed[at] = share;
  }

  private refresh(): void {
    const known = this.duration.filter((each) => !Number.isNaN(each)).sort();
    this.median = known[(known.length - 1) >> 1] ?? NaN;
    // While few are known each of them counts.
    this.sinceMedian = known.length < STALE ? STALE : 0;
  }
}

/** The norms of the types that were seen lately. */
export class TypeNorms {
  private readonly norms = new Recent<string, TypeNorm>(THRESHOLDS.TYPES);

  of(type: string): TypeNorm {
    const norm = this.norms.get(type) ?? new TypeNorm();
    this.norms.set(type, norm);
    return norm;
  }
}

function mix(known: number, newest: number): number {
  return known + NEWEST * (newest - known);
}

/** Swarms that came one after the other have places of their own. */
function placeOf(swarm: number): number {
  return swarm % SWARMS;
}
