import { ensureQueue, ensureStream, type Bus } from '@multiswarm/bus';
import { LIMITS, streams, subjects } from '@multiswarm/contracts';

export interface MailStreamLimits {
  /** NATS servers that keep each stream. */
  replicas: number;
  /** Room for all mailboxes of the domain. */
  mailboxBytes: number;
  deadMailBytes: number;
  deadMailAgeMs: number;
  /** State of conversations. */
  conversationBytes: number;
}

/** A sender that repeats a message within this is not heard twice. */
export const MAIL_DEDUP_MS = 2 * 60_000;
/** What is known of failed tries outlives every pause between them. */
const NOTES_AGE_MS = 7 * 24 * 3_600_000;
const NOTES_BYTES = 16 * 1024 * 1024;
/** A mailbox that nobody has read for thirty days is unknown; that it is read is written once a day. */
const NAMES_AGE_MS = 31 * 24 * 3_600_000;
/** How long a status is kept; the oldest go first at the limit in bytes. */
export const STATUS_KEEP_MS = 10 * 60_000;
const STATUS_BYTES = 32 * 1024 * 1024;

/** Makes the streams of a domain, or brings them to these limits. */
export async function ensureMailStreams(
  { connection }: Bus,
  domain: string,
  limits: MailStreamLimits,
): Promise<void> {
  const { replicas } = limits;
  const dedupWindowMs = MAIL_DEDUP_MS;
  await ensureQueue(connection, {
    name: streams.mailbox,
    subjects: [subjects.storedMail(domain)],
    maxBytes: limits.mailboxBytes,
    maxMessageBytes: LIMITS.MAIL_BYTES,
    ...{ replicas, dedupWindowMs },
  });
  await ensureStream(connection, {
    name: streams.deadMail,
    subjects: [subjects.allDeadMail(domain)],
    maxAgeMs: limits.deadMailAgeMs,
    maxBytes: limits.deadMailBytes,
    refusesWhenFull: true,
    ...{ replicas, dedupWindowMs },
  });
  await ensureStream(connection, {
    name: streams.mailNotes,
    subjects: [subjects.allMailNotes(domain)],
    maxAgeMs: NOTES_AGE_MS,
    maxBytes: NOTES_BYTES,
    maxMessagesPerSubject: 1,
    ...{ replicas, dedupWindowMs },
  });
  await ensureStream(connection, {
    name: streams.mailboxNames,
    subjects: [subjects.allMailboxNames(domain)],
    maxAgeMs: NAMES_AGE_MS,
    maxBytes: NOTES_BYTES,
    maxMessagesPerSubject: 1,
    ...{ replicas, dedupWindowMs },
  });
  await ensureStream(connection, {
    name: streams.mailPayloads,
    subjects: [subjects.allMailPayloads(domain)],
    maxAgeMs: LIMITS.MAIL_PAYLOAD_MS,
    maxBytes: NOTES_BYTES,
    maxMessagesPerSubject: 1,
    refusesWhenFull: true,
    ...{ replicas, dedupWindowMs },
  });
  await ensureStream(connection, {
    name: streams.messageStatuses,
    subjects: [subjects.allMessageStatuses(domain)],
    maxAgeMs: STATUS_KEEP_MS,
    maxBytes: STATUS_BYTES,
    maxMessagesPerSubject: 1,
    ...{ replicas, dedupWindowMs },
  });
  await ensureStream(connection, {
    name: streams.conversations,
    subjects: [subjects.allConversations(domain)],
    maxAgeMs: 0,
    maxBytes: limits.conversationBytes,
    maxMessagesPerSubject: 1,
    refusesWhenFull: true,
    ...{ replicas, dedupWindowMs },
  });
}
