/** Share of its window that a session keeps free of less urgent messages: nothing urgent waits for room that the others take. */
const KEPT_FOR_URGENT = 1 / 8;
/** Less urgent messages that a session has, at most: behind these an urgent one waits on its way. */
const LESS_URGENT = 256;

/** Somebody who takes messages out of a mailbox, over one connection: a process of its swarm, or a reader over HTTP. */
export class Session {
  /** Sequences that it has. */
  readonly holds = new Set<number>();
  /** What was sent to it may not have come: it is given nothing until it has come back under another name. */
  unsure = false;
  /** It comes for its messages, instead of having them brought. */
  comes = false;

  constructor(
    readonly id: string,
    /** Messages that it may have at the same time. */
    public window: number,
    /** Taken to be gone when nothing was heard of it until then, monotonic milliseconds. */
    public silentAtMs: number,
  ) {}

  /** Messages of a level, 0 the most urgent, that it can take now. */
  room(level: number): number {
    if (this.unsure) return 0;
    return Math.max(0, this.most(level) - this.holds.size);
  }

  private most(level: number): number {
    if (level <= 1 || this.comes) return this.window; // who comes has the most urgent first, and as many as he asks for
    return Math.min(LESS_URGENT, this.window - Math.floor(this.window * KEPT_FOR_URGENT));
  }
}
