import { hash } from 'node:crypto';
import type {
  DeadMail,
  DeadMessageFilter,
  JsonValue,
  MailCause,
  Message,
  Redriven,
} from '@multiswarm/contracts';

const ID_CHARS = 32;

/** A dead letter with all that it says. */
export interface DeadMailBody {
  mail: DeadMail;
  /** In which it was given up. */
  domain: string;
  /** As it was sent. */
  body: string;
  correlationId?: string;
  replyTo?: string;
  traceparent?: string;
}

export function fits(mail: DeadMail, filter: DeadMessageFilter): boolean {
  const { namespace, to, from, kind, cause, diedAfter, diedBefore } = filter;
  if (namespace !== undefined && mail.namespace !== namespace) return false;
  if (to !== undefined && mail.to !== to) return false;
  if (from !== undefined && mail.from !== from) return false;
  if (kind !== undefined && mail.kind !== kind) return false;
  if (cause !== undefined && mail.cause !== cause) return false;
  const diedAtMs = Date.parse(mail.diedAt);
  if (diedAfter !== undefined && diedAtMs < Date.parse(diedAfter)) return false;
  return diedBefore === undefined || diedAtMs < Date.parse(diedBefore);
}

/** The value of a body that is JSON; an empty one is `{}`, as where it was sent. */
export function valueOf(body: string): { data: JsonValue } | undefined {
  if (body === '') return { data: {} };
  try {
    return { data: JSON.parse(body) as JsonValue }; // what JSON.parse gives is JSON
  } catch {
    return undefined;
  }
}

/** Why it cannot be sent again; undefined where it can. */
export function whyNotRedrivable({ mail, body }: DeadMailBody): string | undefined {
  if (mail.id === '' || mail.kind === '') return 'it does not say what it is (no id, or no kind)';
  return valueOf(body) === undefined ? 'its body is not JSON' : undefined;
}

/**
 * Nobody has looked at the state of its conversation at the last try: it may be in it, from an earlier one. With any other cause it was found not to
 * be there, and its handler failed.
 */
const UNSURE: ReadonlySet<MailCause> = new Set<MailCause>([
  ...(['recipient-lost', 'not-acknowledged', 'expired'] as const),
  ...(['no-handler', 'malformed'] as const), // by an earlier version of its recipient, perhaps
]);

/** Who sends it again, when and why. */
export type Redriving = Pick<Redriven, 'at' | 'by' | 'reason'>;

/**
 * The message to be sent again. Its id follows from the one before: the same dead letter again, also from a list that was read before
 * it left, is the same message. It has no time limit any more: that of the one before is over, or nearly.
 */
export function redrivenMessage(
  { mail, body, domain, ...also }: DeadMailBody,
  redriving: Redriving,
): Message {
  const { id, namespace, from, to, kind, priority, qos, conversation, sentAt, redrives, dataRef } = mail;
  const { correlationId, replyTo, traceparent } = also;
  const { redriven: before } = mail;
  const times = redrives + 1;
  const unsure = before?.unsure ?? (UNSURE.has(mail.cause) ? { domain, seq: mail.storedSeq } : undefined);
  return {
    ...{ namespace, from, to, kind, priority, qos },
    id: `m-${hash('sha256', `redriven ${id} ${times}`).slice(0, ID_CHARS)}`,
    data: valueOf(body)?.data ?? {},
    sentAt: sentAt ?? redriving.at,
    ...(conversation === undefined ? {} : { conversation }),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(dataRef === undefined ? {} : { dataRef }),
    redriven: {
      ...{ ...redriving, times, of: id, first: before?.first ?? before?.of ?? id },
      ...(unsure === undefined ? {} : { unsure }),
    },
  };
}
