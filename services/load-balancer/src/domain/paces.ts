import { LIMITS, type LbReport } from '@multiswarm/contracts';
import { Recent } from '@multiswarm/core';
import type { Columns } from './engine/columns';
import type { Moment } from './moment';

type Outcome = LbReport['outcomes'][number];

/** Weight of the newest of many outcomes in the pace of an endpoint: about the last thirty count. */
const NEWEST = 1 / 32;
/** Weight of the newest outcome in what is usual for its type. */
const NEWEST_OF_TYPE = 1 / 64;
/** Time after which what is known of a pace counts 63% less: who was slow is tried again. */
const PACE_DECAY_MS = 60_000;
/** A failure counts as an attempt that took this many times as long as is usual, however fast it came. */
const FAILURE_TIMES = 10;

/**
 * How fast endpoints work, from how their attempts end.
 *
 * V1. `pace` is relative: the logarithm of how many times as long as is usual for their types its attempts take, averaged. Types
 *     differ in how long they take, and a heavy tail makes a mean of durations worthless; a mean of logarithms stays calm.
 * V2. Who fails fast must not look fast: a failure that may be the endpoint's counts as a long attempt.
 */
export class Paces {
  /** By type: mean logarithm of its durations on all endpoints, ms. */
  private readonly usual = new Recent<string, number>(LIMITS.PACE_TYPES);

  constructor(private readonly columns: Columns) {}

  observe(index: number, { outcome, fault, type = '', durationMs }: Outcome, now: Moment): void {
    if (outcome === 'succeeded' && durationMs !== undefined) {
      const log = Math.log(Math.max(1, durationMs));
      const usual = this.usual.get(type) ?? log;
      this.usual.set(type, usual + NEWEST_OF_TYPE * (log - usual));
      this.take(index, log - usual, now.monotonicMs);
    } else if (outcome === 'lost' || outcome === 'timed-out' || (outcome === 'failed' && fault !== 'task'))
      this.take(index, Math.log(FAILURE_TIMES), now.monotonicMs); // V2
  }

  private take(index: number, times: number, nowMs: number): void {
    const { columns } = this;
    const known = paceAt(columns, index, nowMs);
    columns.pace[index] = known + NEWEST * (times - known);
    columns.heardMs[index] = nowMs;
  }
}

/** V1: logarithm of how many times as long as usual its attempts take; 0 where nothing is known, or not any more. */
export function paceAt({ pace, heardMs }: Columns, index: number, nowMs: number): number {
  const known = pace[index] as number;
  return known === 0 ? 0 : known * Math.exp(-Math.max(0, nowMs - (heardMs[index] as number)) / PACE_DECAY_MS);
}
