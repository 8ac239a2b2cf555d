import { Fifo, SlotMap } from '@multiswarm/core';

/** How long an ended attempt is remembered: longer than any heartbeat that was sent before its end can be under way. */
const MEMORY_MS = 10_000;
/** Ended attempts that are remembered for one swarm; the oldest goes first. */
const ATTEMPTS = 10_000;

interface Ended {
  readonly key: string;
  readonly untilMs: number;
}

/** Attempts that have ended lately: a heartbeat that still lists one of them is not believed. Of a swarm that ran none it takes no memory. */
export class EndedAttempts {
  private known: Known | undefined;

  has(key: string): boolean {
    return this.known !== undefined && this.known.byKey.has(key);
  }

  add(key: string, nowMs: number): void {
    this.known ??= { byKey: new SlotMap(), order: new Fifo() };
    const ended = { key, untilMs: nowMs + MEMORY_MS };
    this.known.byKey.set(key, ended);
    this.known.order.push(ended);
    if (this.known.order.size > ATTEMPTS) dropOldest(this.known);
  }

  delete(key: string): void {
    this.known?.byKey.delete(key);
  }

  /** Forgets what is older than its time. */
  forget(nowMs: number): void {
    const { known } = this;
    if (known === undefined) return;
    for (let oldest = known.order.peek(); oldest !== undefined; oldest = known.order.peek()) {
      if (oldest.untilMs > nowMs) return;
      dropOldest(known);
    }
    this.known = undefined;
  }
}

interface Known {
  readonly byKey: SlotMap<string, Ended>;
  /** Oldest first; one that was added again, or deleted, is in it still. A Map knows its order too, but its first entry takes long to find once many before it are deleted. */
  readonly order: Fifo<Ended>;
}

function dropOldest({ byKey, order }: Known): void {
  const oldest = order.shift();
  if (oldest !== undefined && byKey.get(oldest.key) === oldest) byKey.delete(oldest.key);
}
