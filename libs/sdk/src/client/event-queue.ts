import { deferred, type Clock, type Deferred } from '@multiswarm/core';
import { Fifo } from '@multiswarm/core';
import { SDK_LIMITS } from '../limits';
import type { EventGap } from '@multiswarm/contracts';
import type { LiveEvent } from './types';

export type FeedItem =
  { kind: 'event'; event: LiveEvent } | { kind: 'gap'; reason: string; gap?: EventGap } | { kind: 'quiet' };

/**
 * Live events between the connection that receives them and the one loop that reads them.
 *
 * Q1. Order is kept. Q2. What does not fit is dropped together with all that waits, and the reader sees one gap instead.
 * Q3. A failure is thrown to the reader after all that came before it.
 */
export class EventQueue {
  private readonly items = new Fifo<FeedItem>();
  private failure: { error: unknown } | undefined;
  private arrival: Deferred<void> | undefined;
  private space: Deferred<void> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly limit: number = SDK_LIMITS.EVENT_BUFFER,
  ) {}

  push(event: LiveEvent): void {
    if (this.items.size < this.limit) {
      this.put({ kind: 'event', event });
      return;
    }
    while (this.items.shift() !== undefined);
    this.gap('events came faster than they were read');
  }

  /** @param gap what the server says of it */
  gap(reason: string, gap?: EventGap): void {
    this.put({ kind: 'gap', reason, ...(gap === undefined ? {} : { gap }) });
  }

  fail(error: unknown): void {
    this.failure ??= { error };
    this.announce();
  }

  /** Resolves when the next event fits, for senders that can wait. */
  async room(): Promise<void> {
    while (this.items.size >= this.limit) {
      this.space ??= deferred();
      await this.space.promise;
    }
  }

  /** The next item; `quiet` when none comes within `quietMs`. Throws the failure, or the reason of the signal. */
  async next(signal: AbortSignal | undefined, quietMs = Number.POSITIVE_INFINITY): Promise<FeedItem> {
    for (;;) {
      signal?.throwIfAborted();
      const item = this.items.shift();
      if (item) {
        this.space?.resolve();
        this.space = undefined;
        return item;
      }
      if (this.failure) throw this.failure.error;
      if (!(await this.arrives(signal, quietMs))) return { kind: 'quiet' };
    }
  }

  /** False when it stayed quiet; true when there may be something to see. */
  private async arrives(signal: AbortSignal | undefined, quietMs: number): Promise<boolean> {
    const arrival = (this.arrival ??= deferred());
    const quiet = deferred<boolean>();
    const cancel = Number.isFinite(quietMs)
      ? this.clock.after(quietMs, () => quiet.resolve(false))
      : () => undefined;
    const onAbort = (): void => quiet.resolve(true);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([arrival.promise.then(() => true), quiet.promise]);
    } finally {
      cancel();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  private put(item: FeedItem): void {
    this.items.push(item);
    this.announce();
  }

  private announce(): void {
    this.arrival?.resolve();
    this.arrival = undefined;
  }
}
