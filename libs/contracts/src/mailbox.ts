import { z } from 'zod';
import { LIMITS } from './limits';
import { BREAKER_STATES, Message, QOS, Redriven } from './message';
import { Instant, Millis, Namespace, SwarmId, Token } from './names';
import { PayloadRef } from './payload';
import { Priority } from './task';

/** Why a message was not handled by its recipient. */
export const MAIL_CAUSES = [
  'handler-failed',
  'no-handler',
  'not-acknowledged',
  'recipient-lost',
  'expired',
  'poison',
  'malformed',
] as const;
export const MailCause = z.enum(MAIL_CAUSES);
export type MailCause = z.infer<typeof MailCause>;

const Seq = z.number().int().positive();
/** A process that takes messages out of a mailbox. */
export const SessionId = Token;

/** A sender asks for room in a mailbox: → the owner of its shard. */
export const MailRoomRequest = z.strictObject({
  namespace: Namespace,
  to: SwarmId,
  from: SwarmId,
  want: z.number().int().min(1).max(LIMITS.MAIL_ROOM),
});
export type MailRoomRequest = z.infer<typeof MailRoomRequest>;
/** So many messages may be stored, for so long. 0 where the mailbox is full. */
export const MailRoomAnswer = z.object({
  granted: z.number().int().nonnegative(),
  forMs: Millis,
  depth: z.number().int().nonnegative(),
  limit: z.number().int().positive(),
  breaker: z.enum(BREAKER_STATES).default('closed'),
});
export type MailRoomAnswer = z.infer<typeof MailRoomAnswer>;

/** A session is there, or still there: → the owner of the mailbox's shard. */
export const MailAttend = z.strictObject({
  namespace: Namespace,
  mailbox: SwarmId,
  session: SessionId,
  window: z.number().int().min(1).max(LIMITS.MAIL_WINDOW),
  /** What it has already. */
  holding: z.array(Seq).max(LIMITS.MAIL_WINDOW),
  /** Its names over earlier connections, or under earlier owners: what was sent there and is not held has not come. */
  replaces: z.array(SessionId).max(LIMITS.MAIL_WINDOW).default([]),
});
export type MailAttend = z.infer<typeof MailAttend>;
export const MailAttended = z.object({
  /** Says nothing for longer: it is taken to be gone. */
  sessionMs: Millis,
  /** A message that is not acknowledged, nor extended, for so long is handed over again. */
  ackWaitMs: Millis,
});
export type MailAttended = z.infer<typeof MailAttended>;

export const MailNak = z.strictObject({
  seq: Seq,
  cause: MailCause,
  message: z.string().max(LIMITS.ERROR_MESSAGE_CHARS),
  delayMs: Millis.max(LIMITS.MAIL_DELAY_MS).optional(),
  poison: z.boolean().optional(),
  /** Its recipient did what was asked of it, and only could not say so: it does not count for its breaker. */
  blameless: z.boolean().optional(),
});
export type MailNak = z.infer<typeof MailNak>;

const Seqs = z.array(Seq).max(LIMITS.MAIL_SETTLED);
/** What became of messages that a session has: → the owner of the mailbox's shard. */
export const MailSettle = z.strictObject({
  namespace: Namespace,
  mailbox: SwarmId,
  session: SessionId,
  acks: Seqs,
  naks: z.array(MailNak).max(LIMITS.MAIL_FAULTS),
  /** Given back without having been tried. */
  released: Seqs,
  /** Still at work. */
  extended: Seqs,
  /** The session ends. */
  leaves: z.boolean().optional(),
});
export type MailSettle = z.infer<typeof MailSettle>;
/** Sequences of which nothing is known any more, for example since they were handed to others in the meantime. */
export const MailSettled = z.object({ unknown: z.array(Seq) });
export type MailSettled = z.infer<typeof MailSettled>;

/** The owner of a mailbox's shard has taken office. */
export const MailOwner = z.object({ domain: Token, shard: z.number().int().nonnegative() });
export type MailOwner = z.infer<typeof MailOwner>;

/** Where a sender or reader stands: which JetStream domain answers it. */
export const MailSite = z.object({ domain: Token, shards: z.number().int().positive() });
export type MailSite = z.infer<typeof MailSite>;

export const MailboxQuery = z.strictObject({ namespace: Namespace.default('default'), mailbox: SwarmId });
export const MailboxInfo = z.object({
  namespace: Namespace,
  mailbox: SwarmId,
  shard: z.number().int().nonnegative(),
  depth: z.number().int().nonnegative().describe('messages that are not acknowledged'),
  inHand: z.number().int().nonnegative().describe('of these, handed over'),
  bytes: z.number().int().nonnegative(),
  limit: z.number().int().positive(),
  sessions: z.number().int().nonnegative(),
  breaker: z.enum(BREAKER_STATES),
  oldestAt: Instant.optional(),
  home: Token.optional().describe(
    'the JetStream domain where it is read, where that is another one: its mail is forwarded',
  ),
});
export type MailboxInfo = z.infer<typeof MailboxInfo>;
export const MailboxList = z.object({ mailboxes: z.array(MailboxInfo) });

/** A message that was given up, with why and what came before. */
export const DeadMail = z.object({
  /** Its place among the dead letters; also its name. */
  seq: Seq,
  storedSeq: Seq.describe('its place among all messages when it was sent'),
  id: z.string(),
  namespace: Namespace,
  from: SwarmId,
  to: SwarmId,
  kind: z.string().describe('empty where the message does not say it'),
  priority: Priority,
  qos: z.enum(QOS),
  conversation: z.string().optional(),
  sentAt: Instant.optional(),
  diedAt: Instant,
  cause: MailCause,
  message: z.string(),
  attempts: z.number().int().nonnegative(),
  /** How often it was sent again by hand before. */
  redrives: z.number().int().nonnegative(),
  redriven: Redriven.optional().describe('the last time'),
  dataRef: PayloadRef.optional().describe('where its data is, which is too large to travel with it'),
  bytes: z.number().int().nonnegative(),
});
export type DeadMail = z.infer<typeof DeadMail>;

/** A reader that comes for its messages, instead of having them brought: → the owner of the mailbox's shard. */
export const MailTake = z.strictObject({
  namespace: Namespace,
  mailbox: SwarmId,
  session: SessionId,
  most: z.number().int().min(1).max(LIMITS.MAIL_TAKEN),
  /** How long to wait for the first one. */
  waitMs: Millis.max(LIMITS.MAIL_WAIT_MS),
  /** Messages that it may have at the same time, those that it has already among them; without it, `most` more. */
  window: z.number().int().min(0).max(LIMITS.MAIL_WINDOW).optional(),
  /** All that it has. What was handed to it besides has not come, and is given back untried. */
  holding: z
    .array(Seq)
    .max(LIMITS.MAIL_WINDOW + LIMITS.MAIL_TAKEN)
    .optional(),
});
export type MailTake = z.infer<typeof MailTake>;
export const MailTaken = z.object({
  messages: z.array(z.object({ seq: Seq, message: Message })),
  /** To be acknowledged, or extended, within this. */
  ackWaitMs: Millis,
  depth: z.number().int().nonnegative(),
  /** Of `holding`, what it has no more: settled, or its time was over. */
  gone: z.array(Seq).optional(),
});
export type MailTaken = z.infer<typeof MailTaken>;

export const NamespaceQuery = z.strictObject({ namespace: Namespace.default('default') });
