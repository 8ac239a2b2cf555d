import { Heap } from '@multiswarm/core';

/** What waits at the gate. */
export interface Waiter {
  rank: number;
  position: number;
  /** Its place at the gate; -1 where it does not wait there. */
  gateAt: number;
}

/**
 * Through it go the steps of a run that may start: all at once, unless the run has a limit of its own on what is under way,
 * or is paused. Then the one with the longest remaining path goes first.
 */
export class StartGate<T extends Waiter> {
  private readonly waiting = new Heap<T>(before, (waiter, at) => {
    waiter.gateAt = at;
  });
  private underWay = 0;
  private isPaused = false;

  constructor(private readonly limit = Infinity) {}

  /** @returns whether it may start now; otherwise it waits here, until all that may start is known (`release`) */
  admit(waiter: T): boolean {
    if (!this.isPaused && this.limit === Infinity) return true;
    if (waiter.gateAt < 0) this.waiting.push(waiter);
    return false;
  }

  /** One that counts is under way. */
  entered(): void {
    this.underWay += 1;
  }

  left(): void {
    this.underWay -= 1;
  }

  withdraw(waiter: T): void {
    if (waiter.gateAt >= 0) this.waiting.removeAt(waiter.gateAt);
  }

  pause(): void {
    this.isPaused = true;
  }

  open(): void {
    this.isPaused = false;
  }

  /** Those that may start now, best first. @param counts whether one takes part in the limit */
  release(counts: (waiter: T) => boolean): T[] {
    const out: T[] = [];
    while (!this.isPaused) {
      const { top } = this.waiting;
      if (top === undefined || (counts(top) && this.underWay >= this.limit)) break;
      this.waiting.pop();
      if (counts(top)) this.underWay += 1;
      out.push(top);
    }
    return out;
  }
}

function before(one: Waiter, other: Waiter): boolean {
  return one.rank === other.rank ? one.position < other.position : one.rank > other.rank;
}
