import { THRESHOLDS } from './health-settings';

const { EJECTED_MS, EJECTED_MOST_MS } = THRESHOLDS;
const MOST_TIMES = Math.ceil(EJECTED_MOST_MS / EJECTED_MS);

/**
 * Whether one swarm is out as an outlier, as Envoy ejects hosts.
 *
 * E1. An ejection lasts as long as a first one times how often there was one, up to a limit.
 * E2. Each spell of good health that is as long as a first ejection takes one time back.
 */
export class Ejection {
  /** Undefined while it is not ejected. */
  reason: string | undefined;
  untilMs = 0;
  private times = 0;
  private wellSinceMs = 0;

  get isEjected(): boolean {
    return this.reason !== undefined;
  }

  eject(reason: string, nowMs: number): void {
    this.forgive(nowMs);
    this.times = Math.min(MOST_TIMES, this.times + 1);
    this.reason = reason;
    this.untilMs = nowMs + Math.min(EJECTED_MOST_MS, EJECTED_MS * this.times); // E1
  }

  /** @returns whether the ejection is over */
  tick(nowMs: number): boolean {
    if (this.reason === undefined || nowMs < this.untilMs) return false;
    this.end(nowMs);
    return true;
  }

  end(nowMs: number): void {
    this.reason = undefined;
    this.wellSinceMs = nowMs;
  }

  reset(): void {
    this.reason = undefined;
    this.times = 0;
  }

  /** E2. */
  private forgive(nowMs: number): void {
    const spells = Math.floor(Math.max(0, nowMs - this.wellSinceMs) / EJECTED_MS);
    this.times = Math.max(0, this.times - spells);
  }
}
