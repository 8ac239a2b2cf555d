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
  'task.late-result',
  'task.expired',
  'task.succeeded',
  'task.failed',
  'task.cancelled',
  'task.skipped',
  'workflow.submitted',
  'workflow.cancel-requested',
  'workflow.paused',
  'workflow.resumed',
  'workflow.signalled',
  'workflow.steps-added',
  'workflow.compensating',
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

/** All events of one commit. Consumers drop what is not newer than the last seen of its shard: see `SeenBatches`. */
export const EventBatch = z.object({
  v: z.literal(1),
  shard: z.number().int().nonnegative(),
  epoch: z.number().int().positive(),
  batchSeq: z.number().int().positive(),
  events: z.array(Event),
});
export type EventBatch = z.infer<typeof EventBatch>;

/**
 * What a consumer has seen of each shard: newer is what has a later epoch or, of the same one, a larger number. The number alone
 * does not tell: where data was set back and nobody noticed, the next epoch gives numbers out again.
 */
export class SeenBatches {
  private readonly newest = new Map<number, { epoch: number; batchSeq: number }>();

  /** @returns false for what is not newer, such as what was published a second time */
  isNew({ shard, epoch, batchSeq }: Pick<EventBatch, 'shard' | 'epoch' | 'batchSeq'>): boolean {
    const last = this.newest.get(shard);
    if (!last) this.newest.set(shard, { epoch, batchSeq });
    else if (epoch < last.epoch || (epoch === last.epoch && batchSeq <= last.batchSeq)) return false;
    else {
      last.epoch = epoch;
      last.batchSeq = batchSeq;
    }
    return true;
  }
}
