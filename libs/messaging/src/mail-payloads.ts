import { DomainPayloads, storeMessage, type Bus } from '@multiswarm/bus';
import {
  LIMITS,
  MailboxInfo,
  mailboxShardOf,
  MultiswarmError,
  partsOfPayloadId,
  subjects,
  SwarmId,
  type JsonValue,
  type MailName,
  type Message,
  type MessageSubmission,
  type PayloadRef,
} from '@multiswarm/contracts';
import type { Clock, Ids } from '@multiswarm/core';
import type { MailSites } from './mail-sites';

export interface MailPayloadsOptions {
  bus: Bus;
  sites: Pick<MailSites, 'domain'>;
  clock: Clock;
  ids: Ids;
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
  async note({ dataRef, ...mail }: MailName & Pick<Message, 'dataRef'>): Promise<void> {
    const { namespace } = mail;
    if (dataRef === undefined) return;
    if (partsOfPayloadId(dataRef.id).namespace !== namespace)
      throw new MultiswarmError(
        'invalid-request',
        `the payload "${dataRef.id}" is of another namespace than the message ("${namespace}")`,
      );
    await this.payloads.claim(dataRef);
    const { bus, sites } = this.options;
    await keepPayload(bus, await sites.domain(), dataRef.id, mail);
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
  try {
    await storeMessage(bus.connection, subjects.mailPayload(domain, payload, mail), '{}');
  } catch (cause) {
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
