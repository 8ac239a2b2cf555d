import { z } from 'zod';
import { LIMITS } from './limits';
import { BREAKER_STATES } from './message';
import { Instant, Namespace, SwarmId } from './names';

const count = z.number().int().nonnegative();

/** What became of stored messages, since the statistics began. */
const counts = {
  delivered: count.describe('acknowledged by their recipients'),
  bytes: count.describe('of these'),
  forwarded: count.describe('stored by another JetStream domain, where they go on being counted'),
  failedTries: count.describe('refused by a handler, not acknowledged in time, or lost with their reader'),
  dead: count.describe('given up, for whatever cause'),
  expired: count.describe('of these, since their time was over'),
  breakerOpenings: count.describe('how often the breaker of the recipient opened by one of them'),
};

/** Over the last minute. */
const rates = {
  messagesPerSecond: z.number(),
  bandwidthBytesPerSecond: z.number(),
  latencyMs: z
    .object({ p50: z.number(), p90: z.number(), p99: z.number() })
    .optional()
    .describe('from being stored to being acknowledged, within 3 %; over the last one to two minutes'),
};

export const LinkCounts = z.object({ ...counts, ...rates });
export type LinkCounts = z.infer<typeof LinkCounts>;

export const CommunicationLink = LinkCounts.extend({
  namespace: Namespace,
  from: SwarmId,
  to: SwarmId,
  breaker: z.enum(BREAKER_STATES),
});
export type CommunicationLink = z.infer<typeof CommunicationLink>;

const Sketch = z.object({ low: z.number().int(), weights: z.array(z.number()) });

/** Of one mailbox shard, as its owner counts it. */
export const ShardLinks = z.object({
  since: Instant,
  links: z.array(CommunicationLink),
  other: LinkCounts.describe('links that are not kept apart'),
  latencies: Sketch.describe('of all of it'),
});
export type ShardLinks = z.infer<typeof ShardLinks>;

export const CommunicationQuery = z.strictObject({
  namespace: Namespace.optional(),
  from: SwarmId.optional(),
  to: SwarmId.optional(),
  limit: z.coerce.number().int().min(1).max(LIMITS.PAGE_ITEMS).default(50).describe('links that are listed'),
});
export type CommunicationQuery = z.infer<typeof CommunicationQuery>;

/** How swarms communicate by stored messages, in one JetStream domain. */
export const CommunicationMetrics = LinkCounts.extend({
  since: Instant.describe(
    'when the youngest part of the statistics began: parts begin anew with a new owner',
  ),
  unanswered: z.array(count).describe('mailbox shards whose owner did not answer: they are not in here'),
  linkCount: count.describe('links that match'),
  links: z.array(CommunicationLink).describe('those that match, the busiest first'),
  other: LinkCounts,
});
export type CommunicationMetrics = z.infer<typeof CommunicationMetrics>;
