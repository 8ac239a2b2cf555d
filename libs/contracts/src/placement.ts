import { z } from 'zod';
import { LIMITS } from './limits';
import { Instant, Millis, Name, Namespace, Region, Span, SwarmId } from './names';
import { Requirements, Resources } from './requirements';
import { Routing } from './routing';

/** The rules that can drop a swarm from the candidates, in the order in which they are asked. */
export const PLACEMENT_RULES = [
  'down',
  'draining',
  'cordoned',
  'kind',
  'type',
  'capability',
  'region',
  'label',
  'attribute',
  'resources',
  'price',
  'health',
  'slot',
  'locality',
  'apart',
  'spread',
  'avoided',
] as const;
export const PlacementRule = z.enum(PLACEMENT_RULES);
export type PlacementRule = z.infer<typeof PlacementRule>;

export const Rejection = z.object({
  rule: PlacementRule,
  count: z.number().int(),
  detail: z.string().describe('what was asked for, e.g. capability "gpu"'),
  examples: z.array(SwarmId).max(5),
});
export type Rejection = z.infer<typeof Rejection>;

/** A swarm as it was when it was ranked: before the attempt that the receipt is about. */
export const RankedSwarm = z.object({
  swarmId: SwarmId,
  region: Region,
  freeSlots: z.number().int(),
  load: z.number().describe('busy share of its slots, 0 to 1'),
  costPerSlotHour: z.number(),
});
export type RankedSwarm = z.infer<typeof RankedSwarm>;

/** Why an attempt went where it went, or why it went nowhere. */
export const Receipt = z.object({
  policy: z.string(),
  decidedAt: Instant,
  candidates: z.number().int().describe('swarms known'),
  feasible: z.number().int().describe('swarms that could ever run it'),
  withFreeSlot: z.number().int(),
  rejected: z.array(Rejection),
  ranked: z.array(RankedSwarm).max(5),
  scores: z
    .array(z.number())
    .max(5)
    .optional()
    .describe('what the policy went by, for each that is ranked: the smaller the better'),
  chosen: SwarmId.optional(),
  price: z
    .number()
    .nonnegative()
    .optional()
    .describe('USD for an hour of a slot of the chosen one, at which the attempt is charged'),
  stalenessMs: Millis.optional().describe('how long ago the chosen one was last heard of'),
  viewAgeMs: Millis.optional().describe('how long ago the load-balancer last heard of any swarm'),
  because: z.string(),
  reasons: z
    .array(z.string())
    .max(LIMITS.RECEIPT_REASONS)
    .optional()
    .describe('what else there is to know, such as why another policy decided than was asked for'),
});
export type Receipt = z.infer<typeof Receipt>;

/**
 * Why a task that has not begun goes nowhere. In the queue: `unmet` are the rules that nobody passes; with `no-slot` it is only a
 * matter of time. On its way into the queue: `not-before`, `signal`, `steps`, `run-limit` (its run is paused, or has its limit under way), and
 * `backoff` between two attempts. What no swarm runs waits for an `approval`, a `sleep`, a `sub-workflow`, or the `items` of its map.
 */
export const Waiting = z.object({
  reason: z.enum([
    'no-swarm',
    'no-slot',
    'not-yet-considered',
    'limit',
    'paused',
    'not-before',
    'signal',
    'approval',
    'sleep',
    'sub-workflow',
    'items',
    'steps',
    'run-limit',
    'backoff',
  ]),
  since: Instant,
  detail: z.string(),
  unmet: z.array(Rejection),
  againInMs: Span.optional().describe('when another look is worth it, also where no slot comes free'),
});
export type Waiting = z.infer<typeof Waiting>;

/** What a policy may know of one request beside its class. Spans, since clocks differ. */
const outlook = {
  estimateMs: Span.optional().describe('how long it is said to take'),
  dueInMs: z.number().optional().describe('until it must have ended; negative where that is past'),
};

export const PlaceItem = z.object({
  key: z.string().describe('task id'),
  classKey: z
    .string()
    .describe(
      'equal for equal requirements and equal wishes that may make it wait: once one is refused, the rest of its class need no look',
    ),
  attempt: z.number().int().positive(),
  namespace: Namespace,
  type: Name,
  requirements: Requirements,
  routing: Routing.optional(),
  ...outlook,
  waitedMs: Span.optional().describe('how long it has waited, where it may wait for its region'),
  avoid: z.array(SwarmId).optional(),
  traceparent: z.string().optional(),
});
export type PlaceItem = z.infer<typeof PlaceItem>;

/** From the scheduler; or from the coordinator of a region, for attempts that a swarm of it has refused. */
export const PlaceRequest = z.object({
  v: z.literal(1),
  epoch: z.number().int(),
  region: Region.optional().describe('of a coordinator: the epoch is that of this region'),
  items: z.array(PlaceItem),
});
export type PlaceRequest = z.infer<typeof PlaceRequest>;

export const Placement = z.object({
  swarmId: SwarmId,
  region: Region,
  reservationId: z.string(),
  costPerSlotHour: z.number().nonnegative(),
  receipt: Receipt,
});
export type Placement = z.infer<typeof Placement>;

export const PlaceResult = z.object({
  key: z.string(),
  placement: Placement.optional(),
  waiting: Waiting.optional(),
});
export type PlaceResult = z.infer<typeof PlaceResult>;

/** Whose fault a failure is, as far as is known: what may be repeated may be the fault of the swarm. */
export const FAULTS = ['swarm', 'task'] as const;
export type Fault = (typeof FAULTS)[number];

/** How a placed attempt ended, so that the reservation is given back and the load-balancer learns. */
export const LbReport = z.object({
  v: z.literal(1),
  outcomes: z.array(
    z.object({
      reservationId: z.string(),
      swarmId: SwarmId,
      taskId: z.string(),
      attempt: z.number().int().positive(),
      outcome: z.enum(['succeeded', 'failed', 'cancelled', 'lost', 'refused', 'timed-out', 'unused']),
      durationMs: z.number().nonnegative().optional(),
      type: Name.optional().describe('of the task: swarms are compared by how they do with the same type'),
      namespace: Namespace.optional().describe(
        'of the task: of some nothing is learned; `default`, unless told',
      ),
      fault: z
        .enum(FAULTS)
        .optional()
        .describe(
          'of what failed: `task` where any swarm would have failed with it; else it may be the swarm',
        ),
      next: z
        .object({ taskId: z.string(), attempt: z.number().int().positive() })
        .optional()
        .describe('the attempt that has taken over the slot: it stays reserved'),
    }),
  ),
});
export type LbReport = z.infer<typeof LbReport>;

/** Published when slots came free or a swarm came or changed: parked work may be looked at again. */
export const CapacityEvent = z.object({
  v: z.literal(1),
  swarmId: SwarmId,
  region: Region,
  freeSlots: z.number().int().max(LIMITS.SWARM_SLOTS),
  reason: z.enum(['joined', 'freed', 'changed']),
});
export type CapacityEvent = z.infer<typeof CapacityEvent>;

/** `POST /v1/route`: one request by anyone. */
export const RouteRequest = z.strictObject({
  type: Name.default('route'),
  namespace: Namespace.default('default'),
  requirements: Requirements.default({}),
  routing: Routing.optional(),
  ...outlook,
  kind: z
    .enum(['swarm', 'external', 'any'])
    .optional()
    .describe('of the endpoints to choose among; any, if left out'),
});
export type RouteRequest = z.infer<typeof RouteRequest>;
export const RouteReply = Placement.extend({
  address: z.string().optional().describe('of an external endpoint'),
});
export type RouteReply = z.infer<typeof RouteReply>;

/** How many of what was told have been passed on. */
export const AcceptedReports = z.object({ accepted: z.number().int() });

/** Load-balancers give these back, where they hold them. */
export const LbRelease = z.object({ v: z.literal(1), reservationIds: z.array(z.string()).min(1).max(1000) });
export type LbRelease = z.infer<typeof LbRelease>;

/**
 * Published by a load-balancer that has reserved, or renewed, a slot of an external endpoint: nothing but the load-balancers knows what it
 * runs, so the others count it too.
 */
export const LbReserved = z.object({
  v: z.literal(1),
  replica: z.string(),
  reservationId: z.string(),
  swarmId: SwarmId,
  attempt: z.string().describe('under which it is reserved'),
  resources: Resources.optional(),
});
export type LbReserved = z.infer<typeof LbReserved>;

export const RenewReservation = z.strictObject({ reservationId: z.string().min(1).max(LIMITS.NAME_CHARS) });
export type RenewReservation = z.infer<typeof RenewReservation>;
export const RenewedReservation = z.object({
  reservationId: z.string(),
  holdMs: Millis.describe('for how long it is held from now on, unless it is renewed again'),
});
export type RenewedReservation = z.infer<typeof RenewedReservation>;
