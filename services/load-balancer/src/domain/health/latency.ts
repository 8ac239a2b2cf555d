import { THRESHOLDS } from './health-settings';

const { LATENCY_DECAY_MS: DECAY_MS } = THRESHOLDS;

/**
 * Peak-sensitive moving average of how long a swarm takes, as Finagle's peak EWMA has it: what is slower than the estimate becomes
 * the estimate at once, what is faster pulls it down with the weight exp(−Δt/τ) of what was known.
 *
 * L1. It is never above the slowest that was observed, nor below the fastest.
 * L2. A failure counts as at least `FAILURE_PENALTY`, however fast it was: who fails fast must not look quick.
 *
 * The unit is the median of the type over the fleet (1 is as long as usual), because durations of different types say nothing about
 * each other.
 */
export class PeakLatency {
  /** 1 before anything is known: as good as usual, so that a new swarm is neither shunned nor sought. */
  estimate = 1;
  private atMs = -Infinity;

  get isKnown(): boolean {
    return this.atMs > -Infinity;
  }

  observe(times: number, nowMs: number): void {
    const passedMs = Math.max(0, nowMs - this.atMs);
    const kept = Math.exp(-passedMs / DECAY_MS);
    this.estimate = times >= this.estimate ? times : this.estimate * kept + times * (1 - kept);
    this.atMs = Math.max(this.atMs, nowMs);
  }

  failed(times: number, nowMs: number): void {
    this.observe(Math.max(times, THRESHOLDS.FAILURE_PENALTY), nowMs); // L2
  }

  reset(): void {
    this.estimate = 1;
    this.atMs = -Infinity;
  }
}
