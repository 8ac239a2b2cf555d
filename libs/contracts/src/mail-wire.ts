import { MultiswarmError } from './errors';
import { attributesOf, headerLines } from './mail-headers';
import { mailboxShardOf } from './mailbox-shard';
import { Message, type MessageSubmission, type Qos } from './message';
import { plainReceived } from './plain-message';
import { subjects } from './subjects';
import { PRIORITIES, type Priority } from './task';

/** `*` of a submission as a token of a subject. */
export const BROADCAST_TOKEN = 'all';

/** A message as NATS carries it: CloudEvents 1.0 in binary mode, its data as the body. */
export interface WireMail {
  subject: string;
  /** See `headerLines`. */
  lines: string;
  body: string;
}

/** What whoever takes a message adds to it. */
export interface Stamp {
  id: string;
  acceptedAtMs: number;
  traceparent: string | undefined;
}

/** The message of a submission. It expires `ttlMs` after it was accepted, by the clock of whoever accepts it. */
export function toMessage(submission: MessageSubmission, { id, acceptedAtMs, traceparent }: Stamp): Message {
  const { from, to, kind, data, namespace, priority, qos } = submission;
  const { ttlMs, delayMs, correlationId, conversation, replyTo, dataRef } = submission;
  const sentAt = instant(acceptedAtMs);
  // One literal, and what is there besides: to spread what is not there costs more than all the rest.
  const message: Message = {
    id: submission.id ?? id,
    from,
    to,
    kind,
    data,
    namespace,
    priority,
    qos,
    sentAt,
  };
  if (correlationId !== undefined) message.correlationId = correlationId;
  if (conversation !== undefined) message.conversation = conversation;
  if (replyTo !== undefined) message.replyTo = replyTo;
  if (ttlMs !== undefined) message.expiresAt = instant(acceptedAtMs + ttlMs);
  if (delayMs !== undefined && delayMs > 0) message.deliverAt = instant(acceptedAtMs + delayMs);
  if (traceparent !== undefined) message.traceparent = traceparent;
  if (dataRef !== undefined) message.dataRef = dataRef;
  return message;
}

/**
 * A message as it is sent.
 * @param body its data as JSON, where somebody has printed it already
 * @throws MultiswarmError `invalid-request` where an attribute cannot stand in a header
 */
export function toWire(message: Message, domain: string, body = JSON.stringify(message.data)): WireMail {
  const { qos, priority, namespace, to, from } = message;
  const token = to === '*' ? BROADCAST_TOKEN : to;
  const place = { domain, shard: mailboxShardOf(token) };
  const subject = subjects.mail(qos, place, priority, namespace, token, from);
  return { subject, lines: headerLines(message), body };
}

/** What the subject of a message says: `…<qos>.<domain>.<shard>.<priority>.<namespace>.<to>.<from>`. */
export interface MailAddress {
  qos: Qos;
  priority: Priority;
  namespace: string;
  to: string;
  from: string;
}

/** The last five tokens of a subject of `subjects.mail`, and its promise; undefined where it is none. */
export function addressOf(subject: string): MailAddress | undefined {
  const tokens = subject.split('.');
  if (tokens.length !== 10) return undefined;
  const [, , , qos, , , priority, namespace, to, from] = tokens;
  return addressIn(qos, priority, namespace, to, from);
}

/** What these tokens say; undefined where they are none of an address. */
export function addressIn(
  qos: string | undefined,
  priority: string | undefined,
  namespace = '',
  to = '',
  from = '',
): MailAddress | undefined {
  return isQos(qos) && isPriority(priority) ? { qos, priority, namespace, to, from } : undefined;
}

function isQos(token: unknown): token is Qos {
  return token === 'at-most-once' || token === 'at-least-once' || token === 'exactly-once';
}

function isPriority(token: unknown): token is Priority {
  return PRIORITIES.some((priority) => priority === token);
}

/**
 * The message again.
 * @param headers as they are printed, with their first line
 * @throws MultiswarmError `invalid-request` where it is none of ours
 */
export function fromWire(address: MailAddress, headers: string, body: string): Message {
  const { qos, priority, namespace, from } = address;
  const to = address.to === BROADCAST_TOKEN ? '*' : address.to;
  const given = Object.assign(attributesOf(headers), {
    ...{ from, to, namespace, priority, qos, data: dataOf(body) },
  });
  const plain = plainReceived(given);
  if (plain !== undefined) return plain;
  const parsed = Message.safeParse(given);
  if (parsed.success) return parsed.data;
  const why = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  throw new MultiswarmError('invalid-request', `a message that is none: ${why}`);
}

function dataOf(body: string): unknown {
  if (body === '') return {};
  try {
    return JSON.parse(body);
  } catch {
    throw new MultiswarmError('invalid-request', 'the body of a message is not JSON');
  }
}

let lastInstant = { epochMs: NaN, text: '' };

/** Many messages are sent in the same millisecond. */
function instant(epochMs: number): string {
  if (epochMs !== lastInstant.epochMs) lastInstant = { epochMs, text: new Date(epochMs).toISOString() };
  return lastInstant.text;
}
