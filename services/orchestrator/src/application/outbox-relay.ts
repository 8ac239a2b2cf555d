import { MultiswarmError } from '@multiswarm/contracts';
import { delay, type Cancel, type Clock } from '@multiswarm/core';
import type { Departures } from './departures';
import type { EventMessage, EventStream, PublishedEvents, ShardStore } from '../ports';

/** Messages, and bytes held for them, kept in memory; beyond this the relay reads them back from the outbox. */
const MEMORY = { messages: 1_000, bytes: 8 * 1024 * 1024 };
const PAGE = 20;
const TRIM_EVERY = 64;
/** An idle relay trims after this, so that a successor finds next to nothing to hand over a second time. */
const TRIM_IDLE_MS = 1_000;
const RETRY_MS = { first: 100, most: 2_000 };

/**
 * Hands the outbox of one shard to the event stream.
 *
 * O1. Messages leave in the order of their numbers, each once. Where it is not sure whether the stream has one, after a failure or of
 *     what an earlier owner has left, the stream is asked for the last that it has. What is still on its way then is dropped by the stream,
 *     which knows a number again for a while: it is the message id, with the epoch of who committed the entry.
 * O2. An entry is trimmed only after the stream has acknowledged it.
 * O3. Memory is bounded: while the stream is away, the outbox in Redis is the queue.
 * O4. What the stream will never take is reported and left out: it must not hold up the events behind it. The history
 *     in Redis has it all the same.
 */
export class OutboxRelay {
  private queue: EventMessage[] = [];
  private queued = 0;
  private behind = true;
  private published: number;
  private isSure = false;
  private sinceTrim = 0;
  private running: Promise<void> = Promise.resolve();
  private active = false;
  private stopped = false;
  private giveUpPlace: Cancel | undefined;
  private isPressing = false;
  private idleTrim: Cancel | undefined;

  /** @param began the epoch of the owner, and the last commit before it */
  constructor(
    private readonly shard: number,
    private readonly began: PublishedEvents,
    private readonly store: ShardStore,
    private readonly stream: EventStream,
    private readonly clock: Clock,
    private readonly departures: Departures,
    private readonly onFault: (error: unknown) => void,
  ) {
    this.published = 0;
  }

  /** The number of the last message that the event stream has, as far as this relay has seen. */
  get publishedSeq(): number {
    return this.published;
  }

  /** Starts with what an earlier owner left behind. */
  start(): void {
    this.wake(true);
  }

  /** @param pressing somebody may wait for what it tells; others go with one that is, or a little later */
  add(message: EventMessage, pressing: boolean): void {
    if (this.behind) return this.wake(true);
    this.queued += heldBy(message);
    if (this.queue.length >= MEMORY.messages || this.queued > MEMORY.bytes) {
      this.queue = [];
      this.queued = 0;
      this.behind = true; // O3
    } else this.queue.push(message);
    this.wake(pressing || this.behind);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.giveUpPlace?.();
    this.idleTrim?.();
    await this.running;
    if (this.sinceTrim > 0) await this.trim().catch(this.onFault);
  }

  private wake(pressing: boolean): void {
    if (this.stopped) return;
    if (this.active) this.isPressing ||= pressing;
    else if (!this.giveUpPlace) this.giveUpPlace = this.departures.join(pressing, () => this.depart());
    else if (pressing) this.departures.hurry();
  }

  private depart(): void {
    this.giveUpPlace = undefined;
    this.active = true;
    this.isPressing = false;
    this.running = this.run();
  }

  /**
   * Takes along what is there; what comes meanwhile goes with the next departure. Leaves `active` in the same turn in which it
   * finds nothing to do, so that no batch is added unseen.
   */
  private async run(): Promise<void> {
    let wait: number = RETRY_MS.first;
    for (let most = this.queue.length; !this.stopped;) {
      try {
        if (this.behind) {
          await this.catchUp();
          most = this.queue.length;
        }
        const message = this.queue[0];
        if (!message && this.behind) continue; // the queue overflowed while the last page was on its way
        if (!message || most <= 0) break;
        await this.publish(message);
        most -= 1;
        if (this.queue[0] === message) this.takeFirst(message);
        wait = RETRY_MS.first;
      } catch (error) {
        this.onFault(error);
        await delay(this.clock, wait);
        wait = Math.min(RETRY_MS.most, wait * 2);
      }
    }
    this.active = false;
    if (this.queue.length > 0) this.wake(this.isPressing);
    else if (this.sinceTrim > 0 && !this.stopped) this.trimSoon();
  }

  private takeFirst(message: EventMessage): void {
    this.queue.shift();
    this.queued -= heldBy(message);
  }

  private trimSoon(): void {
    this.idleTrim ??= this.clock.after(TRIM_IDLE_MS, () => {
      this.idleTrim = undefined;
      if (!this.stopped && this.sinceTrim > 0) void this.trim().catch(this.onFault);
    });
  }

  private async catchUp(): Promise<void> {
    for (;;) {
      // From here on new messages are queued; those that both the page and the queue hold are dropped by their number.
      this.behind = false;
      const page = await this.store.outbox(this.shard, this.published, PAGE).catch((error: unknown) => {
        this.behind = true;
        throw error;
      });
      if (page.length === 0) this.isSure = true; // nobody else has published what is still to come
      for (const message of page) {
        try {
          await this.publish(message);
        } catch (error) {
          this.behind = true;
          throw error;
        }
      }
      if (page.length < PAGE) return;
    }
  }

  private async publish(message: EventMessage): Promise<void> {
    if (message.batchSeq <= this.published) return;
    if (!this.isSure) await this.look();
    if (message.batchSeq <= this.published) return;
    await this.stream.publish(message).catch((error: unknown) => {
      this.isSure = false;
      if (!(error instanceof MultiswarmError) || error.retryable) throw error;
      this.onFault(error); // O4
    });
    this.published = message.batchSeq;
    this.sinceTrim += 1;
    if (this.sinceTrim >= TRIM_EVERY) await this.trim();
  }

  /** O1. */
  private async look(): Promise<void> {
    const last = await this.stream.last(this.shard);
    this.isSure = true;
    if (!last) return;
    // Where the data was set back unseen, the numbers of this owner are in the stream already, with what was lost.
    const isOurs = last.epoch >= this.began.epoch;
    const most = isOurs ? last.batchSeq : Math.min(last.batchSeq, this.began.batchSeq);
    this.published = Math.max(this.published, most);
  }

  /** O2. */
  private async trim(): Promise<void> {
    await this.store.trimOutbox(this.shard, this.published);
    this.sinceTrim = 0;
  }
}

/** Bytes of a message may be part of a whole commit, which is held with them. */
function heldBy({ text }: EventMessage): number {
  return typeof text === 'string' ? text.length : text.buffer.byteLength;
}
