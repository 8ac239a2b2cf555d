import {
  asMultiswarmError,
  LIMITS,
  MultiswarmError,
  type DeadMail,
  type DeadMessageDetail,
  type DeadMessagePage,
  type DeadMessageReply,
  type DeadMessageResult,
  type ListDeadMessages,
  type SettleDeadMessages,
} from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import {
  fits,
  redrivenMessage,
  valueOf,
  whyNotRedrivable,
  type DeadMailBody,
  type Redriving,
} from '../domain/dead-mail';
import type { DeadMailStore, Outbox } from '../ports';
import { DeadMessageTally } from './dead-message-tally';

export interface DeadMessagesParts {
  store: DeadMailStore;
  outbox: Pick<Outbox, 'store'>;
  clock: Clock;
  logger: Logger;
}

/** What was asked for, with somebody who asks. */
export type Asked = SettleDeadMessages & { requestedBy: string };
type Settle = (found: DeadMailBody) => Promise<DeadMessageResult>;

/**
 * Messages that were given up: who looks, sends them again, or takes them away.
 *
 * X1. A dead letter is removed only once the message that follows it is stored: whatever fails in between, it is there.
 * X2. Sent again twice it is one message: its id follows from the one before.
 * X3. Messages of one request are sent again in the order in which they were sent at first; one that is refused keeps those of its mailbox
 *     that are behind it.
 */
export class DeadMessages {
  constructor(private readonly parts: DeadMessagesParts) {}

  /** In the order in which they were given up; the first page says how many there are. */
  async list({ limit, cursor, ...filter }: ListDeadMessages): Promise<DeadMessagePage> {
    const tally = cursor === undefined ? new DeadMessageTally() : undefined;
    const items: DeadMessagePage['items'] = [];
    let next: string | null = null;
    let looked = 0;
    for await (const mail of this.parts.store.list(filter, cursor ?? 1)) {
      looked += 1;
      const isStopped = looked > LIMITS.DEAD_LETTERS_LOOKED_AT;
      const isFull = items.length === limit;
      if (isStopped || (isFull && fits(mail, filter))) next ??= String(mail.seq);
      if (isStopped || (isFull && tally === undefined && next !== null)) break;
      if (!fits(mail, filter)) continue;
      tally?.add(mail);
      if (!isFull) items.push(mail);
    }
    const complete = looked <= LIMITS.DEAD_LETTERS_LOOKED_AT;
    return { items, next, ...(tally ? { counts: tally.counts(complete) } : {}) };
  }

  /** @throws MultiswarmError `message-not-found` */
  async get(seq: number): Promise<DeadMessageDetail> {
    const found = await this.parts.store.read(seq);
    if (found === undefined)
      throw new MultiswarmError(
        'message-not-found',
        `there is no dead message ${seq}: it was redriven or purged, or its retention has passed`,
      );
    const { mail, body, domain: _domain, ...also } = found;
    const why = whyNotRedrivable(found);
    return {
      ...mail,
      ...also,
      ...(valueOf(body) ?? { text: body }),
      ...(why === undefined ? {} : { notRedrivable: why }),
    };
  }

  /** Puts messages back into the mailboxes of their recipients, each as a new message. */
  redrive(asked: Asked): Promise<DeadMessageReply> {
    const at = new Date(this.parts.clock.now()).toISOString();
    const { requestedBy: by, reason } = asked;
    const redriving = { at, by, ...(reason === undefined ? {} : { reason }) };
    const held = new Map<string, MultiswarmError>();
    return this.settle('redriven', asked, (found) => this.redriveOne(found, redriving, asked.dryRun, held));
  }

  /** Takes them away for good. */
  purge(asked: Asked): Promise<DeadMessageReply> {
    return this.settle('purged', asked, async ({ mail }) => {
      if (!asked.dryRun) await this.remove(mail);
      return { seq: mail.seq, id: mail.id, outcome: 'purged' };
    });
  }

  /** @param held mailboxes that have refused one, with why: X3 */
  private async redriveOne(
    found: DeadMailBody,
    redriving: Redriving,
    dryRun: boolean,
    held: Map<string, MultiswarmError>,
  ): Promise<DeadMessageResult> {
    const { seq, id, namespace, to } = found.mail;
    const why = whyNotRedrivable(found);
    if (why !== undefined) return refused(found, new MultiswarmError('invalid-request', why));
    const mailbox = `${namespace} ${to}`;
    const before = held.get(mailbox);
    if (before !== undefined) return refused(found, before);
    const message = redrivenMessage(found, redriving);
    try {
      if (!dryRun) {
        await this.parts.outbox.store(message);
        await this.remove(found.mail); // X1
      }
      return { seq, id, outcome: 'redriven', newId: message.id };
    } catch (error) {
      const fault = asMultiswarmError(error);
      held.set(mailbox, fault);
      return refused(found, fault);
    }
  }

  /** Its payload is kept no longer than itself: what is sent again has noted it for itself. */
  private async remove(mail: DeadMail): Promise<void> {
    const { store, logger } = this.parts;
    const { seq, id, dataRef } = mail;
    await store.remove(seq);
    if (dataRef === undefined) return;
    await store.releasePayload(dataRef.id, mail).catch((error: unknown) => {
      logger.warn('a payload is kept for longer than its message', { messageId: id, error });
    });
  }

  private async settle(done: 'redriven' | 'purged', asked: Asked, one: Settle): Promise<DeadMessageReply> {
    const { seqs, next } = await this.meant(asked);
    const items: DeadMessageResult[] = [];
    for (const seq of await this.inOrder(seqs)) {
      const found = await this.parts.store.read(seq);
      items.push(found === undefined ? { seq, outcome: 'unchanged' } : await one(found));
    }
    const count = (wanted: string): number => items.filter(({ outcome }) => outcome === wanted).length;
    const sums = { done: count(done), unchanged: count('unchanged'), refused: count('refused') };
    const { requestedBy, reason, filter, all } = asked;
    const scope = asked.seqs ? { seqs: asked.seqs.length } : all ? { all } : { filter };
    if (!asked.dryRun)
      this.parts.logger.info(`dead messages were ${done}`, { ...sums, requestedBy, reason, ...scope });
    return { dryRun: asked.dryRun, ...sums, items, next };
  }

  /** X3. Those that are gone come last. */
  private async inOrder(seqs: readonly number[]): Promise<number[]> {
    const places = new Map<number, number>();
    for (const seq of seqs) places.set(seq, (await this.parts.store.read(seq))?.mail.storedSeq ?? Infinity);
    return [...seqs].sort((a, b) => Number(places.get(a)) - Number(places.get(b)) || a - b);
  }

  private async meant(asked: Asked): Promise<{ seqs: number[]; next: string | null }> {
    const { seqs, filter = {}, limit = LIMITS.DEAD_LETTERS_BY_DEFAULT, cursor } = asked;
    if (seqs) return { seqs: [...new Set(seqs)], next: null };
    const { items, next } = await this.list({ ...filter, limit, cursor: cursor ?? 1 });
    return { seqs: items.map(({ seq }) => seq), next };
  }
}

function refused({ mail: { seq, id } }: DeadMailBody, { code, message }: MultiswarmError): DeadMessageResult {
  return { seq, id, outcome: 'refused', error: { code, detail: message } };
}
