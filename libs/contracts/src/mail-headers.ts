import { MultiswarmError } from './errors';
import type { PayloadRef } from './payload';
import { Redriven, type Message } from './message';
import { wellFormed } from './names';

const TYPE_PREFIX = 'multiswarm.message.';
const SOURCE_PREFIX = '/swarms/';
const NOT_PLAIN = /[^\x20-\x7e]/;
const LINE_BREAK = '\r\n';
export const PAYLOAD_HEADER = 'ms-payload';

/** What the headers of a message say of it. */
export type MailAttributes = Pick<Message, 'id' | 'kind' | 'sentAt'> &
  Partial<
    Pick<
      Message,
      | 'correlationId'
      | 'conversation'
      | 'expiresAt'
      | 'deliverAt'
      | 'replyTo'
      | 'redriven'
      | 'traceparent'
      | 'dataRef'
    >
  >;

/**
 * CloudEvents 1.0 attributes in the binary mode of the NATS binding: one `ce-` header each, in lower case. No plain
 * `content-type`: on NATS that header would announce the structured mode. Extensions: `correlationid`, `conversation`,
 * `expirytime`, `deliverat`, `replyto`.
 * @returns `name: value` for each, ended by CR LF, all of it ASCII
 * @throws MultiswarmError `invalid-request` where an attribute cannot stand in a line
 */
export function headerLines(message: Message): string {
  const { id, from, kind, sentAt, correlationId, conversation, expiresAt, deliverAt, replyTo } = message;
  const { redriven, traceparent, dataRef } = message;
  let lines =
    `ce-specversion: 1.0\r\nce-id: ${plain(id)}\r\nce-source: ${SOURCE_PREFIX}${plain(from)}\r\n` +
    `ce-type: ${TYPE_PREFIX}${plain(kind)}\r\nce-time: ${plain(sentAt)}\r\nce-datacontenttype: application/json\r\n`;
  if (correlationId !== undefined)
    lines += line('ce-correlationid', encodeURIComponent(wellFormed(correlationId)));
  if (conversation !== undefined) lines += line('ce-conversation', conversation);
  if (expiresAt !== undefined) lines += line('ce-expirytime', expiresAt);
  if (deliverAt !== undefined) lines += line('ce-deliverat', deliverAt);
  if (replyTo !== undefined) lines += line('ce-replyto', replyTo);
  if (redriven !== undefined) {
    lines += line('ms-redrives', String(redriven.times));
    lines += line('ms-redriven', encodeURIComponent(JSON.stringify(redriven)));
  }
  if (traceparent !== undefined) lines += line('traceparent', traceparent);
  if (dataRef !== undefined) lines += line(PAYLOAD_HEADER, payloadHeader(dataRef));
  return lines;
}

function line(name: string, value: string): string {
  return `${name}: ${plain(value)}\r\n`;
}

/** What may stand in a line of headers, and has as many bytes as characters. */
function plain(value: string): string {
  if (!NOT_PLAIN.test(value)) return value;
  throw new MultiswarmError(
    'invalid-request',
    `"${value.slice(0, 64)}" cannot be an attribute of a message: visible ASCII characters only`,
  );
}

/** What the headers of a message say, read in one pass; the empty text stands for what must be there and is not. */
export function attributesOf(headers: string): MailAttributes {
  const read: MailAttributes = { id: '', kind: '', sentAt: '' };
  let at = headers.indexOf(LINE_BREAK) + 2; // the first line has no name
  while (at > 1 && at < headers.length) {
    const colon = headers.indexOf(':', at);
    const end = headers.indexOf(LINE_BREAK, at);
    if (colon > at && end > colon) note(read, headers.slice(at, colon), headers.slice(colon + 1, end).trim());
    at = end + 2;
  }
  return read;
}

function note(read: MailAttributes, name: string, value: string): void {
  if (value === '') return;
  switch (name) {
    case 'ce-id':
      read.id = value;
      return;
    case 'ce-type':
      if (value.startsWith(TYPE_PREFIX)) read.kind = value.slice(TYPE_PREFIX.length);
      return;
    case 'ce-time':
      read.sentAt = value;
      return;
    case 'ce-correlationid':
      read.correlationId = decoded(value);
      return;
    case 'ce-conversation':
      read.conversation = value;
      return;
    case 'ce-expirytime':
      read.expiresAt = value;
      return;
    case 'ce-deliverat':
      read.deliverAt = value;
      return;
    case 'ce-replyto':
      read.replyTo = value;
      return;
    case 'ms-redriven':
      Object.assign(read, redrivenOf(value));
      return;
    case PAYLOAD_HEADER:
      read.dataRef = payloadIn(value);
      return;
    case 'traceparent':
      read.traceparent = value;
  }
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

/** `<id> <bytes>` */
export function payloadHeader({ id, bytes }: PayloadRef): string {
  return `${id} ${bytes}`;
}

/** Whatever it says: whoever reads the message finds out whether that is a payload. */
export function payloadIn(text: string): PayloadRef {
  const [id = '', bytes = ''] = text.split(' ');
  return { id, bytes: Number(bytes) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
