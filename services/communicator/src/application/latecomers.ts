import { asMultiswarmError, LIMITS, type TopicSubscription } from '@multiswarm/contracts';
import { backoffMs, every, type Backoff, type Cancel, type Clock, type Random } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import type { EventSource } from '../topic-ports';
import type { EventCopier } from './event-copier';
import type { SubscriptionBook } from './subscription-book';

/** Who copies events as they come. */
export interface MainLine {
  /** Up to where it has copied. */
  readonly copied: number;
  /** Does something while it stands still between two events. */
  pause<T>(work: () => Promise<T>): Promise<T>;
}

export interface LatecomersParts {
  events: EventSource;
  book: Pick<SubscriptionBook, 'behind' | 'move'>;
  copier: EventCopier;
  line: MainLine;
  clock: Clock;
  random: Random;
  logger: Logger;
}

const LOOK_MS = 100;
/** So few events behind the line, it may wait for them. */
const NEAR = 128;
const AGAIN: Backoff = { initialMs: 250, factor: 2, maxMs: 10_000, jitter: 0.2 };

interface Trouble {
  /** In a row, without one copy in between. */
  failures: number;
  /** Where it stood. */
  next: number;
  againAtMs: number;
}

/**
 * Copies what subscriptions have missed: new ones that begin earlier, and those whose mailboxes had no room.
 *
 * L1. A subscription joins the line where it has all that the line has copied; in that moment the line stands still.
 * L2. What was copied is noted, also where the rest could not be: what is copied again later than ids are known would come twice.
 */
export class Latecomers {
  private readonly underWay = new Map<string, Promise<void>>();
  private readonly troubles = new Map<string, Trouble>();
  private cancel: Cancel = () => undefined;
  private over = false;

  constructor(private readonly parts: LatecomersParts) {}

  start(): void {
    this.cancel = every(this.parts.clock, LOOK_MS, () => this.look());
  }

  lose(): void {
    this.over = true;
    this.cancel();
  }

  async settled(): Promise<void> {
    await Promise.all(this.underWay.values());
  }

  private look(): void {
    if (this.over) return;
    const behind = this.parts.book.behind();
    const now = this.parts.clock.monotonic();
    for (const each of behind) {
      if (this.underWay.size >= LIMITS.TOPIC_CATCHING_UP) return;
      if (this.underWay.has(each.id) || (this.troubles.get(each.id)?.againAtMs ?? 0) > now) continue;
      this.underWay.set(each.id, this.turn(each));
    }
    if (this.troubles.size > behind.length) this.forget(new Set(behind.map(({ id }) => id)));
  }

  /** Of those that were ended meanwhile. */
  private forget(behind: ReadonlySet<string>): void {
    for (const id of this.troubles.keys()) if (!behind.has(id)) this.troubles.delete(id);
  }

  private async turn(subscription: TopicSubscription): Promise<void> {
    const { id } = subscription;
    try {
      const reached = await this.goOn(subscription, subscription.next);
      if (!this.over && this.parts.line.copied - reached < NEAR) await this.join(subscription, reached);
      this.troubles.delete(id);
    } catch (error) {
      this.trouble(subscription, error);
    } finally {
      this.underWay.delete(id);
    }
  }

  /** L1. */
  private join(subscription: TopicSubscription, from: number): Promise<void> {
    const { line, book } = this.parts;
    return line.pause(async () => {
      const next = await this.goOn(subscription, from);
      if (next > line.copied && !this.over) await book.move(subscription.id, { behind: false, next });
    });
  }

  /** @returns the sequence before which all is in the mailbox */
  private async goOn(subscription: TopicSubscription, from: number): Promise<number> {
    const { id, namespace, pattern, mailbox } = subscription;
    const { events, book, copier, line, logger } = this.parts;
    const last = line.copied;
    if (from > last) return from;
    await this.tellGap(subscription, from);
    const onFault = (error: unknown): void => logger.warn('a stored event could not be read', { error });
    let [next, left] = [from, LIMITS.TOPIC_CATCH_UP_EVENTS as number];
    try {
      for await (const event of await events.between(
        { namespace, pattern },
        { first: from, last },
        onFault,
      )) {
        if (left === 0 || this.over) return next;
        await copier.copy(event, mailbox);
        next = event.seq + 1;
        left -= 1;
      }
      return (next = last + 1);
    } finally {
      if (next > from) await book.move(id, { behind: true, next }); // L2
    }
  }

  /** What the stream has dropped is gone for who has not got it. */
  private async tellGap({ id, mailbox, pattern }: TopicSubscription, from: number): Promise<void> {
    const { firstSeq } = await this.parts.events.range();
    if (from > 1 && firstSeq > from)
      this.parts.logger.warn('events that a mailbox has not got yet are kept no more', {
        ...{ subscription: id, mailbox, pattern, from, firstSeq },
      });
  }

  private trouble({ id, mailbox, pattern, next }: TopicSubscription, error: unknown): void {
    const { clock, random, logger } = this.parts;
    if (this.over) return;
    const before = this.troubles.get(id);
    const failures = before?.next === next ? before.failures + 1 : 1;
    const againAtMs = clock.monotonic() + backoffMs(AGAIN, failures, random);
    this.troubles.set(id, { failures, next, againAtMs });
    const { code, message: reason } = asMultiswarmError(error);
    const told = { subscription: id, mailbox, pattern, next, code, reason };
    if (before === undefined) logger.warn('events wait until a mailbox takes them', told);
    else logger.debug('events still wait until a mailbox takes them', { ...told, failures });
  }
}
