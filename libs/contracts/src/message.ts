import { z } from 'zod';
import { Json } from './json';
import { Instant, Name, Namespace, SwarmId, TimeLimit } from './names';
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

export const QOS = ['at-most-once', 'at-least-once', 'exactly-once'] as const;

/** A message as it is handed in. `to` is a swarm's id, or `*` for every other swarm of the namespace. */
export const MessageSubmission = z.strictObject({
  from: SwarmId,
  to: z.union([z.literal('*'), SwarmId]),
  kind: Name.describe(`one of ${MESSAGE_KINDS.join(', ')}, or a kind of your own`),
  data: Json.default({}),
  namespace: Namespace.default('default'),
  priority: Priority.default('normal'),
  qos: z.enum(QOS).default('at-most-once'),
  correlationId: z.string().max(128).optional(),
  ttlMs: TimeLimit.optional().describe('not delivered later than this after it was accepted'),
});
export type MessageSubmission = z.infer<typeof MessageSubmission>;

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
  traceparent: z.string().optional(),
});
export type Message = z.infer<typeof Message>;

/** `published`: handed to every connected recipient's subscription; at-most-once promises no more. */
export const MessageStatus = z.object({
  id: z.string(),
  from: SwarmId,
  to: z.string(),
  kind: Name,
  qos: z.enum(QOS),
  status: z.enum(['published', 'no-recipient']),
  recipients: z.array(SwarmId).describe('the first 100 of them, in order of their ids'),
  recipientCount: z.number().int().nonnegative(),
  acceptedAt: Instant,
});
export type MessageStatus = z.infer<typeof MessageStatus>;
