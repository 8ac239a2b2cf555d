import { createHash } from 'node:crypto';
import { subjects, type Message, type MessageSubmission } from '@multiswarm/contracts';

/** Mailboxes are spread over this many subjects, so that ownership of them can be shared out later. */
export const MAILBOX_SHARDS = 16;
/** `*` of a submission as a token of a subject. */
export const BROADCAST_TOKEN = 'all';

const CLOUDEVENTS_VERSION = '1.0';

export interface Envelope {
  subject: string;
  headers: Record<string, string>;
  body: Message;
}

export interface Accepted {
  id: string;
  acceptedAtMs: number;
  traceparent: string;
}

/** The message as it travels. It expires `ttlMs` after it was accepted, by the clock of the replica that took it. */
export function toEnvelope(
  submission: MessageSubmission,
  { id, acceptedAtMs, traceparent }: Accepted,
): Envelope {
  const { ttlMs, correlationId, ...rest } = submission;
  const body: Message = {
    id,
    ...rest,
    ...(correlationId === undefined ? {} : { correlationId }),
    sentAt: new Date(acceptedAtMs).toISOString(),
    ...(ttlMs === undefined ? {} : { expiresAt: new Date(acceptedAtMs + ttlMs).toISOString() }),
    traceparent,
  };
  return { subject: mailSubject(body), headers: cloudEventHeaders(body), body };
}

function mailSubject({ qos, priority, namespace, to, from }: Message): string {
  const token = to === '*' ? BROADCAST_TOKEN : to;
  return subjects.mail(qos, mailboxShardOf(token), priority, namespace, token, from);
}

/** The same on every replica and in every version: the first four bytes of SHA-256, modulo the number of shards. */
export function mailboxShardOf(recipient: string): number {
  return createHash('sha256').update(recipient).digest().readUInt32BE(0) % MAILBOX_SHARDS;
}

/**
 * CloudEvents 1.0 attributes in the binary mode of the NATS binding: one `ce-` header each, in lower case. No plain
 * `content-type`: on NATS that header would announce the structured mode.
 */
function cloudEventHeaders(message: Message): Record<string, string> {
  return {
    'ce-specversion': CLOUDEVENTS_VERSION,
    'ce-id': message.id,
    'ce-source': `/swarms/${message.from}`,
    'ce-type': `multiswarm.message.${message.kind}`,
    'ce-time': message.sentAt,
    ...(message.expiresAt === undefined ? {} : { 'ce-expirytime': message.expiresAt }),
    'ce-datacontenttype': 'application/json',
  };
}
