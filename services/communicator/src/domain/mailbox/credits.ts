interface Promised {
  count: number;
  untilMs: number;
}

/**
 * Room in a mailbox that is promised to senders, who store their messages without asking for each. Times are monotonic milliseconds.
 *
 * C1. What is promised and what is there are together never more than the limit, as long as senders keep to what they were promised.
 * C2. A promise that is not used ends by itself.
 */
export class Credits {
  private readonly bySender = new Map<string, Promised>();
  private sum = 0;

  constructor(private readonly holdMs: number) {}

  get promised(): number {
    return this.sum;
  }

  /**
   * @param room what is free beside all that is promised
   * @returns how many the sender may store; 0 where there is no room
   */
  grant(sender: string, want: number, room: number, nowMs: number): number {
    // Half of what is left for each who asks: whoever comes next gets some, too.
    const count = Math.max(0, Math.min(want, Math.ceil(room / 2)));
    if (count === 0) return 0;
    const known = this.bySender.get(sender);
    this.bySender.delete(sender);
    this.bySender.set(sender, { count: (known?.count ?? 0) + count, untilMs: nowMs + this.holdMs });
    this.sum += count;
    return count;
  }

  /** A message of a sender has come. */
  use(sender: string): void {
    const known = this.bySender.get(sender);
    if (known === undefined) return;
    known.count -= 1;
    this.sum -= 1;
    if (known.count === 0) this.bySender.delete(sender);
  }

  /** Ends what was not used in time. */
  expire(nowMs: number): void {
    for (const [sender, { count, untilMs }] of this.bySender) {
      if (untilMs > nowMs) return;
      this.bySender.delete(sender);
      this.sum -= count;
    }
  }
}
