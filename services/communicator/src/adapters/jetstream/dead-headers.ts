import type { WireHeaders } from '@multiswarm/bus';
import {
  DeadMail,
  LIMITS,
  PAYLOAD_HEADER,
  payloadIn,
  PayloadRef,
  redrivenOf,
  wellFormed,
  type MailAddress,
} from '@multiswarm/contracts';
import type { Burial } from '../../ports';

/** What a message was sent with, and goes on with as a dead letter. */
const KEPT = [
  'ce-specversion',
  'ce-id',
  'ce-source',
  'ce-type',
  'ce-time',
  'ce-datacontenttype',
  'ce-correlationid',
  'ce-conversation',
  'ce-replyto',
  'ms-redriven',
  PAYLOAD_HEADER,
  'traceparent',
] as const;
const TYPE_PREFIX = 'multiswarm.message.';

/** Headers of a dead letter: those of the message, and what became of it. */
export function deadHeaders({
  seq,
  body,
  cause,
  message,
  attempts,
  diedAtMs,
  address,
}: Burial): Record<string, string> {
  const { qos, priority, from } = address;
  const headers: Record<string, string> = {
    'ms-seq': String(seq),
    'ms-cause': cause,
    'ms-error': encodeURIComponent(wellFormed(message.slice(0, LIMITS.ERROR_MESSAGE_CHARS))),
    'ms-attempts': String(attempts),
    'ms-died-at': new Date(diedAtMs).toISOString(),
    'ms-redrives': body.headers?.get('ms-redrives') ?? '0',
    'ms-qos': qos,
    'ms-priority': priority,
    'ms-from': from,
  };
  for (const name of KEPT) {
    const value = body.headers?.get(name) ?? '';
    if (value !== '') headers[name] = value;
  }
  return headers;
}

/** A dead letter again, from its headers; what the message itself has never said is left out. Undefined where it is none of ours. */
export function deadMailOf(
  seq: number,
  { namespace, to }: Pick<MailAddress, 'namespace' | 'to'>,
  headers: WireHeaders,
  bytes: number,
): DeadMail | undefined {
  const type = headers.get('ce-type');
  const optional = (name: string, value: string): Record<string, string> =>
    value === '' ? {} : { [name]: value };
  const sentAt = headers.get('ce-time');
  const payload = PayloadRef.safeParse(payloadIn(headers.get(PAYLOAD_HEADER)));
  const parsed = DeadMail.safeParse({
    ...{ seq, namespace, to, bytes },
    id: headers.get('ce-id'),
    from: headers.get('ms-from'),
    kind: type.startsWith(TYPE_PREFIX) ? type.slice(TYPE_PREFIX.length) : type,
    priority: headers.get('ms-priority'),
    qos: headers.get('ms-qos'),
    ...optional('conversation', headers.get('ce-conversation')),
    ...optional('sentAt', Number.isNaN(Date.parse(sentAt)) ? '' : sentAt),
    diedAt: headers.get('ms-died-at'),
    cause: headers.get('ms-cause'),
    message: decoded(headers.get('ms-error')),
    storedSeq: Number(headers.get('ms-seq') || seq),
    attempts: Number(headers.get('ms-attempts')),
    redrives: Number(headers.get('ms-redrives') || '0'),
    ...redrivenOf(headers.get('ms-redriven')),
    ...(payload.success ? { dataRef: payload.data } : {}),
  });
  return parsed.success ? parsed.data : undefined;
}

export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
