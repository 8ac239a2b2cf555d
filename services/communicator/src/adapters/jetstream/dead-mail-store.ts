import { removeQueued, storedAt, storedHeads, type Bus, type StoredHead } from '@multiswarm/bus';
import {
  streams,
  subjects,
  type DeadMail,
  type DeadMessageFilter,
  type MailName,
} from '@multiswarm/contracts';
import type { DeadMailBody } from '../../domain/dead-mail';
import type { DeadMailStore } from '../../ports';
import { deadMailOf, decoded } from './dead-headers';
import { releasePayload } from './release-payload';

/** The dead letters of a domain, in their stream. */
export class JetStreamDeadMailStore implements DeadMailStore {
  constructor(
    private readonly bus: Bus,
    private readonly domain: string,
  ) {}

  async *list({ namespace = '*', to = '*' }: DeadMessageFilter, seq: number): AsyncGenerator<DeadMail> {
    const subject = subjects.deadMail(this.domain, namespace, to);
    for await (const head of storedHeads(this.bus.connection, streams.deadMail, { subject, seq })) {
      const mail = toMail(head);
      if (mail !== undefined) yield mail;
    }
  }

  async read(seq: number): Promise<DeadMailBody | undefined> {
    const stored = await storedAt(this.bus.connection, streams.deadMail, seq);
    const mail = stored && toMail(stored);
    if (mail === undefined) return undefined;
    const optional = (name: string, header: string): Record<string, string> => {
      const value = stored?.headers?.get(header) ?? '';
      return value === '' ? {} : { [name]: decoded(value) };
    };
    return {
      mail,
      domain: this.domain,
      body: Buffer.from(stored?.data ?? []).toString('utf8'),
      ...optional('correlationId', 'ce-correlationid'),
      ...optional('replyTo', 'ce-replyto'),
      ...optional('traceparent', 'traceparent'),
    };
  }

  releasePayload(payload: string, mail: MailName): Promise<void> {
    return releasePayload(this.bus, this.domain, payload, mail);
  }

  async remove(seq: number): Promise<void> {
    await removeQueued(this.bus.connection, streams.deadMail, seq);
  }
}

function toMail({ seq, subject, headers, bytes }: StoredHead): DeadMail | undefined {
  const [namespace = '', to = ''] = subject.split('.').slice(-2);
  return headers && deadMailOf(seq, { namespace, to }, headers, bytes);
}
