import { z } from 'zod';
import { Json } from './json';
import { matchesPattern, Millis, Namespace } from './names';

export const EVENT_TYPES = [
  'task.submitted',
  'task.queued',
  'task.assigned',
  'task.running',
  'task.refused',
  'task.lost',
  'task.backoff',
  'task.cancel-requested',
  'task.waiting',
  'task.signalled',
  'task.paused',
  'task.resumed',
  'task.progress',
  'task.retried',
  'task.purged',
  'task.expired',
  'task.succeeded',
  'task.failed',
  'task.cancelled',
  'task.skipped',
  'workflow.submitted',
  'workflow.cancel-requested',
  'workflow.succeeded',
  'workflow.failed',
  'workflow.cancelled',
] as const;
export const EventType = z.enum(EVENT_TYPES);
export type EventType = z.infer<typeof EventType>;

/** A type of event, or the beginning of some and a star: `task.*`. What fits none would wait for ever for what cannot come. */
export const EventPattern = z
  .string()
  .refine(
    (pattern) => EVENT_TYPES.some((type) => matchesPattern(pattern, type)) && /^[^*]*\*?$/.test(pattern),
    `no event is of this type: expected a prefix and a star such as task.*, or one of ${EVENT_TYPES.join(', ')}`,
  );

/** A past fact. `seq` counts from 1 without a gap inside one root: the run for steps, the task itself otherwise. */
export const Event = z.object({
  v: z.literal(1),
  type: EventType,
  seq: z.number().int().positive(),
  at: Millis,
  namespace: Namespace,
  root: z.string(),
  taskId: z.string().optional(),
  workflowId: z.string().optional(),
  step: z.string().optional(),
  attempt: z.number().int().optional(),
  swarmId: z.string().optional(),
  region: z.string().optional(),
  data: z.record(z.string(), Json).optional(),
});
export type Event = z.infer<typeof Event>;

/** All events of one commit. Consumers drop a (shard, batchSeq) that is not newer than the last seen. */
export const EventBatch = z.object({
  v: z.literal(1),
  shard: z.number().int().nonnegative(),
  epoch: z.number().int().positive(),
  batchSeq: z.number().int().positive(),
  events: z.array(Event),
});
export type EventBatch = z.infer<typeof EventBatch>;
