import { z } from 'zod';
import { Millis, Name, Namespace, Region, Span, SwarmId } from './names';
import { Placement } from './placement';
import { Requirements } from './requirements';
import { ClassRouting } from './routing';
import { AttemptRef } from './swarm';
import { Priority } from './task';

/** What all tasks of one requirement class have in common: any one swarm either can or cannot run them alike, and suits them alike. */
export const TaskClass = z.object({
  key: z.string(),
  namespace: Namespace,
  type: Name,
  requirements: Requirements,
  routing: ClassRouting.optional(),
});
export type TaskClass = z.infer<typeof TaskClass>;

/** A task that may be placed. `order` grows with the time of submission: epoch ms × 1000 plus a counter. */
export const QueuedTask = z.object({
  taskId: z.string(),
  attempt: z.number().int().positive().describe('the number that its next attempt will have'),
  classKey: z.string(),
  priority: Priority,
  order: z.number().int().nonnegative(),
  queuedAt: Millis,
  fairnessKey: Name.optional(),
  limitKeys: z.array(Name).optional(),
  avoid: z.array(SwarmId).optional(),
  affinity: Name.optional(),
  group: Name.optional(),
  estimateMs: Span.optional(),
  dueAt: Millis.optional().describe('when it must have ended'),
  traceparent: z.string().optional(),
});
export type QueuedTask = z.infer<typeof QueuedTask>;

/** A current attempt that counts in limits. */
export const HeldAttempt = AttemptRef.extend({ namespace: Namespace, limitKeys: z.array(Name).optional() });
export type HeldAttempt = z.infer<typeof HeldAttempt>;

/**
 * Owner → scheduler, in order and without a gap: the next one leaves when the one before it was answered.
 * `snapshot`: `first` throws away what the scheduler knew of the shard, `last` completes what the shard has.
 */
export const SchedulerChanges = z.object({
  v: z.literal(1),
  replica: z.string(),
  schedulerEpoch: z.number().int().positive(),
  shard: z.number().int().nonnegative(),
  epoch: z.number().int().positive(),
  seq: z
    .number()
    .int()
    .positive()
    .optional()
    .describe(
      'counts from 1 for each owner and scheduler: a repetition changes nothing, a gap asks for a snapshot',
    ),
  snapshot: z.object({ first: z.boolean(), last: z.boolean() }).optional(),
  classes: z
    .array(TaskClass)
    .default([])
    .describe('every class that this owner has not told this scheduler yet'),
  queued: z.array(QueuedTask).default([]),
  gone: z.array(z.string()).default([]).describe('ids of queued tasks that must not be placed any more'),
  held: z.array(HeldAttempt).default([]).describe('snapshot: current attempts'),
  released: z.array(AttemptRef).default([]).describe('attempts that are over: their limits are free'),
});
export type SchedulerChanges = z.infer<typeof SchedulerChanges>;
/** `unknown-shard`: this scheduler has not had a snapshot of the shard under this epoch; send one. */
export const SchedulerChangesReply = z.object({
  v: z.literal(1),
  schedulerEpoch: z.number().int().positive(),
  status: z.enum(['ok', 'unknown-shard', 'stale']),
});
export type SchedulerChangesReply = z.infer<typeof SchedulerChangesReply>;

export const Grant = z.object({
  taskId: z.string(),
  attempt: z.number().int().positive(),
  placement: Placement,
});
export type Grant = z.infer<typeof Grant>;
/** The scheduler → an owner. Repeated until answered; an owner answers a repetition alike. */
export const GrantRequest = z.object({
  v: z.literal(1),
  schedulerEpoch: z.number().int().positive(),
  epoch: z.number().int().positive().optional().describe('of the owner that told of these tasks'),
  since: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('number of the message with which the snapshot began that told of these tasks'),
  grants: z.array(Grant),
});
export type GrantRequest = z.infer<typeof GrantRequest>;
/** Grants that came too late: the slot is free, the limits are given back. */
export const GrantReply = z.object({ v: z.literal(1), refused: z.array(AttemptRef) });
export type GrantReply = z.infer<typeof GrantReply>;

/** A scheduler has taken office, and says so again every second. */
export const SchedulerActive = z.object({
  v: z.literal(1),
  replica: z.string(),
  epoch: z.number().int().positive(),
});
export type SchedulerActive = z.infer<typeof SchedulerActive>;

/** A replica with the global role lives, and has these shards. `leaving`: it is about to give them up. */
export const ReplicaAlive = z.object({
  v: z.literal(1),
  replica: z.string(),
  startedAt: Millis,
  leaving: z.boolean(),
  shards: z.array(z.number().int().nonnegative()),
});
export type ReplicaAlive = z.infer<typeof ReplicaAlive>;

/** A deep check → any load-balancer: which attempts of a shard it counts as taken slots, page by page. */
export const SlotCensusRequest = z.object({
  v: z.literal(1),
  shard: z.number().int().nonnegative(),
  after: z.string().optional().describe('`next` of the page before'),
  swarms: z.array(SwarmId).max(1_000).describe('of which it is asked whether they are heard'),
});
export type SlotCensusRequest = z.infer<typeof SlotCensusRequest>;
export const SlotCensusReply = z.object({
  v: z.literal(1),
  attempts: z.array(
    AttemptRef.extend({
      swarmId: SwarmId,
      region: Region,
      isReserved: z.boolean().describe('false: its swarm lists it'),
    }),
  ),
  heard: z.array(SwarmId).describe('of the swarms that were asked for'),
  next: z.string().nullable(),
});
export type SlotCensusReply = z.infer<typeof SlotCensusReply>;

/** A deep check → the scheduler: what it has of one shard, page by page. */
export const CensusRequest = z.object({
  v: z.literal(1),
  shard: z.number().int().nonnegative(),
  offset: z.number().int().nonnegative(),
  mend: z.boolean().describe('set limits right that count wrong'),
});
export type CensusRequest = z.infer<typeof CensusRequest>;
export const CensusReply = z.object({
  v: z.literal(1),
  epoch: z.number().int().nonnegative().describe('of the owner that told of the shard'),
  isWhole: z.boolean().describe('whether that owner has told all it has'),
  queued: z.array(z.string()).describe('tasks in its queue'),
  held: z.array(AttemptRef).describe('attempts that count in limits'),
  underWay: z
    .array(AttemptRef)
    .optional()
    .describe('those of them whose grant has not been answered yet; absent: none'),
  limits: z
    .array(
      z.object({
        namespace: Namespace,
        key: Name.optional(),
        counted: z.number().int(),
        held: z.number().int().nonnegative(),
      }),
    )
    .describe('of all shards, with the first page: those that count another number than there are attempts'),
  next: z.number().int().nullable(),
});
export type CensusReply = z.infer<typeof CensusReply>;
