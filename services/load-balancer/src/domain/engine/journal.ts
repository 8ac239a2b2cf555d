/** Changes that are remembered: who is further behind looks at everything anew. A power of two. */
const REMEMBERED = 1 << 16;

/**
 * Which endpoints have changed, in order, so that each reader catches up with what it has not seen: a change costs its
 * writer one number, however many readers there are, and readers that nobody asks cost nothing.
 */
export class Journal {
  private readonly ring = new Int32Array(REMEMBERED);
  /** Number of the next change. */
  private next = 0;
  private lastNoted = -1;

  get head(): number {
    return this.next;
  }

  /** `profile` says that more has changed than numbers: who could ever run what. */
  note(index: number, profile = false): void {
    const entry = index * 2 + (profile ? 1 : 0);
    // Twice in a row, and nobody has looked in between: once is enough.
    if (entry === this.lastNoted) return;
    this.ring[this.next & (REMEMBERED - 1)] = entry;
    this.next += 1;
    this.lastNoted = entry;
  }

  /** Whether everything from `cursor` on is still remembered. */
  reaches(cursor: number): boolean {
    return this.next - cursor <= REMEMBERED;
  }

  /** The entry at a cursor that `reaches`: index × 2, and 1 more where the profile has changed. */
  entry(cursor: number): number {
    return this.ring[cursor & (REMEMBERED - 1)] as number;
  }

  /** To be called by whoever has caught up: from now on the same change counts again. */
  seen(): void {
    this.lastNoted = -1;
  }
}
