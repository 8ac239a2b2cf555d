import { z } from 'zod';
import { MultiswarmError } from './errors';
import { Json } from './json';
import { LIMITS } from './limits';
import { Instant, Namespace, SwarmId } from './names';

/** A topic: words with dots between them, so that a pattern can stand for many. */
export const Topic = z
  .string()
  .max(LIMITS.TOPIC_CHARS)
  .regex(
    /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){0,15}$/,
    'at most 16 words of letters, digits, _ and -, with dots between them, such as orders.eu.created',
  );
/** Topics by pattern: `*` stands for one word, `>` at the end for one or more. */
export const TopicPattern = z
  .string()
  .max(LIMITS.TOPIC_CHARS)
  .regex(
    /^(>|([A-Za-z0-9_-]+|\*)(\.([A-Za-z0-9_-]+|\*)){0,15}(\.>)?)$/,
    'a topic, or a pattern of topics such as orders.*.created or orders.>',
  );

export const TopicEventId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'at most 64 letters, digits, _ and -');

/** `at-most-once`: whoever listens hears it. `at-least-once`: it is stored, and can be replayed. */
export const TOPIC_QOS = ['at-most-once', 'at-least-once'] as const;
export type TopicQos = (typeof TOPIC_QOS)[number];

/** What somebody publishes on a topic. */
export const PublishEvent = z.strictObject({
  namespace: Namespace.default('default'),
  topic: Topic,
  from: SwarmId.describe('who publishes'),
  data: Json.default({}),
  qos: z.enum(TOPIC_QOS).default('at-least-once'),
  id: TopicEventId.optional().describe(
    'the same id again on the same topic, within two minutes, is the same event; made where there is none',
  ),
});
export type PublishEvent = z.infer<typeof PublishEvent>;

/** What its publisher is told. `seq` grows within a JetStream domain, over all topics. */
export const PublishedEvent = z.object({
  id: z.string(),
  topic: z.string(),
  qos: z.enum(TOPIC_QOS),
  seq: z.number().int().positive().optional().describe('where it is stored; missing at most once'),
  duplicate: z.boolean().describe('an event with this id was stored before, and this one was not'),
});
export type PublishedEvent = z.infer<typeof PublishedEvent>;

/** An event as whoever subscribes gets it. On the wire of NATS these attributes travel as CloudEvents `ce-*` headers. */
export const TopicEvent = z.object({
  id: z.string(),
  namespace: Namespace,
  topic: Topic,
  from: SwarmId,
  data: Json,
  qos: z.enum(TOPIC_QOS),
  at: Instant.describe('when it was published, by the clock of its publisher'),
  seq: z.number().int().positive().optional().describe('where it is stored, when it is read from there'),
  traceparent: z.string().optional(),
});
export type TopicEvent = z.infer<typeof TopicEvent>;

/** Where a reader begins: behind what there is, at a sequence, or at an instant. */
export const TopicStart = z
  .union([z.literal('new'), z.coerce.number().int().nonnegative(), Instant])
  .describe('`new`, a sequence, or an instant; the first that is kept where that is gone');
export type TopicStart = z.infer<typeof TopicStart>;

/** The event of a submission, as it is published now. @throws MultiswarmError `body-too-large` */
export function toTopicEvent(
  { id: own, ...asked }: PublishEvent,
  { id, atMs, traceparent }: { id: string; atMs: number; traceparent?: string | undefined },
): TopicEvent {
  const bytes = Buffer.byteLength(JSON.stringify(asked.data));
  if (bytes > LIMITS.MESSAGE_BYTES)
    throw new MultiswarmError(
      'body-too-large',
      `the data of the event has ${bytes} bytes, the limit is ${LIMITS.MESSAGE_BYTES} (MESSAGE_BYTES)`,
    );
  const at = new Date(atMs).toISOString();
  return { ...asked, id: own ?? id, at, ...(traceparent === undefined ? {} : { traceparent }) };
}
