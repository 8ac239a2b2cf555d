import type { Clock } from '@multiswarm/core';

/** Work that may be put off takes no more of one turn of the event loop: commits and heartbeats come first. */
const MOST_MS = 4;

/** Spreads work over turns of the event loop, whoever it is for. */
export class Breather {
  private spentMs = 0;
  private turn: Promise<void> | undefined;

  constructor(private readonly clock: Clock) {}

  /** Does it in this turn, or in a later one where this one has had enough. */
  async do<T>(work: () => T): Promise<T> {
    while (this.spentMs >= MOST_MS) await this.nextTurn();
    const begun = this.clock.monotonic();
    const result = work();
    this.spentMs += this.clock.monotonic() - begun;
    void this.nextTurn();
    return result;
  }

  private nextTurn(): Promise<void> {
    this.turn ??= new Promise((resolve) => {
      this.clock.soon(() => {
        this.spentMs = 0;
        this.turn = undefined;
        resolve();
      });
    });
    return this.turn;
  }
}
