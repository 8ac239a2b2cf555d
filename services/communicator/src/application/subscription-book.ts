import { hash } from 'node:crypto';
import {
  asMultiswarmError,
  LIMITS,
  MultiswarmError,
  TopicSubscription,
  type SubscribeMailbox,
  type TopicStart,
  type TopicSubscriptionPage,
} from '@multiswarm/contracts';
import { delay, within, type Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { SubscriptionTable } from '../domain/topics/subscription-table';
import type { MakeMailbox, SubscriptionBucket } from '../topic-ports';

export interface SubscriptionBookParts {
  bucket: SubscriptionBucket;
  /** The sequence at which a reader begins. */
  positionOf(start: TopicStart): Promise<number>;
  makeMailbox: MakeMailbox;
  /** Throws `feature-not-available` where swarms are not to hear each other. */
  assertOpen(): void;
  clock: Clock;
  logger: Logger;
}

/** Where a subscription is. */
export type Place = Pick<TopicSubscription, 'behind' | 'next'>;

/** A read of the book that is behind waits so long for the watch. */
const CATCH_UP_MS = 5_000;
const WATCH_AGAIN_MS = 500;
const WRITES_TRIED = 5;

/**
 * The subscriptions of mailboxes, kept in a bucket and followed by every replica.
 *
 * B1. Whoever has caught up knows every subscription whose making was answered before he asked.
 * B2. A subscription is behind when it is made: what is published from its beginning on counts, whenever whoever copies learns of it.
 */
export class SubscriptionBook {
  private readonly table = new SubscriptionTable();
  private readonly waiting = new Set<() => void>();
  private readonly stopping = new AbortController();
  private revision = 0;
  private close: () => void = () => undefined;

  constructor(private readonly parts: SubscriptionBookParts) {}

  start(): void {
    void this.followAgain();
  }

  stop(): void {
    this.stopping.abort();
    this.close();
  }

  async subscribe({ namespace, pattern, mailbox, from }: SubscribeMailbox): Promise<TopicSubscription> {
    const { clock, makeMailbox } = this.parts;
    this.parts.assertOpen();
    const id = `s-${hash('sha256', `${namespace}\0${pattern}\0${mailbox}`).slice(0, 24)}`;
    await this.caughtUp();
    const there = this.table.get(id);
    if (there) return there.subscription;
    this.assertRoom();
    await makeMailbox(namespace, mailbox);
    const next = await this.parts.positionOf(from);
    const createdAt = new Date(clock.now()).toISOString();
    return this.make({ id, namespace, pattern, mailbox, createdAt, behind: true, next }); // B2
  }

  async unsubscribe(namespace: string, id: string): Promise<TopicSubscription> {
    await this.caughtUp();
    const there = this.known(namespace, id);
    await this.parts.bucket.delete(keyOf(there));
    await this.caughtUp();
    return there;
  }

  async list(namespace: string): Promise<TopicSubscriptionPage> {
    await this.caughtUp();
    return { items: this.table.of(namespace) };
  }

  /** From now on nobody else says that a subscription has caught up. */
  async beginKeeping(): Promise<void> {
    await this.caughtUp();
    this.table.isKeeper = true;
  }

  endKeeping(): void {
    this.table.isKeeper = false;
  }

  all(): TopicSubscription[] {
    return this.table.all();
  }

  behind(): TopicSubscription[] {
    return this.table.behind();
  }

  currentFor(namespace: string, topic: string, seq: number): TopicSubscription[] {
    return this.table.currentFor(namespace, topic, seq);
  }

  /** Says where a subscription is. Nothing where it is gone. @throws MultiswarmError `state-unavailable`, `revision-conflict` */
  async move(id: string, place: Place): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      const row = this.table.get(id);
      if (!row) return;
      const moved = { ...row.subscription, ...place };
      try {
        const revision = await this.parts.bucket.put(keyOf(moved), JSON.stringify(moved), row.revision);
        this.table.note(moved, revision, true);
        return;
      } catch (error) {
        if (asMultiswarmError(error).code !== 'revision-conflict' || tries === WRITES_TRIED) throw error;
        await this.caughtUp();
      }
    }
  }

  /** B1. @throws MultiswarmError `state-unavailable` */
  async caughtUp(): Promise<void> {
    const newest = (await this.parts.bucket.info())?.revision ?? 0;
    if (this.revision >= newest) return;
    let look: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => {
      look = () => {
        if (this.revision >= newest) resolve();
      };
      this.waiting.add(look);
    });
    const late = (): never => {
      const text = 'subscriptions of topics cannot be read to the newest one now';
      throw new MultiswarmError('state-unavailable', text);
    };
    await within(this.parts.clock, CATCH_UP_MS, reached, late).finally(() => this.waiting.delete(look));
  }

  private known(namespace: string, id: string): TopicSubscription {
    const there = this.table.get(id)?.subscription;
    if (there?.namespace === namespace) return there;
    throw new MultiswarmError('state-not-found', `there is no subscription ${id} in ${namespace}`);
  }

  private assertRoom(): void {
    const { size } = this.table;
    if (size < LIMITS.TOPIC_SUBSCRIPTIONS) return;
    const text = `there are ${size} subscriptions already (TOPIC_SUBSCRIPTIONS): end some, or take wider patterns`;
    throw new MultiswarmError('state-full', text);
  }

  private async make(subscription: TopicSubscription, isAgain = false): Promise<TopicSubscription> {
    const { bucket } = this.parts;
    try {
      const revision = await bucket.put(keyOf(subscription), JSON.stringify(subscription), 0);
      this.table.note(subscription, revision, true);
      return subscription;
    } catch (error) {
      const { code } = asMultiswarmError(error);
      if (isAgain || (code !== 'revision-conflict' && code !== 'state-full')) throw error;
      if (code === 'state-full') {
        // Of what was ended there is a mark left for each.
        await bucket.forgetDeletions(LIMITS.STATE_DELETIONS_MS);
        return this.make(subscription, true);
      }
      await this.caughtUp();
      return this.known(subscription.namespace, subscription.id);
    }
  }

  private async followAgain(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await this.follow().catch((error: unknown) => {
        if (!this.stopping.signal.aborted)
          this.parts.logger.warn('subscriptions of topics are not followed', { error });
      });
      await delay(this.parts.clock, WATCH_AGAIN_MS, this.stopping.signal).catch(() => undefined);
    }
  }

  private async follow(): Promise<void> {
    const { bucket } = this.parts;
    // Deletions are not kept for ever: what was ended while nobody looked is missing.
    const there = new Set(await bucket.keys());
    for (const subscription of this.table.all())
      if (!there.has(keyOf(subscription))) this.table.remove(subscription.id);
    const { entries, close } = await bucket.watch('>');
    this.close = close;
    if (this.stopping.signal.aborted) close();
    for await (const { key, value, revision } of entries) {
      this.note(key, value, revision);
      this.revision = Math.max(this.revision, revision);
      for (const look of [...this.waiting]) look();
    }
  }

  private note(key: string, value: string | undefined, revision: number): void {
    const made = value === undefined ? undefined : TopicSubscription.safeParse(JSON.parse(value)).data;
    if (made) this.table.note(made, revision, false);
    else this.table.remove(key.slice(key.indexOf('.') + 1));
  }
}

function keyOf({ namespace, id }: Pick<TopicSubscription, 'namespace' | 'id'>): string {
  return `${namespace}.${id}`;
}
