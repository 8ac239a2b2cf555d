import { Fifo, SlotMap } from '@multiswarm/core';

/** How long an ended attempt is remembered: longer than any heartbeat that was sent before its end can be under way. */
const MEMORY_MS = 10_000;
/** Ended attempts that are remembered for one swarm; the oldest goes first. */
const ATTEMPTS = 10_000;

interface Ended {
  readonly key: string;
  readonly untilMs: number;
}

/** Attempts that have ended lately: a heartbeat that still lists one of them is not believed. */
export class EndedAttempts {
  private readonly byKey = new SlotMap<string, Ended>();
  /** Oldest first; one that was added again, or deleted, is in it still. A Map knows its order too, but its first entry takes long to find once many before it are deleted. */
  private readonly order = new Fifo<Ended>();

  has(key: string): boolean {
    return this.byKey.has(key);
  }

  add(key: string, nowMs: number): void {
    const ended = { key, untilMs: nowMs + MEMORY_MS };
    this.byKey.set(key, ended);
    this.order.push(ended);
    if (this.order.size > ATTEMPTS) this.dropOldest();
  }

  delete(key: string): void {
    this.byKey.delete(key);
  }

  /** Forgets what is older than its time. */
  forget(nowMs: number): void {
    for (let oldest = this.order.peek(); oldest !== undefined; oldest = this.order.peek()) {
      if (oldest.untilMs > nowMs) return;
      this.dropOldest();
    }
  }

  private dropOldest(): void {
    const oldest = this.order.shift();
    if (oldest !== undefined && this.byKey.get(oldest.key) === oldest) this.byKey.delete(oldest.key);
  }
}
