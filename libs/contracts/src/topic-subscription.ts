import { z } from 'zod';
import { LIMITS } from './limits';
import { Instant, Namespace, SwarmId } from './names';
import { TopicPattern, TopicStart } from './topic';

export const TopicSubscriptionId = z
  .string()
  .regex(/^s-[0-9a-f]{24}$/, 'a subscription id looks like s-0198c2...');

/** A copy of each event of a pattern for a mailbox: that of a swarm, or one that a group of swarms reads. */
export const SubscribeMailbox = z.strictObject({
  namespace: Namespace.default('default'),
  pattern: TopicPattern,
  mailbox: SwarmId.describe(
    'a swarm, or the name of a mailbox that several read: each event goes to one of them',
  ),
  from: TopicStart.default('new').describe(
    'where it begins: `new`, a sequence, or an instant; a subscription that is there goes on where it is',
  ),
});
export type SubscribeMailbox = z.infer<typeof SubscribeMailbox>;

/** Its id follows from namespace, pattern and mailbox: the same again is the same subscription. */
export const TopicSubscription = z.object({
  id: TopicSubscriptionId,
  namespace: Namespace,
  pattern: TopicPattern,
  mailbox: SwarmId,
  createdAt: Instant,
  behind: z
    .boolean()
    .describe('events that were published before are copied first, or its mailbox has no room'),
  next: z
    .number()
    .int()
    .positive()
    .describe(
      'while it is behind: what lies before this sequence is in its mailbox; else where it caught up',
    ),
});
export type TopicSubscription = z.infer<typeof TopicSubscription>;

export const EndTopicSubscription = z.strictObject({
  namespace: Namespace.default('default'),
  id: TopicSubscriptionId,
});
export const TopicSubscriptionPage = z.object({ items: z.array(TopicSubscription) });
export type TopicSubscriptionPage = z.infer<typeof TopicSubscriptionPage>;

/** The kind of the message that a mailbox gets for an event. */
export const TOPIC_EVENT_KIND = 'topic-event';
/** The data of that message. Its sender is who has published the event. */
export const CopiedEvent = z.object({
  topic: z.string().max(LIMITS.TOPIC_CHARS),
  id: z.string(),
  seq: z.number().int().positive(),
  at: Instant,
  data: z.unknown(),
});
export type CopiedEvent = z.infer<typeof CopiedEvent>;

/** Whether a topic belongs to a pattern, by the rule of NATS: `*` stands for one word, `>` at the end for one or more. */
export function topicMatches(pattern: string, topic: string): boolean {
  const [wanted, given] = [pattern.split('.'), topic.split('.')];
  const isOpen = wanted.at(-1) === '>';
  const fixed = isOpen ? wanted.length - 1 : wanted.length;
  if (isOpen ? given.length <= fixed : given.length !== fixed) return false;
  return wanted.slice(0, fixed).every((word, at) => word === '*' || word === given[at]);
}
