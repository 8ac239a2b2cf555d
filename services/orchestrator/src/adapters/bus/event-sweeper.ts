import { readStream, removeMessages, streamRange, type Bus } from '@multiswarm/bus';
import { streams } from '@multiswarm/contracts';
import { every, type Cancel, type Clock } from '@multiswarm/core';
import { EventRemovals } from '../../application/event-removals';

export interface SweeperParts {
  bus: Bus;
  clock: Clock;
  /** Of one replica at a time: several would only do the same. */
  isResponsible: () => boolean;
  /** Whether any namespace keeps its events for less than the stream does. */
  hasWork: () => boolean;
  retentionMs: (namespace: string) => number | undefined;
  onFault: (error: unknown) => void;
}

const SWEEP_MS = 10_000;

/**
 * Removes from the stream what no namespace keeps any more. What it knows is in memory, and found again by reading the stream
 * once: after a change of settings, of the stream, or of the replica.
 */
export class EventSweeper {
  private removals: EventRemovals;
  private seen = 0;
  private createdAt: number | undefined;
  private cancel: Cancel = () => undefined;

  constructor(private readonly parts: SweeperParts) {
    this.removals = new EventRemovals(parts.retentionMs);
  }

  start(): void {
    this.cancel = every(this.parts.clock, SWEEP_MS, () => this.sweep().catch(this.parts.onFault));
  }

  stop(): void {
    this.cancel();
  }

  /** The settings of a namespace are other than before. */
  forget(): void {
    this.removals = new EventRemovals(this.parts.retentionMs);
    this.seen = 0;
  }

  async sweep(): Promise<void> {
    const { bus, clock, isResponsible, hasWork } = this.parts;
    if (!isResponsible() || !hasWork()) {
      this.forget();
      return;
    }
    await this.readOn();
    const due = this.removals.takeDue(clock.now());
    if (due.length === 0) return;
    await removeMessages(bus.connection, streams.events, due).catch((error: unknown) => {
      this.forget(); // so that they are found again
      throw error;
    });
  }

  /** All that has come since the last time. */
  private async readOn(): Promise<void> {
    const { connection } = this.parts.bus;
    const { firstSeq, lastSeq, createdAt } = await streamRange(connection, streams.events);
    if (createdAt !== this.createdAt || lastSeq < this.seen) this.forget();
    this.createdAt = createdAt;
    const from = Math.max(this.seen + 1, firstSeq);
    if (from > lastSeq || this.removals.isFull) return;
    const { removals } = this;
    const { messages, close } = await readStream(connection, streams.events, { seq: from });
    // A message that is removed meanwhile never comes, and the server may go away: then the next round goes on.
    const giveUp = this.parts.clock.after(SWEEP_MS, close);
    try {
      for await (const { seq, at, text, pending } of messages) {
        if (removals !== this.removals) return;
        removals.see(seq, at, text);
        this.seen = seq;
        if (seq >= lastSeq || pending === 0 || removals.isFull) return;
      }
    } finally {
      giveUp();
      close();
    }
  }
}
