/** Changes that are remembered: who is further behind looks at everything anew. A power of two. */
const REMEMBERED = 1 << 16;

/** How much of a row has changed: whether there is room, at least; the group that it is in, too; its profile, too. */
export const CHANGED = { room: 0, group: 1, profile: 2 } as const;
export type Changed = (typeof CHANGED)[keyof typeof CHANGED];

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

  note(index: number, changed: Changed): void {
    const entry = index * 4 + changed;
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

  /** The endpoint that has changed at a cursor that `reaches`; and how much of it. */
  indexAt(cursor: number): number {
    return (this.ring[cursor & (REMEMBERED - 1)] as number) >> 2;
  }

  changedAt(cursor: number): Changed {
    return ((this.ring[cursor & (REMEMBERED - 1)] as number) & 3) as Changed; // as `note` has put it there
  }

  /** To be called by whoever has caught up: from now on the same change counts again. */
  seen(): void {
    this.lastNoted = -1;
  }
}
