import { backoffMs, seededRandom } from '@multiswarm/core';
import { BREAKER_BACKOFF, THRESHOLDS, type HealthSettings } from './health-settings';
import type { OutcomeWindow } from './outcome-window';

export const BREAKER_STATES = ['closed', 'open', 'half-open'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];
/** What the end of an attempt says of its swarm; `neutral` says nothing. */
export type Sign = 'succeeded' | 'failed' | 'busy' | 'neutral';

/** One end of an attempt, on the monotonic clock. */
export interface Ended {
  sign: Sign;
  beganMs: number;
  endedMs: number;
  /** The share of failures that such an attempt has on other swarms, 0 to 1. */
  failsElsewhere: number;
}

/** A failed probe of a type that fails as often elsewhere says nothing. */
const TELLING = 0.5;
/** One failure in ten is still a type that hardly ever fails. */
const RARE = 0.1;

/**
 * The circuit breaker of one swarm: Nygard's, that trips as Finagle's failure accrual and Linkerd's unified breaker do.
 *
 * B1. Closed lets all through, open nothing, half-open one attempt at a time.
 * B2. It trips on failures in a row or on the success rate of the window, whichever comes first. Refusals (too busy) count in a rate
 *     of their own, and not in the row; what is neutral counts nowhere.
 * B3. What began before it opened decides nothing afterwards: it tells of the swarm as it was.
 * B4. A probe ends the half-open state: a success closes, a failure or an overdue probe opens for longer, a refusal for as long
 *     again. One that says nothing (cancelled, the task's own fault) makes room for the next.
 * B5. How often it opened is forgotten only after it has been closed for a while: one that flaps stays out longer each time.
 * B6. A failure of a type that fails elsewhere too counts less in the row, so that a row is always about equally unlikely: with a
 *     share p of failures elsewhere it counts min(1, −log10 p). Five in a row of a type that fails at most once in ten trip; of one
 *     that fails half of the time, seventeen; of one that always fails, none.
 */
export class Breaker {
  state: BreakerState = 'closed';
  /** Why it is not closed, for people. */
  reason = '';
  /** When it opened last, and until when it stays open. */
  openedAtMs = -Infinity;
  untilMs = 0;
  private row = 0;
  private inRow = 0;
  private trips = 0;
  private closedAtMs = -Infinity;
  private probeDueMs: number | undefined;

  constructor(
    /** Equal for the same swarm on every replica, so that its delays are jittered alike on all of them. */
    private readonly seed: number,
    private readonly settings: HealthSettings,
    private readonly window: OutcomeWindow,
    /** Of all that it was given, what it has refused. */
    private readonly refusals: OutcomeWindow,
  ) {}

  /** Takes the end of an attempt into account; the windows have it already. @returns whether the state changed */
  ended(ended: Ended): boolean {
    if (ended.sign === 'neutral') return this.endProbe(ended);
    if (this.state === 'closed') return this.whileClosed(ended);
    if (this.state === 'half-open' && ended.beganMs >= this.openedAtMs) return this.whileHalfOpen(ended); // B3
    return false;
  }

  /** An attempt was placed. Half-open, it is the probe, and has until `dueMs` to end. */
  placed(dueMs: number): void {
    if (this.state === 'half-open') this.probeDueMs ??= dueMs;
  }

  /** @returns whether the state changed */
  tick(nowMs: number): boolean {
    if (this.state === 'open' && nowMs >= this.untilMs) {
      this.state = 'half-open';
      this.probeDueMs = undefined;
      return true;
    }
    if (this.state !== 'half-open' || this.probeDueMs === undefined || nowMs < this.probeDueMs) return false;
    return this.open(nowMs, 'its probe did not end in time', 1); // B4
  }

  /** As if nothing had ever happened. */
  reset(): void {
    this.state = 'closed';
    this.reason = '';
    this.openedAtMs = -Infinity;
    this.trips = 0;
    this.forget();
  }

  private whileClosed({ sign, endedMs, failsElsewhere }: Ended): boolean {
    if (endedMs - this.closedAtMs >= THRESHOLDS.BREAKER_STEADY_MS) this.trips = 0; // B5
    if (sign === 'succeeded') {
      this.clearRow();
      return false;
    }
    if (sign === 'failed') {
      this.inRow += 1;
      this.row += weightOf(failsElsewhere); // B6
    }
    const why = this.tripReason();
    return why === undefined ? false : this.open(endedMs, why, 1);
  }

  /** B2. */
  private tripReason(): string | undefined {
    const { failuresInRow, leastSuccess } = this.settings;
    if (failuresInRow > 0 && this.row >= failuresInRow) return `${this.inRow} failures in a row`;
    const { window, refusals } = this;
    const least = `fewer than ${percent(leastSuccess)}`;
    if (isTooLow(window, leastSuccess))
      return `${percent(window.success)} of its last ${window.volume} attempts went well, ${least}`;
    if (!isTooLow(refusals, leastSuccess)) return undefined;
    const others = percent(refusals.expectedFailures / refusals.volume);
    return `it refused ${refusals.failures} of its last ${refusals.volume} attempts, where others refuse ${others}`;
  }

  /** B4. */
  private whileHalfOpen(ended: Ended): boolean {
    if (ended.sign === 'succeeded') return this.close(ended.endedMs);
    if (ended.sign === 'busy') return this.open(ended.endedMs, 'its probe was refused', 0);
    if (weightOf(ended.failsElsewhere) < TELLING) return this.endProbe(ended);
    return this.open(ended.endedMs, 'its probe failed', 1);
  }

  private endProbe({ beganMs }: Ended): boolean {
    if (beganMs >= this.openedAtMs) this.probeDueMs = undefined;
    return false;
  }

  private close(nowMs: number): boolean {
    this.state = 'closed';
    this.reason = '';
    this.closedAtMs = nowMs;
    this.forget();
    return true;
  }

  private open(nowMs: number, reason: string, more: number): boolean {
    this.trips += more;
    const random = seededRandom(this.seed + this.trips);
    this.state = 'open';
    this.reason = reason;
    this.openedAtMs = nowMs;
    this.untilMs = nowMs + backoffMs(BREAKER_BACKOFF, this.trips, random);
    this.probeDueMs = undefined;
    this.clearRow();
    return true;
  }

  private forget(): void {
    this.clearRow();
    this.window.clear();
    this.refusals.clear();
  }

  private clearRow(): void {
    this.row = 0;
    this.inRow = 0;
  }
}

function isTooLow({ volume, success }: OutcomeWindow, least: number): boolean {
  return volume >= THRESHOLDS.BREAKER_VOLUME && success < least;
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}

/** B6. */
function weightOf(failsElsewhere: number): number {
  return failsElsewhere <= RARE ? 1 : -Math.log10(failsElsewhere);
}
