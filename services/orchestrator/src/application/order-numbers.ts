import type { Clock } from '@multiswarm/core';

/** Submissions in one millisecond whose order is kept by one replica; beyond it the numbers run ahead of the clock. */
const PER_MS = 1_000;

/**
 * The order of submissions: epoch milliseconds × 1000 plus a counter, strictly growing within this replica. Between
 * replicas it is as exact as their clocks.
 */
export class OrderNumbers {
  private last = 0;

  constructor(private readonly clock: Clock) {}

  next(): number {
    this.last = Math.max(this.last + 1, this.clock.now() * PER_MS);
    return this.last;
  }
}
