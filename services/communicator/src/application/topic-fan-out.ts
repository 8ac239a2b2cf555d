import type { StoredTopicEvent } from '@multiswarm/bus';
import { asMultiswarmError, type TopicSubscription } from '@multiswarm/contracts';
import { delay, every, type Cancel, type Clock, type Random } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import type { EventSource, FanOutCursor, MailPoster } from '../topic-ports';
import { EventCopier } from './event-copier';
import { Latecomers, type MainLine } from './latecomers';
import type { SubscriptionBook } from './subscription-book';
import { Turnstile } from './turnstile';

export interface TopicFanOutParts {
  events: EventSource;
  book: Pick<SubscriptionBook, 'beginKeeping' | 'endKeeping' | 'currentFor' | 'behind' | 'all' | 'move'>;
  cursor: FanOutCursor;
  poster: MailPoster;
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** So much is copied again, under the same ids, after its owner has died. */
const SAVE_MS = 250;
const AGAIN_MS = 500;
const EVERYTHING = { namespace: '*', pattern: '>' } as const;

/**
 * Copies stored events into the mailboxes that have subscribed, in their order: one process of a domain at a time.
 *
 * F1. The cursor passes an event only when for each subscription that gets it as it comes, its copy is in the mailbox, or the
 *     subscription is written down as being behind from there on.
 * F2. The cursor is written over what was read of it: whoever has lost the lease without knowing stops there.
 * F3. A mailbox that takes no copy holds up its own subscriptions only.
 */
export class TopicFanOut implements MainLine {
  private readonly stopping = new AbortController();
  private readonly turnstile = new Turnstile();
  private readonly copier: EventCopier;
  private readonly latecomers: Latecomers;
  private running: Promise<void> = Promise.resolve();
  private closeReader: () => void = () => undefined;
  private done = 0;
  private saved = 0;
  private cancelSaving: Cancel = () => undefined;

  private constructor(
    readonly shard: number,
    readonly epoch: number,
    private readonly parts: TopicFanOutParts,
    private readonly onLost: () => void,
  ) {
    this.copier = new EventCopier(parts.poster);
    this.latecomers = new Latecomers({ ...parts, copier: this.copier, line: this });
  }

  static async open(
    shard: number,
    epoch: number,
    parts: TopicFanOutParts,
    onLost: () => void,
  ): Promise<TopicFanOut> {
    const made = new TopicFanOut(shard, epoch, parts, onLost);
    const { seq, isAnew } = await parts.cursor.open();
    made.done = made.saved = seq;
    // Behind the cursor: an earlier owner that goes on writing cannot move it any more (F2).
    await parts.book.beginKeeping();
    try {
      if (isAnew)
        for (const { id } of parts.book.all()) await parts.book.move(id, { behind: false, next: 1 });
      return made;
    } catch (error) {
      parts.book.endKeeping();
      throw error;
    }
  }

  get copied(): number {
    return this.done;
  }

  pause<T>(work: () => Promise<T>): Promise<T> {
    return this.turnstile.pass(work);
  }

  start(): void {
    this.running = this.run();
    this.latecomers.start();
    this.cancelSaving = every(this.parts.clock, SAVE_MS, () => this.save());
  }

  /** Ends after the events that are under way, and keeps where it was. */
  async close(): Promise<void> {
    this.lose();
    await Promise.all([this.running, this.latecomers.settled()]);
    await this.parts.cursor.save(this.done);
  }

  lose(): void {
    this.stopping.abort();
    this.latecomers.lose();
    this.cancelSaving();
    this.parts.book.endKeeping();
    this.closeReader();
  }

  private async run(): Promise<void> {
    while (!this.isOver()) {
      try {
        await this.read();
      } catch (error) {
        if (this.isOver()) return;
        this.parts.logger.warn('events are not copied to mailboxes for the moment', { error });
      }
      await delay(this.parts.clock, AGAIN_MS, this.stopping.signal).catch(() => undefined);
    }
  }

  private async read(): Promise<void> {
    const { events: source, logger } = this.parts;
    // Another stream than before: whoever opens next begins with it.
    if ((await source.range()).lastSeq < this.done) return void this.onLost();
    const onFault = (error: unknown): void => logger.warn('a stored event could not be read', { error });
    const { events, gap, close } = await source.replay(EVERYTHING, this.done + 1, onFault);
    this.closeReader = close;
    if (this.isOver()) return void close();
    if (gap) logger.warn('events were dropped before they were copied to mailboxes', { after: this.done });
    try {
      for await (const event of events) {
        if (this.isOver()) return;
        await this.turnstile.pass(() => this.copy(event));
      }
    } finally {
      close();
    }
  }

  private async copy(event: StoredTopicEvent): Promise<void> {
    const { namespace, topic, seq } = event;
    const current = this.parts.book.currentFor(namespace, topic, seq);
    const mailboxes = [...new Set(current.map(({ mailbox }) => mailbox))];
    await Promise.all(
      mailboxes.map((name) =>
        this.copyTo(
          name,
          current.filter(({ mailbox }) => mailbox === name),
          event,
        ),
      ),
    );
    this.done = seq; // F1
  }

  /** F3. */
  private async copyTo(
    mailbox: string,
    subscriptions: readonly TopicSubscription[],
    event: StoredTopicEvent,
  ): Promise<void> {
    const { book, logger } = this.parts;
    try {
      await this.copier.copy(event, mailbox);
    } catch (error) {
      const { code, message: reason } = asMultiswarmError(error);
      const { namespace, seq } = event;
      logger.warn('a mailbox does not take an event: it waits', { namespace, mailbox, seq, code, reason });
      for (const { id } of subscriptions) await book.move(id, { behind: true, next: seq }); // F1
    }
  }

  /** Also where nothing comes any more: what would be copied again much later would come twice. */
  private async save(): Promise<void> {
    const { done } = this;
    if (done === this.saved) return;
    try {
      await this.parts.cursor.save(done);
      this.saved = done;
    } catch (error) {
      if (this.isOver()) return;
      if (asMultiswarmError(error).code === 'revision-conflict') return void this.onLost(); // F2
      this.parts.logger.warn('how far events are copied could not be kept', { error });
    }
  }

  private isOver(): boolean {
    return this.stopping.signal.aborted;
  }
}
