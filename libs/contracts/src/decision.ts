import { z } from 'zod';
import { LIMITS } from './limits';
import { Instant, Name, Namespace, Region, SwarmId } from './names';
import { Receipt, Waiting } from './placement';

/** One decision of a load-balancer: where an attempt, or a request that was routed, went; or that it went nowhere. */
export const Decision = z.object({
  id: z.string(),
  at: Instant,
  key: z.string().describe('id of the task, or the one that a routed request was given'),
  attempt: z.number().int().positive(),
  namespace: Namespace,
  type: z.string(),
  policy: z.string().describe('the one that was asked for'),
  outcome: z.enum(['placed', ...Waiting.shape.reason.options]),
  swarmId: SwarmId.optional(),
  region: Region.optional(),
  costPerSlotHour: z.number().optional().describe('USD'),
  because: z.string().describe('why there, or why nowhere'),
});
export type Decision = z.infer<typeof Decision>;

export const DecisionDetail = Decision.extend({
  reservationId: z.string().optional(),
  receipt: Receipt.optional(),
  waiting: Waiting.optional(),
});
export type DecisionDetail = z.infer<typeof DecisionDetail>;

export const ListDecisionsQuery = z.strictObject({
  task: z.string().max(LIMITS.NAME_CHARS).optional().describe('id of the task, or of the routed request'),
  swarm: SwarmId.optional().describe('where it went'),
  policy: z.string().max(LIMITS.NAME_CHARS).optional(),
  namespace: Namespace.optional(),
  type: Name.optional(),
  waiting: z
    .union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
    .optional()
    .describe('only what went nowhere, or only what went somewhere'),
  since: Instant.optional(),
  until: Instant.optional().describe('before this instant'),
  limit: z.coerce.number().int().min(1).max(LIMITS.PAGE_ITEMS).default(50),
  cursor: z
    .string()
    .regex(/^\d{1,15}$/, 'the `next` of an earlier page')
    .optional(),
});
export type ListDecisionsQuery = z.infer<typeof ListDecisionsQuery>;

/** Newest first. */
export const DecisionPage = z.object({
  items: z.array(Decision),
  next: z.string().nullable(),
  replica: z.string().describe('whose decisions these are: each replica keeps its own'),
  kept: z.number().int().describe('how many it has'),
  oldest: Instant.nullable().describe('of the oldest one that it has'),
});
export type DecisionPage = z.infer<typeof DecisionPage>;
