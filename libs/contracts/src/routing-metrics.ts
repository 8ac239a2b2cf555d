import { z } from 'zod';

const count = z.number().int().nonnegative();
const share = z.number().min(0).max(1).nullable();

/** How requests ended that are known to have: null where none is. */
const ended = {
  ended: count.describe('those that are known to have ended, cancelled ones aside'),
  successRate: share,
  averageResponseTimeMs: z.number().nonnegative().nullable(),
};

/** `GET /v1/routing/metrics`: the last minute of routing at a glance, as one replica saw it. */
export const RoutingMetrics = z.object({
  replica: z.string(),
  windowMs: z
    .number()
    .nonnegative()
    .describe('how far it looks back: a minute, or less where fewer decisions and ends are kept'),
  requests: count.describe('placements and routes that were asked of this replica'),
  requestsPerSecond: z.number().nonnegative(),
  placed: count,
  waiting: count.describe('those that went nowhere'),
  ...ended,
  slowShare: share.describe('of those with a response time, how many took longer than the threshold'),
  responseTimeThresholdMs: z.number().positive(),
  endpoints: z.object({
    known: count,
    active: count.describe('that take work'),
    slots: count.describe('of those'),
    busySlots: count.describe('of those'),
  }),
  policies: z
    .array(z.object({ policy: z.string(), requests: count, placed: count, ...ended }))
    .describe(
      'by the policy that was asked for, the one with most requests first; ends of what this replica placed',
    ),
});
export type RoutingMetrics = z.infer<typeof RoutingMetrics>;
