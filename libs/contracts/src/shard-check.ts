import { z } from 'zod';
import { LIMITS } from './limits';
import { Instant } from './names';

const count = z.number().int().nonnegative();
/** More shards than a deployment may have are refused when it starts; here the number only has to be one. */
export const ShardNumber = z.coerce.number().int().min(0).max(9_999);

/** What a deep check looks for. */
export const DISCREPANCIES = [
  'count',
  'unlisted',
  'record-missing',
  'record-unreadable',
  'waiting-index',
  'active-index',
  'dead-letter-index',
  'expiry-index',
  'payload-index',
  'run-index',
  'run-missing',
  'run-unreadable',
  'step-missing',
  'memory',
  'due-time',
  'known-id',
  'search-index',
  'attempt-lease',
  'scheduler-queue',
  'scheduler-held',
  'scheduler-limit',
  'slot',
  'outbox',
  'event-stream',
] as const;
export const Discrepancy = z.enum(DISCREPANCIES);
export type Discrepancy = z.infer<typeof Discrepancy>;

/** One place where what is kept beside the records does not agree with them. */
export const ShardFinding = z.object({
  kind: Discrepancy,
  where: z.string().describe('the key in Redis, or the part of memory'),
  of: z.string().describe('the task, run, state, limit or swarm that it is about'),
  expected: z.string(),
  found: z.string(),
  remedy: z.string().describe('what a repair does, or what a person can do where none is made'),
  repaired: z.boolean().describe('mended by this run'),
});
export type ShardFinding = z.infer<typeof ShardFinding>;

const asked = {
  requestedBy: z.string().min(1).max(LIMITS.NAME_CHARS).optional().describe('who asks; kept in the log'),
  reason: z.string().min(1).max(LIMITS.METADATA_VALUE_CHARS).optional().describe('why; kept in the log'),
};

export const CheckShardBody = z.strictObject({
  run: z
    .string()
    .min(1)
    .max(LIMITS.NAME_CHARS)
    .optional()
    .describe('of an earlier answer: go on waiting for that run; without it a new one begins'),
  repair: z.boolean().default(false).describe('mend what can be mended, not only tell'),
  waitMs: z
    .number()
    .int()
    .min(0)
    .max(LIMITS.CHECK_WAIT_MS)
    .default(1_000)
    .describe('how long to wait for the end; what is known by then is told'),
  ...asked,
});
export const CheckShard = CheckShardBody.extend({ shard: ShardNumber });
export type CheckShard = z.infer<typeof CheckShard>;

/** How far a check has come, and what it has found. */
export const ShardCheckReport = z.object({
  shard: count,
  run: z.string(),
  state: z.enum(['running', 'done', 'ended-early']),
  why: z.string().optional().describe('why it ended early'),
  step: z.string().describe('what it is looking at'),
  looked: count.describe('records looked at'),
  total: count.describe('records that there were when it began'),
  epoch: count,
  batchSeq: count.describe('the commit after which the counts were taken'),
  repair: z.boolean(),
  found: count,
  repaired: count,
  findings: z.array(ShardFinding).describe(`the first ${LIMITS.CHECK_FINDINGS}`),
  skipped: z.array(z.string()).describe('what could not be checked, and why'),
  startedAt: Instant,
  endedAt: Instant.optional(),
});
export type ShardCheckReport = z.infer<typeof ShardCheckReport>;

/** A shard as it stands in Redis. */
export const ShardView = z.object({
  shard: count,
  owner: z.string().describe('empty where nobody has it'),
  epoch: count,
  batchSeq: count,
  tasks: count,
  workflows: count,
  waiting: count,
  active: count,
  outbox: count.describe('batches of events that JetStream has not acknowledged'),
});
export type ShardView = z.infer<typeof ShardView>;
export const ShardPage = z.object({ items: z.array(ShardView), next: z.null() });
export type ShardPage = z.infer<typeof ShardPage>;
