import { MultiswarmError, type EventBatch } from '@multiswarm/contracts';
import { delay, type Cancel, type Clock } from '@multiswarm/core';
import type { EventStream, ShardStore } from '../ports';

/** Batches kept in memory; beyond this the relay reads them back from the outbox. */
const MEMORY_BATCHES = 1_000;
const PAGE = 100;
const TRIM_EVERY = 64;
/** An idle relay trims after this, so that a successor finds next to nothing to hand over a second time. */
const TRIM_IDLE_MS = 1_000;
const RETRY_MS = { first: 100, most: 2_000 };

/**
 * Hands the outbox of one shard to the event stream.
 *
 * O1. Batches leave in the order of their numbers, each at least once; its number is its message id, so a repetition is dropped.
 * O2. An entry is trimmed only after the stream has acknowledged it.
 * O3. Memory is bounded: while the stream is away, the outbox in Redis is the queue.
 * O4. What the stream will never take is reported and left out: it must not hold up the events behind it. The history
 *     in Redis has it all the same.
 */
export class OutboxRelay {
  private queue: EventBatch[] = [];
  private behind = true;
  private published: number;
  private sinceTrim = 0;
  private running: Promise<void> = Promise.resolve();
  private active = false;
  private stopped = false;
  private idleTrim: Cancel | undefined;

  constructor(
    private readonly shard: number,
    private readonly store: ShardStore,
    private readonly stream: EventStream,
    private readonly clock: Clock,
    private readonly onFault: (error: unknown) => void,
  ) {
    this.published = 0;
  }

  /** Starts with what an earlier owner left behind. */
  start(): void {
    this.wake();
  }

  add(batch: EventBatch): void {
    if (this.behind) return this.wake();
    if (this.queue.length >= MEMORY_BATCHES) {
      this.queue = [];
      this.behind = true; // O3
    } else this.queue.push(batch);
    this.wake();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.idleTrim?.();
    await this.running;
    if (this.sinceTrim > 0) await this.trim().catch(this.onFault);
  }

  private wake(): void {
    if (this.stopped || this.active) return;
    this.active = true;
    this.running = this.run();
  }

  /** Leaves `active` in the same turn in which it finds nothing to do, so that no batch is added unseen. */
  private async run(): Promise<void> {
    let wait: number = RETRY_MS.first;
    while (!this.stopped) {
      try {
        if (this.behind) await this.catchUp();
        const batch = this.queue[0];
        if (!batch && this.behind) continue; // the queue overflowed while the last page was on its way
        if (!batch) break;
        await this.publish(batch);
        if (this.queue[0] === batch) this.queue.shift();
        wait = RETRY_MS.first;
      } catch (error) {
        this.onFault(error);
        await delay(this.clock, wait);
        wait = Math.min(RETRY_MS.most, wait * 2);
      }
    }
    this.active = false;
    if (this.sinceTrim > 0 && !this.stopped) this.trimSoon();
  }

  private trimSoon(): void {
    this.idleTrim ??= this.clock.after(TRIM_IDLE_MS, () => {
      this.idleTrim = undefined;
      if (!this.stopped && this.sinceTrim > 0) void this.trim().catch(this.onFault);
    });
  }

  private async catchUp(): Promise<void> {
    for (;;) {
      // From here on new batches are queued; those that both the page and the queue hold are dropped by their number.
      this.behind = false;
      const page = await this.store.outbox(this.shard, this.published, PAGE).catch((error: unknown) => {
        this.behind = true;
        throw error;
      });
      for (const batch of page) {
        try {
          await this.publish(batch);
        } catch (error) {
          this.behind = true;
          throw error;
        }
      }
      if (page.length < PAGE) return;
    }
  }

  private async publish(batch: EventBatch): Promise<void> {
    if (batch.batchSeq <= this.published) return;
    await this.stream.publish(batch).catch((error: unknown) => {
      if (!(error instanceof MultiswarmError) || error.retryable) throw error;
      this.onFault(error); // O4
    });
    this.published = batch.batchSeq;
    this.sinceTrim += 1;
    if (this.sinceTrim >= TRIM_EVERY) await this.trim();
  }

  /** O2. */
  private async trim(): Promise<void> {
    await this.store.trimOutbox(this.shard, this.published);
    this.sinceTrim = 0;
  }
}
