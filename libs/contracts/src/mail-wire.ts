import { MultiswarmError } from './errors';
import { Message, Redriven, type MessageSubmission, type Qos } from './message';
import { mailboxShardOf } from './mailbox-shard';
import { plainReceived } from './plain-message';
import { subjects } from './subjects';
import { PRIORITIES, type Priority } from './task';

/** `*` of a submission as a token of a subject. */
export const BROADCAST_TOKEN = 'all';

const TYPE_PREFIX = 'multiswarm.message.';
const SOURCE_PREFIX = '/swarms/';

/** A message as NATS carries it: CloudEvents 1.0 in binary mode, its data as the body. */
export interface WireMail {
  subject: string;
  headers: Record<string, string>;
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
  const { ttlMs, delayMs, correlationId, conversation, replyTo, id: own, ...rest } = submission;
  return {
    ...rest,
    id: own ?? id,
    sentAt: instant(acceptedAtMs),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(conversation === undefined ? {} : { conversation }),
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(ttlMs === undefined ? {} : { expiresAt: instant(acceptedAtMs + ttlMs) }),
    ...(delayMs === undefined || delayMs === 0 ? {} : { deliverAt: instant(acceptedAtMs + delayMs) }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
}

/**
 * CloudEvents 1.0 attributes in the binary mode of the NATS binding: one `ce-` header each, in lower case. No plain
 * `content-type`: on NATS that header would announce the structured mode. Extensions: `correlationid`, `conversation`,
 * `expirytime`, `deliverat`, `replyto`.
 */
export function toWire(message: Message, domain: string): WireMail {
  const { qos, priority, namespace, to, from } = message;
  const token = to === '*' ? BROADCAST_TOKEN : to;
  const place = { domain, shard: mailboxShardOf(token) };
  return {
    subject: subjects.mail(qos, place, priority, namespace, token, from),
    headers: headersOf(message),
    body: JSON.stringify(message.data),
  };
}

function headersOf(message: Message): Record<string, string> {
  const headers: Record<string, string> = {
    'ce-specversion': '1.0',
    'ce-id': message.id,
    'ce-source': SOURCE_PREFIX + message.from,
    'ce-type': TYPE_PREFIX + message.kind,
    'ce-time': message.sentAt,
    'ce-datacontenttype': 'application/json',
  };
  if (message.correlationId !== undefined)
    headers['ce-correlationid'] = encodeURIComponent(message.correlationId);
  if (message.conversation !== undefined) headers['ce-conversation'] = message.conversation;
  if (message.expiresAt !== undefined) headers['ce-expirytime'] = message.expiresAt;
  if (message.deliverAt !== undefined) headers['ce-deliverat'] = message.deliverAt;
  if (message.replyTo !== undefined) headers['ce-replyto'] = message.replyTo;
  if (message.redriven !== undefined) {
    headers['ms-redrives'] = String(message.redriven.times);
    headers['ms-redriven'] = encodeURIComponent(JSON.stringify(message.redriven));
  }
  if (message.traceparent !== undefined) headers['traceparent'] = message.traceparent;
  return headers;
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
  const [, , , qos, , , priority, namespace = '', to = '', from = ''] = tokens;
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
 * @param header the value of a header, empty where there is none
 * @throws MultiswarmError `invalid-request` where it is none of ours
 */
export function fromWire(address: MailAddress, header: (name: string) => string, body: string): Message {
  const type = header('ce-type');
  const given = {
    ...address,
    to: address.to === BROADCAST_TOKEN ? '*' : address.to,
    id: header('ce-id'),
    kind: type.startsWith(TYPE_PREFIX) ? type.slice(TYPE_PREFIX.length) : '',
    data: dataOf(body),
    sentAt: header('ce-time'),
    ...optional('correlationId', decoded(header('ce-correlationid'))),
    ...optional('conversation', header('ce-conversation')),
    ...optional('expiresAt', header('ce-expirytime')),
    ...optional('deliverAt', header('ce-deliverat')),
    ...optional('replyTo', header('ce-replyto')),
    ...optional('traceparent', header('traceparent')),
    ...redrivenOf(header('ms-redriven')),
  };
  const plain = plainReceived(given);
  if (plain !== undefined) return plain;
  const parsed = Message.safeParse(given);
  if (parsed.success) return parsed.data;
  const why = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  throw new MultiswarmError('invalid-request', `a message that is none: ${why}`);
}

/** That it was given up and sent again; a header that is none of ours says nothing. */
export function redrivenOf(text: string): Pick<Message, 'redriven'> {
  if (text === '') return {};
  try {
    const parsed = Redriven.safeParse(JSON.parse(decodeURIComponent(text)));
    return parsed.success ? { redriven: parsed.data } : {};
  } catch {
    return {};
  }
}

function dataOf(body: string): unknown {
  if (body === '') return {};
  try {
    return JSON.parse(body);
  } catch {
    throw new MultiswarmError('invalid-request', 'the body of a message is not JSON');
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function optional(name: string, value: string): Record<string, string> {
  return value === '' ? {} : { [name]: value };
}

function instant(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
