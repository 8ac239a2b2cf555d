import { z } from 'zod';
import { LIMITS } from './limits';
import { EffectiveInput, Json } from './json';
import { Instant, Millis, Name, Namespace, recordOf, Region, Scalar, SwarmId } from './names';
import { Requirements, Resources } from './requirements';
import { PayloadRef } from './payload';
import { Placement } from './placement';
import { Routing } from './routing';
import { Priority, Progress, Signal, TaskError, Usage } from './task';

export const AttemptRef = z.object({ taskId: z.string(), attempt: z.number().int().positive() });
export type AttemptRef = z.infer<typeof AttemptRef>;

/** Which attempts keep apart or spread, as `groupKey` names it: what came with the attempt is told by its swarm. */
const Group = z.string().max(2 * LIMITS.NAME_CHARS + 1);

/** A type of `*` handles every type. A list as attribute value means that any of its items is offered. */
export const SwarmProfile = z.object({
  swarmId: SwarmId,
  region: Region,
  slots: z.number().int().min(1).max(LIMITS.SWARM_SLOTS),
  types: z
    .array(z.union([z.literal('*'), Name]))
    .min(1)
    .max(LIMITS.LIST_ITEMS),
  capabilities: z.array(Name).max(LIMITS.LIST_ITEMS),
  labels: recordOf(Name, z.string().max(LIMITS.NAME_CHARS), LIMITS.LIST_ITEMS).describe(
    'the label zone names the part of the region in which it is',
  ),
  attributes: recordOf(Name, z.union([Scalar, z.array(Scalar).max(LIMITS.LIST_ITEMS)]), LIMITS.LIST_ITEMS),
  resources: Resources,
  costPerHour: z
    .number()
    .nonnegative()
    .describe('USD for the whole swarm; one slot costs costPerHour / slots'),
  weight: z
    .number()
    .positive()
    .max(LIMITS.SWARM_WEIGHT)
    .optional()
    .describe('its share beside others where the policy is `weighted`; 1 unless given'),
});
export type SwarmProfile = z.infer<typeof SwarmProfile>;

export const Heartbeat = SwarmProfile.extend({
  v: z.literal(1),
  instance: z.string().describe('new at every start of the process: attempts of an older instance are lost'),
  seq: z.number().int().nonnegative(),
  sentAt: Millis,
  intervalMs: Millis,
  state: z.enum(['ready', 'cordoned', 'draining', 'stopped']),
  held: z
    .array(AttemptRef.extend({ group: Group.optional() }))
    .describe('attempts accepted and not yet reported to, and acknowledged by, their owner'),
  resourcesUsed: Resources,
});
export type Heartbeat = z.infer<typeof Heartbeat>;

export const SWARM_STATES = ['ready', 'cordoned', 'draining', 'suspect', 'down'] as const;

/** A swarm as people read it. */
export const Swarm = SwarmProfile.extend({
  state: z.enum(SWARM_STATES),
  busySlots: z.number().int().nonnegative(),
  freeSlots: z.number().int().nonnegative(),
  held: z.array(AttemptRef),
  lastSeen: Instant,
});
export type Swarm = z.infer<typeof Swarm>;

/** One attempt on its way to a swarm. `input` is the effective input: with the outputs of upstream steps. */
export const AttemptDispatch = z.object({
  taskId: z.string(),
  attempt: z.number().int().positive(),
  shard: z.number().int().nonnegative(),
  swarmId: SwarmId,
  type: Name,
  namespace: Namespace,
  priority: Priority,
  input: EffectiveInput,
  inputRef: PayloadRef.optional().describe('the payload to which `input` adds at most `upstream`'),
  upstreamRefs: z
    .record(z.string(), PayloadRef)
    .optional()
    .describe('outputs of upstream steps that are payloads, by step; in `input.upstream` they are null'),
  resources: Resources,
  startToCloseMs: Millis.optional(),
  heartbeatMs: Millis.optional(),
  signals: z.array(Signal).optional(),
  requirements: Requirements.optional().describe('for a coordinator that has to pick another swarm'),
  routing: Routing.optional().describe('likewise'),
  group: Group.optional().describe('the swarm lists it with the attempt in its heartbeats'),
  again: z
    .boolean()
    .optional()
    .describe(
      'it may have been sent before, also by somebody else: a swarm that does not have it refuses it, since it may be elsewhere',
    ),
  placement: Placement.optional().describe(
    'from a coordinator that has picked another swarm: the swarm passes it on to the owner, whom its report may reach first',
  ),
  workflowId: z.string().optional(),
  step: z.string().optional(),
  traceparent: z.string(),
});
export type AttemptDispatch = z.infer<typeof AttemptDispatch>;

/** Owner → regional coordinator → swarm, in arrays. */
export const DispatchRequest = z.object({
  v: z.literal(1),
  shard: z.number().int().nonnegative(),
  epoch: z.number().int().positive(),
  regionEpoch: z
    .number()
    .int()
    .positive()
    .optional()
    .describe(
      'from the owner: the newest epoch of the region that it knows of, the same in every repetition; from the coordinator, to the swarm: its own',
    ),
  instance: z
    .string()
    .optional()
    .describe('from the coordinator, to the swarm: the process that is meant; any other refuses'),
  reportTo: z
    .string()
    .max(256)
    .optional()
    .describe(
      'subject on which the owner takes the reports of all its shards; the shard subject always works too',
    ),
  attempts: z.array(AttemptDispatch),
});
export type DispatchRequest = z.infer<typeof DispatchRequest>;

export const DispatchOutcome = z.object({
  taskId: z.string(),
  attempt: z.number().int().positive(),
  outcome: z.enum(['accepted', 'refused', 'unreachable']),
  reason: z.string().optional(),
  placement: Placement.optional().describe(
    'where the coordinator has sent it instead, under the same number',
  ),
  refusedBy: z
    .array(SwarmId)
    .optional()
    .describe('where the coordinator has asked several swarms and all have refused: in this order'),
});
export type DispatchOutcome = z.infer<typeof DispatchOutcome>;
export const DispatchReply = z.object({ v: z.literal(1), outcomes: z.array(DispatchOutcome) });
export type DispatchReply = z.infer<typeof DispatchReply>;

/** Coordinator → swarm. `uncordon` ends a cordon and a drain. */
export const ControlRequest = z.discriminatedUnion('kind', [
  z.object({
    v: z.literal(1),
    kind: z.literal('cancel'),
    attempts: z.array(AttemptRef.extend({ reason: z.string() })),
  }),
  z.object({
    v: z.literal(1),
    kind: z.literal('signal'),
    signals: z.array(
      AttemptRef.extend({ signals: z.array(Signal).describe('all of the task, oldest first') }),
    ),
  }),
  z.object({
    v: z.literal(1),
    kind: z.enum(['cordon', 'drain', 'uncordon']),
    reason: z.string().max(LIMITS.ERROR_MESSAGE_CHARS),
  }),
]);
export type ControlRequest = z.infer<typeof ControlRequest>;
export const ControlReply = z.object({ v: z.literal(1), held: z.array(AttemptRef) });
export type ControlReply = z.infer<typeof ControlReply>;

/** Coordinator → swarm: this instance is not admitted (a limit, or another process under its id); it stops and says why. */
export const Dismissal = z.object({ v: z.literal(1), instance: z.string(), reason: z.string() });
export type Dismissal = z.infer<typeof Dismissal>;

/** Owner or operator → coordinator, for one swarm of its region. */
export const RegionControl = z.object({ v: z.literal(1), swarmId: SwarmId, control: ControlRequest });
export type RegionControl = z.infer<typeof RegionControl>;

export const AttemptReport = z.object({
  taskId: z.string(),
  attempt: z.number().int().positive(),
  outcome: z.enum(['succeeded', 'failed', 'cancelled', 'lost', 'timed-out']),
  output: Json.optional(),
  outputRef: PayloadRef.optional().describe('the output is a payload'),
  error: TaskError.optional(),
  startedAt: Millis,
  finishedAt: Millis,
  usage: Usage.optional(),
});
export type AttemptReport = z.infer<typeof AttemptReport>;

export const ProgressReport = AttemptRef.extend({ progress: Progress });
export type ProgressReport = z.infer<typeof ProgressReport>;

/**
 * Swarm (or, for lost attempts, coordinator) → owner; repeated, under the same id, until each is acknowledged.
 * `outcomes` answer the attempts that came with an earlier reply.
 */
export const ReportRequest = z.object({
  v: z.literal(1),
  swarmId: SwarmId,
  region: Region.optional(),
  regionEpoch: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('of the coordinator that reports losses: owners take none of an older one'),
  instance: z.string().optional(),
  id: z
    .string()
    .max(LIMITS.NAME_CHARS)
    .optional()
    .describe('equal for repetitions: they get the same answer'),
  reports: z.array(AttemptReport),
  outcomes: z.array(DispatchOutcome).default([]),
  progress: z.array(ProgressReport).default([]),
  fetch: z
    .number()
    .int()
    .nonnegative()
    .default(0)
    .describe('free slots after these reports, for which the answer may bring attempts'),
});
export type ReportRequest = z.infer<typeof ReportRequest>;
/** `moved`: this process does not own the task's shard; ask on the subject of the shard. */
export const ReportReply = z.object({
  v: z.literal(1),
  acks: z.array(AttemptRef.extend({ status: z.enum(['recorded', 'stale', 'moved']) })),
  next: z.array(DispatchRequest).default([]).describe('attempts for the slots that came free'),
});
export type ReportReply = z.infer<typeof ReportReply>;

/** Coordinator → all owners: proof of life of the attempts that the region's swarms hold. */
export const RegionSummary = z.object({
  v: z.literal(1),
  region: Region,
  epoch: z.number().int().positive(),
  swarms: z.number().int().nonnegative(),
  held: z.array(AttemptRef),
});
export type RegionSummary = z.infer<typeof RegionSummary>;

export const RegionView = z.object({
  region: Region,
  swarms: z.number().int(),
  slots: z.number().int(),
  busySlots: z.number().int(),
  costPerHour: z.number(),
});
export type RegionView = z.infer<typeof RegionView>;
