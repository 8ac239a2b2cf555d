import { z } from 'zod';
import { Json } from './json';
import { LIMITS } from './limits';
import {
  Instant,
  isWellFormed,
  Name,
  Namespace,
  NO_LONE_SURROGATE,
  SwarmId,
  TimeLimit,
  Token,
} from './names';
import { PayloadRef } from './payload';
import { Priority } from './task';

export const MESSAGE_KINDS = [
  'task-request',
  'task-response',
  'resource-offer',
  'resource-request',
  'capability-advertisement',
  'status-update',
  'state-sync',
  'event',
] as const;

export const MessageId = z.string().regex(/^m-[0-9a-z]{8,40}$/, 'a message id looks like m-0198c2...');
export const GetMessageQuery = z.strictObject({ id: MessageId });

/** A conversation, as whoever sends names it. */
export const Conversation = z
  .string()
  .min(1)
  .max(LIMITS.CONVERSATION_CHARS)
  .regex(/^[\x21-\x7e]+$/, 'visible ASCII characters without spaces');

export const QOS = ['at-most-once', 'at-least-once', 'exactly-once'] as const;
export type Qos = (typeof QOS)[number];

/** A message as it is handed in. `to` is a swarm's id, or `*` for every other swarm of the namespace. */
export const MessageSubmission = z.strictObject({
  from: SwarmId,
  to: z.union([z.literal('*'), SwarmId]),
  kind: Name.describe(`one of ${MESSAGE_KINDS.join(', ')}, or a kind of your own`),
  data: Json.default({}),
  namespace: Namespace.default('default'),
  priority: Priority.default('normal'),
  qos: z.enum(QOS).default('at-most-once'),
  correlationId: z.string().max(128).refine(isWellFormed, NO_LONE_SURROGATE).optional(),
  ttlMs: TimeLimit.optional().describe('not delivered later than this after it was accepted'),
  conversation: Conversation.optional().describe(
    'messages of one conversation are handled in order; by default those of one sender to one recipient',
  ),
  delayMs: z
    .number()
    .int()
    .min(0)
    .max(LIMITS.MAIL_DELAY_MS)
    .optional()
    .describe('not delivered earlier than this'),
  replyTo: SwarmId.optional().describe('who wants the answer'),
  id: MessageId.optional().describe(
    'the same id again, from the same sender to the same recipient, is the same message',
  ),
  dataRef: PayloadRef.optional().describe('in place of data: a payload that holds it'),
});
export type MessageSubmission = z.infer<typeof MessageSubmission>;

/** That a message was given up, and sent again by hand. */
export const Redriven = z.object({
  times: z.number().int().positive(),
  of: z.string().describe('the id that it had before'),
  first: z.string().optional().describe('the id under which it was sent at first'),
  unsure: z
    .object({ domain: Token, seq: z.number().int().positive() })
    .optional()
    .describe(
      'from where on it may have had its effect before it was given up: a place in the stream of a domain',
    ),
  at: Instant,
  by: z.string(),
  reason: z.string().optional(),
});
export type Redriven = z.infer<typeof Redriven>;

/** A message as it is delivered. On the wire of NATS these attributes travel as CloudEvents `ce-*` headers. */
export const Message = z.object({
  id: z.string(),
  from: SwarmId,
  to: z.string(),
  kind: Name,
  data: Json,
  namespace: Namespace,
  priority: Priority,
  qos: z.enum(QOS),
  correlationId: z.string().optional(),
  sentAt: Instant,
  expiresAt: Instant.optional(),
  conversation: z.string().optional(),
  deliverAt: Instant.optional(),
  replyTo: SwarmId.optional(),
  dataRef: PayloadRef.optional().describe('where its data is, which is too large to travel with it'),
  attempt: z.number().int().positive().optional().describe('which try this is'),
  redriven: Redriven.optional(),
  traceparent: z.string().optional(),
});
export type Message = z.infer<typeof Message>;

/** States of the circuit breaker of a recipient. */
export const BREAKER_STATES = ['closed', 'open', 'half-open'] as const;

/** A recipient of a broadcast whose mailbox has not taken it, and why. */
export const RefusedRecipient = z.object({
  to: SwarmId,
  code: z.string(),
  detail: z.string(),
  retryable: z.boolean(),
  depth: z.number().int().nonnegative().optional().describe('of `mailbox-full`: what the mailbox holds'),
  limit: z.number().int().positive().optional(),
});
export type RefusedRecipient = z.infer<typeof RefusedRecipient>;

/**
 * `published`: handed to every connected recipient's subscription; at-most-once promises no more. `stored`: it is in the mailbox, and is
 * handled or becomes a dead letter. `partly-stored`: so of a broadcast for `recipients`, and not for `refused`. `no-recipient`: nobody else is there to hear a broadcast.
 */
export const MessageStatus = z.object({
  id: z.string(),
  from: SwarmId,
  to: z.string(),
  kind: Name,
  qos: z.enum(QOS),
  status: z.enum(['published', 'stored', 'partly-stored', 'no-recipient']),
  recipients: z.array(SwarmId).describe('the first 100 of them, in order of their ids'),
  recipientCount: z.number().int().nonnegative(),
  refused: z
    .array(RefusedRecipient)
    .optional()
    .describe(
      'of `partly-stored`: who has not got it, the first 100 of them; sent again under the same id within two minutes, those who have it get it once',
    ),
  refusedCount: z.number().int().nonnegative().optional(),
  breaker: z
    .enum(['open', 'half-open'])
    .optional()
    .describe(
      'the handlers of the recipient keep failing: it is stored, and is handed over when they are tried again',
    ),
  acceptedAt: Instant,
});
export type MessageStatus = z.infer<typeof MessageStatus>;

/** Whether a swarm is there: asked before it is written to at most once. */
export const LocateQuery = z.strictObject({ to: SwarmId, from: SwarmId });
export const MessageLocation = z.object({ to: SwarmId, region: z.string() });
export type MessageLocation = z.infer<typeof MessageLocation>;
