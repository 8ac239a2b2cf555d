import { LIMITS } from '@multiswarm/contracts';
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
  'traceparent',
] as const;

/** Headers of a dead letter: those of the message, and what became of it. */
export function deadHeaders({
  body,
  cause,
  message,
  attempts,
  diedAtMs,
  address,
}: Burial): Record<string, string> {
  const { qos, priority, from } = address;
  const headers: Record<string, string> = {
    'ms-cause': cause,
    'ms-error': encodeURIComponent(message.slice(0, LIMITS.ERROR_MESSAGE_CHARS)),
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
