import {
  idAtRecipient,
  LIMITS,
  MultiswarmError,
  type MailForward,
  type MailForwarded,
  type MailHome,
} from '@multiswarm/contracts';
import type { Logger } from '@multiswarm/telemetry';
import { isLater } from '../domain/regions/homes';
import type { Came, FetchPayload, MailQueue } from '../ports';

export interface ArrivalsParts {
  /** The own JetStream domain. */
  domain: string;
  queue: Pick<MailQueue, 'storeForwarded' | 'came' | 'noteCame' | 'keepPayload'>;
  /** Brings a payload from another domain. False: not yet. */
  fetched: FetchPayload;
  homeOf(namespace: string, mailbox: string): MailHome | undefined;
  learn(home: MailHome): void;
  /** Promises room for one message of a sender. Undefined: there is some; else how full it is. */
  roomFor(home: MailHome, from: string): { depth: number; limit: number } | undefined;
  logger: Logger;
}

type Forwarded = MailForward['messages'][number];
const NOTES_KEPT = 10_000;

/**
 * Mail that comes from other domains.
 *
 * A1. Messages of one conversation and priority are stored in the order in which they come; where one is not stored, none behind it is.
 * A2. What is stored is noted before that is said. Who sends it again, because the answer was lost, is told that it is there: within the window in
 *     which the stream knows ids, and after it by the note.
 * A3. The payload of a message is here, and noted for it, before it is stored.
 * A4. A former owner of the mailbox over there, whose request comes late, changes nothing.
 */
export class Arrivals {
  private readonly notes = new Map<string, Came>();
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(private readonly parts: ArrivalsParts) {}

  /** @throws MultiswarmError `invalid-request`, `stale-epoch`, `bus-unavailable` */
  async accept(batch: MailForward): Promise<MailForwarded> {
    const { home } = batch;
    this.assertMine(batch);
    const known = this.parts.homeOf(home.namespace, home.mailbox);
    if (known !== undefined && known.domain !== this.parts.domain && isLater(known, home))
      return { stored: [], moved: known };
    this.parts.learn(home);
    return this.inTurn(batch, () => this.store(batch));
  }

  private async store(batch: MailForward): Promise<MailForwarded> {
    const before = await this.noteOf(batch);
    if (batch.epoch < before.epoch)
      throw new MultiswarmError('stale-epoch', `${batch.origin} has another owner of that mailbox`); // A4
    const known = new Set(before.ids);
    const why: Pick<MailForwarded, 'full' | 'fetching'> = {};
    const lanes = [...lanesOf(batch.messages)].map(async (lane) => {
      const stored: Forwarded[] = [];
      for (const each of lane) {
        if (!known.has(idOf(each))) {
          const { dataRef } = each.message;
          if (dataRef !== undefined && !(await this.parts.fetched(dataRef, batch.origin))) {
            why.fetching = true;
            break; // A1, A3
          }
          why.full = this.parts.roomFor(batch.home, each.message.from) ?? why.full;
          if (why.full !== undefined || !(await this.isStored(each))) break; // A1
        }
        stored.push(each);
      }
      return stored;
    });
    const stored = (await Promise.all(lanes)).flat();
    await this.note(batch, before, stored);
    const { full, fetching } = why;
    return {
      stored: stored.map(({ seq }) => seq),
      ...(full === undefined ? {} : { full }),
      ...(fetching === undefined ? {} : { fetching }),
    };
  }

  private async isStored({ message, hops }: Forwarded): Promise<boolean> {
    try {
      if (message.dataRef !== undefined) await this.parts.queue.keepPayload(message.dataRef.id, message); // A3
      await this.parts.queue.storeForwarded(message, hops);
      return true;
    } catch (error) {
      this.parts.logger.warn('a message from another domain was not stored', {
        messageId: message.id,
        error,
      });
      return false;
    }
  }

  /** A2. */
  private async note(batch: MailForward, before: Came, stored: readonly Forwarded[]): Promise<void> {
    const known = new Set(before.ids);
    const news = stored.map(idOf).filter((id) => !known.has(id));
    if (news.length === 0) return;
    const came = { epoch: batch.epoch, ids: [...before.ids, ...news].slice(-LIMITS.MAIL_FORWARDED_KNOWN) };
    const { home, origin } = batch;
    await this.parts.queue.noteCame(home, origin, came);
    if (this.notes.size >= NOTES_KEPT) this.notes.clear();
    this.notes.set(keyOf(batch), came);
  }

  private async noteOf(batch: MailForward): Promise<Came> {
    const known = this.notes.get(keyOf(batch));
    return known ?? (await this.parts.queue.came(batch.home, batch.origin)) ?? { epoch: 0, ids: [] };
  }

  private assertMine({ home, messages }: MailForward): void {
    const fits = messages.every(
      ({ message: { to, namespace, qos } }) =>
        to === home.mailbox && namespace === home.namespace && qos !== 'at-most-once',
    );
    if (fits && home.domain === this.parts.domain) return;
    throw new MultiswarmError('invalid-request', 'mail that is not for this mailbox, or not for this domain');
  }

  /** What comes from one domain for one mailbox is stored one batch after the other. */
  private inTurn<T>(batch: MailForward, work: () => Promise<T>): Promise<T> {
    const key = keyOf(batch);
    const mine = (this.turns.get(key) ?? Promise.resolve()).then(work, work);
    this.turns.set(key, mine);
    const done = (): void => {
      if (this.turns.get(key) === mine) this.turns.delete(key);
    };
    mine.then(done, done);
    return mine;
  }
}

function keyOf({ home, origin }: MailForward): string {
  return `${home.namespace} ${home.mailbox} ${origin}`;
}

/** Forwarded once more, it is another one: it may come back to where it was before. */
function idOf({ message, hops }: Forwarded): string {
  return `${idAtRecipient(message)}/${hops}`;
}

function lanesOf(messages: readonly Forwarded[]): IterableIterator<Forwarded[]> {
  const lanes = new Map<string, Forwarded[]>();
  for (const each of messages) {
    const { priority, conversation, from } = each.message;
    const key = `${priority} ${conversation ?? `from ${from}`}`;
    const lane = lanes.get(key);
    if (lane === undefined) lanes.set(key, [each]);
    else lane.push(each);
  }
  return lanes.values();
}
