import {
  DomainPayloads,
  queuedMail,
  removeQueued,
  storeMessage,
  StreamRefusal,
  type Bus,
} from '@multiswarm/bus';
import {
  LIMITS,
  MailboxInfo,
  mailboxShardOf,
  MultiswarmError,
  partsOfPayloadId,
  streams,
  subjects,
  SwarmId,
  type JsonValue,
  type MailName,
  type Message,
  type MessageSubmission,
  type PayloadRef,
} from '@multiswarm/contracts';
import type { Clock, Ids } from '@multiswarm/core';
import type { Stored } from './mail-sender';
import type { MailSites } from './mail-sites';

export interface MailPayloadsOptions {
  bus: Bus;
  sites: Pick<MailSites, 'domain'>;
  clock: Clock;
  ids: Ids;
}

/** That a message has a payload, as one attempt to store it has noted it. */
export interface PayloadNote {
  /** In the stream of notes. */
  seq: number;
  /** There was none: the message was never stored, or has ended. */
  isNew: boolean;
}

/** In UTF-8, of one unit of a text. */
const MOST_BYTES_A_CHARACTER = 3;

/**
 * Data that is too large to travel with its message (claim check: Hohpe and Woolf, "Enterprise Integration Patterns", 2003): stored as a
 * payload, and noted for the message before that is stored, so that nothing takes it away while the message may be handled.
 */
export class MailPayloads {
  private readonly payloads: DomainPayloads;

  constructor(private readonly options: MailPayloadsOptions) {
    const { bus, sites, clock, ids } = options;
    this.payloads = new DomainPayloads({
      ...{ connection: bus.connection, clock, ids },
      domain: () => sites.domain(),
    });
  }

  /**
   * The same, with a reference in place of data that is too large.
   * @param text the data as JSON
   * @throws MultiswarmError `payload-too-large`, `payload-store-full`, `payload-store-unavailable`, `invalid-request` where its recipient
   *     cannot have it
   */
  async checkedIn(submission: MessageSubmission, text: string): Promise<MessageSubmission> {
    if (!isLarge(text)) return submission;
    if (submission.qos === 'at-most-once') await this.assertReadHere(submission);
    return { ...submission, data: {}, dataRef: await this.payloads.store(submission.namespace, text) };
  }

  /**
   * Before a message is stored that has one.
   * @throws MultiswarmError `payload-not-found`, `payload-store-unavailable`, `invalid-request` where it is of another namespace
   */
  async note({ dataRef, ...mail }: MailName & Pick<Message, 'dataRef'>): Promise<PayloadNote | undefined> {
    const { namespace } = mail;
    if (dataRef === undefined) return undefined;
    if (partsOfPayloadId(dataRef.id).namespace !== namespace)
      throw new MultiswarmError(
        'invalid-request',
        `the payload "${dataRef.id}" is of another namespace than the message ("${namespace}")`,
      );
    await this.payloads.claim(dataRef);
    const { bus, sites } = this.options;
    return noteAnew(bus, subjects.mailPayload(await sites.domain(), dataRef.id, mail));
  }

  /**
   * After a message with a payload was stored. One that came again may have ended already: then nobody else ends the note that was written
   * for it. One that is in its mailbox still, and a dead letter, have theirs: whoever ends them ends it.
   */
  stored(note: PayloadNote | undefined, { seq, duplicate }: Pick<Stored, 'seq' | 'duplicate'>): void {
    if (!duplicate || !note?.isNew) return;
    // In the background, and given up where it fails: the message is where it should be, and a note ends by its age.
    this.takeBack(note, seq).catch(() => undefined);
  }

  /** By its sequence: an owner that gives the message up meanwhile writes another one. */
  private async takeBack(note: PayloadNote, seq: number): Promise<void> {
    const { connection } = this.options.bus;
    if ((await queuedMail(connection, streams.mailbox, seq)) !== undefined) return;
    await removeQueued(connection, streams.mailPayloads, note.seq);
  }

  /** The data of a message, also where it does not travel with it. @throws MultiswarmError `payload-not-found`, `payload-corrupt` */
  async dataOf({ data, dataRef }: Pick<Message, 'data' | 'dataRef'>): Promise<JsonValue> {
    return dataRef === undefined ? data : this.read(dataRef);
  }

  /** What is sent at most once goes straight to its recipient, and nobody brings its payload to another domain. */
  private async assertReadHere({ namespace, to }: Pick<Message, 'namespace' | 'to'>): Promise<void> {
    if (!SwarmId.safeParse(to).success) return; // to all
    const { bus, sites } = this.options;
    const domain = await sites.domain();
    const asked = subjects.mailbox({ domain, shard: mailboxShardOf(to) }, 'info');
    const info = await bus
      .request(asked, { namespace, mailbox: to }, { reply: MailboxInfo })
      .catch(() => undefined);
    if (info?.home === undefined || info.home === domain) return;
    throw new MultiswarmError(
      'invalid-request',
      `data of more than ${LIMITS.MESSAGE_BYTES} bytes that is sent at most once stays in its JetStream domain (${domain}), and "${to}" is read in ${info.home}: ` +
        'send it at least once, or in smaller parts',
    );
  }

  private async read(ref: PayloadRef): Promise<JsonValue> {
    const bytes = await this.payloads.fetch(ref);
    try {
      return JSON.parse(bytes.toString('utf8')) as JsonValue; // what JSON.parse returns is a JSON value
    } catch (cause) {
      throw new MultiswarmError('payload-corrupt', `the payload "${ref.id}" is not JSON`, { cause });
    }
  }
}

/** Notes that a message has a payload. @throws MultiswarmError `payload-store-unavailable` */
export async function keepPayload(bus: Bus, domain: string, payload: string, mail: MailName): Promise<void> {
  await writeNote(bus, subjects.mailPayload(domain, payload, mail));
}

/** The same, and whether there was none. What there was is written anew: its age counts from now on. */
async function noteAnew(bus: Bus, subject: string): Promise<PayloadNote> {
  const first = await writeNote(bus, subject, 0);
  if (first !== undefined) return { seq: first, isNew: true };
  return { seq: (await writeNote(bus, subject)) ?? 0, isNew: false };
}

/** @returns its sequence; undefined where another one is the last on its subject than was expected */
async function writeNote(bus: Bus, subject: string, expectedLast?: number): Promise<number | undefined> {
  try {
    const options = expectedLast === undefined ? {} : { expectedLast };
    return await storeMessage(bus.connection, subject, '{}', options);
  } catch (cause) {
    if (cause instanceof StreamRefusal && cause.isConflict) return undefined;
    throw new MultiswarmError(
      'payload-store-unavailable',
      'that a message has a payload could not be noted: JetStream does not answer, or has no room',
      { cause },
    );
  }
}

/** Whether data, as JSON, is too large to travel with its message. */
export function isLarge(text: string): boolean {
  return (
    text.length * MOST_BYTES_A_CHARACTER > LIMITS.MESSAGE_BYTES &&
    Buffer.byteLength(text) > LIMITS.MESSAGE_BYTES
  );
}
