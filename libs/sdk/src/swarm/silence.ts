import type { Cancel, Clock } from '@multiswarm/core';

/** Notices when signs of life stay away for `limitMs`, on a monotonic clock. A sign costs no timer. */
export class Silence {
  private lastSign: number;
  private cancel: Cancel;

  constructor(
    private readonly clock: Clock,
    private readonly limitMs: number,
    private readonly onSilent: () => void,
  ) {
    this.lastSign = clock.monotonic();
    this.cancel = clock.after(limitMs, () => this.look());
  }

  sign(): void {
    this.lastSign = this.clock.monotonic();
  }

  stop(): void {
    this.cancel();
  }

  private look(): void {
    const leftMs = this.lastSign + this.limitMs - this.clock.monotonic();
    if (leftMs <= 0) this.onSilent();
    else this.cancel = this.clock.after(leftMs, () => this.look());
  }
}
