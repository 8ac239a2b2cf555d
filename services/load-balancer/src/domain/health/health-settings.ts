import type { Backoff } from '@multiswarm/core';

/** What an operator may set; the rest is in `THRESHOLDS`. */
export interface HealthSettings {
  /** Failures in a row that open a circuit breaker; 0: no breaker ever opens by failures in a row. */
  failuresInRow: number;
  /** Share of successes below which a circuit breaker opens, 0 to 1; 0: none opens by its rate. */
  leastSuccess: number;
  /** Share of the fleet that outlier ejection may take out at once, 0 to 1; 0: nobody is ejected. */
  mostEjected: number;
  /** How long a swarm that is new or has recovered is given more and more; 0: all its slots at once. */
  slowStartMs: number;
  /** Share of swarms that must be routable, 0 to 1; below it breakers and ejections only decide who comes last. */
  panicBelow: number;
}

export const HEALTH_DEFAULTS: HealthSettings = {
  failuresInRow: 5,
  leastSuccess: 0.5,
  mostEjected: 0.1,
  slowStartMs: 10_000,
  panicBelow: 0.5,
};

/** Every other threshold. `docs/health.md` has a line for each, which a test holds against this table. */
export const THRESHOLDS = {
  /** Buckets of the window in which outcomes are counted, and their length: half a minute in all (as Finagle's and Linkerd's). */
  WINDOW_BUCKETS: 10,
  WINDOW_BUCKET_MS: 3_000,
  /** Outcomes in the window before a breaker opens by their rate. */
  BREAKER_VOLUME: 20,
  /** How long a breaker that opened is open, for the first time and at most (as Finagle's failure accrual). */
  BREAKER_OPEN_MS: 5_000,
  BREAKER_OPEN_MOST_MS: 300_000,
  BREAKER_FACTOR: 2,
  BREAKER_JITTER: 0.2,
  /** Closed for so long, a breaker has forgotten how often it opened. */
  BREAKER_STEADY_MS: 60_000,
  /** A probe has so many medians of its type to end, no less and no more than the bounds; the first of these where the type is unknown. */
  PROBE_MS: 60_000,
  PROBE_MEDIANS: 4,
  PROBE_LEAST_MS: 10_000,
  PROBE_MOST_MS: 3_600_000,
  /** How often the fleet is looked over for outliers. */
  OUTLIER_EVERY_MS: 2_000,
  /** Swarms that must have enough outcomes before they are compared, and the outcomes that are enough for a rate. */
  OUTLIER_HOSTS: 5,
  OUTLIER_VOLUME: 10,
  /** Deviations that chance alone hardly ever makes, however often one looks: of failures beyond those expected, and of durations. */
  CHANCE_DEVIATIONS: 4.5,
  /** Standard deviations below the mean that make a success rate an outlier (Envoy), and the least distance that matters. */
  OUTLIER_DEVIATIONS: 1.9,
  OUTLIER_GAP: 0.1,
  /** Share of failures beyond what is usual that makes an outlier without any deviation. */
  OUTLIER_FAILURES: 0.3,
  /** Durations that are enough to compare speeds, and the times the median that make an outlier. */
  SLOW_SAMPLES: 5,
  SLOW_TIMES: 2,
  /** Looks in a row at which a swarm must be too slow. */
  SLOW_LOOKS: 3,
  /** How long an ejection lasts: this times how often it happened, at most the other. A time is forgotten after as long in good health. */
  EJECTED_MS: 30_000,
  EJECTED_MOST_MS: 300_000,
  /** Least share of its slots with which a slow start begins, and the curve: 1 is a straight line (Envoy). */
  SLOW_START_LEAST: 0.1,
  SLOW_START_AGGRESSION: 1,
  /** Time constant of the latency estimate: what was seen so long ago counts for a third. */
  LATENCY_DECAY_MS: 10_000,
  /** A failure counts as if it had taken so many medians of its type: who fails fast is not quick. */
  FAILURE_PENALTY: 10,
  /** Types of work whose usual failures and durations are kept; the one not seen for longest goes first. */
  TYPES: 1_024,
  /** Swarms by which one type is judged. */
  TYPE_SWARMS: 64,
  /** Swarms of the same types and capabilities from which on these have a panic rule of their own, beside that of the fleet. */
  PANIC_HOSTS: 3,
  /** Changes of state that wait to be told. */
  CHANGES: 10_000,
} as const;

export const BREAKER_BACKOFF: Backoff = {
  initialMs: THRESHOLDS.BREAKER_OPEN_MS,
  factor: THRESHOLDS.BREAKER_FACTOR,
  maxMs: THRESHOLDS.BREAKER_OPEN_MOST_MS,
  jitter: THRESHOLDS.BREAKER_JITTER,
};
