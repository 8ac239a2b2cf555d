import { z } from 'zod';
import { who } from './api';
import { LIMITS } from './limits';
import { Instant, Millis, Name, recordOf, Region, RegionPattern, SwarmId, Token } from './names';

/**
 * How the load-balancer thinks of a swarm. `ready` gets what its slots hold; `slow-start` more and more; `half-open` one attempt at a
 * time; `open` (its circuit breaker), `ejected` (an outlier) and `maintenance` nothing new.
 */
export const HEALTH_STATES = ['ready', 'slow-start', 'half-open', 'open', 'ejected', 'maintenance'] as const;
export const HealthState = z.enum(HEALTH_STATES);
export type HealthState = z.infer<typeof HealthState>;

/** What an operator may force: a breaker open or closed, an ejection or none, or that a swarm counts as ready whatever is seen of it. */
export const FORCED_STATES = ['open', 'closed', 'ejected', 'not-ejected', 'ready'] as const;
export const ForcedState = z.enum(FORCED_STATES);
export type ForcedState = z.infer<typeof ForcedState>;

const Why = z.string().min(1).max(LIMITS.METADATA_VALUE_CHARS);

export const ForceRequest = z.strictObject({
  to: ForcedState,
  why: Why.describe('for whoever wonders later'),
  until: Instant.optional().describe('when it ends by itself; without it a reset ends it'),
  ...who,
});
export type ForceRequest = z.infer<typeof ForceRequest>;
export const ForceSwarm = ForceRequest.extend({ id: SwarmId });

/** Ends what was forced, and forgets what was learned of the swarm: it is as new. */
export const ResetRequest = z.strictObject({ why: Why.default('reset on request'), ...who });
export type ResetRequest = z.infer<typeof ResetRequest>;
export const ResetSwarm = ResetRequest.extend({ id: SwarmId });

/** What is in force for one swarm. */
export const Forced = z.object({
  swarmId: SwarmId,
  to: ForcedState,
  why: Why,
  requestedBy: z.string(),
  at: Instant,
  until: Instant.optional(),
});
export type Forced = z.infer<typeof Forced>;

/** The swarms that a window is for: those that every given part names. */
export const MaintenanceSelector = z
  .strictObject({
    swarms: z.array(SwarmId).min(1).max(LIMITS.LIST_ITEMS).optional(),
    regions: z.array(RegionPattern).min(1).max(LIMITS.LIST_ITEMS).optional(),
    labels: recordOf(Name, z.string().max(LIMITS.NAME_CHARS))
      .refine((labels) => Object.keys(labels).length > 0, 'name a label, or leave it out')
      .optional(),
  })
  .refine(
    ({ swarms, regions, labels }) => swarms !== undefined || regions !== undefined || labels !== undefined,
    'name swarms, regions or labels; all swarms are the region *',
  );
export type MaintenanceSelector = z.infer<typeof MaintenanceSelector>;

const span = {
  for: MaintenanceSelector,
  from: Instant,
  until: Instant,
  everyMs: z
    .number()
    .int()
    .min(60_000)
    .max(LIMITS.DURATION_MS)
    .optional()
    .describe('it comes again so long after it began: 86400000 is each day, 604800000 each week (in UTC)'),
  why: Why,
};

/** From when until when swarms get nothing new. What runs goes on. */
export const MaintenanceRequest = z
  .strictObject({ ...span, ...who })
  .refine(({ from, until }) => Date.parse(from) < Date.parse(until), {
    path: ['until'],
    message: 'must be after `from`',
  })
  .refine(
    ({ from, until, everyMs }) => everyMs === undefined || Date.parse(until) - Date.parse(from) < everyMs,
    { path: ['everyMs'], message: 'must be longer than the window itself' },
  );
export type MaintenanceRequest = z.infer<typeof MaintenanceRequest>;

export const MaintenanceWindow = z.object({ ...span, id: Token, requestedBy: z.string(), at: Instant });
export type MaintenanceWindow = z.infer<typeof MaintenanceWindow>;
export const MaintenancePage = z.object({
  items: z.array(
    MaintenanceWindow.extend({
      isActive: z.boolean(),
      next: z
        .object({ from: Instant, until: Instant })
        .optional()
        .describe('the present or the next time; absent when it is over for good'),
    }),
  ),
  next: z.null(),
});
export type MaintenancePage = z.infer<typeof MaintenancePage>;
export const CancelledMaintenance = z.object({ id: Token, wasPlanned: z.boolean() });
export type CancelledMaintenance = z.infer<typeof CancelledMaintenance>;
export const CancelMaintenance = z.strictObject({ id: Token, ...who });

/** What health knows of one swarm, as one replica sees it. */
export const EndpointHealth = z.object({
  swarmId: SwarmId,
  region: Region,
  state: HealthState,
  since: Instant,
  reason: z.string().describe('empty where there is nothing to say'),
  slots: z.number().int().positive(),
  allowance: z.number().int().nonnegative().describe('attempts that health lets it run at once'),
  isPanic: z
    .boolean()
    .describe('too few swarms are well: this one is given work in spite of its state, after all others'),
  until: Instant.optional().describe('when the state ends by itself, at the latest'),
  window: z
    .object({
      attempts: z.number().int().nonnegative(),
      failures: z.number().int().nonnegative(),
      success: z
        .number()
        .min(0)
        .max(1)
        .describe('share that went well; failures that are usual for a type count for nobody'),
    })
    .describe('the last half minute'),
  latency: z.number().nonnegative().describe('estimate, in medians of the types that it runs'),
  forced: Forced.optional(),
  maintenance: z
    .object({ id: Token, why: Why, from: Instant, until: Instant })
    .optional()
    .describe('the present or the next window'),
});
export type EndpointHealth = z.infer<typeof EndpointHealth>;

export const GetHealthQuery = z.strictObject({ id: SwarmId });
export const ListHealthQuery = z.strictObject({
  all: z.coerce.boolean().default(false).describe('also those that are ready'),
  limit: z.coerce.number().int().min(1).max(LIMITS.PAGE_ITEMS).default(100),
});
export type ListHealthQuery = z.infer<typeof ListHealthQuery>;

/** The health of the fleet, as one replica sees it: those that are not ready first. */
export const HealthPage = z.object({
  items: z.array(EndpointHealth),
  counts: z.partialRecord(HealthState, z.number().int().positive()).describe('swarms by state'),
  isPanic: z.boolean().describe('fewer than half of the fleet are well'),
  next: z.null(),
});
export type HealthPage = z.infer<typeof HealthPage>;

/** What happens to the health of the fleet. */
export const HEALTH_EVENT_TYPES = [
  'health.changed',
  'health.panic-began',
  'health.panic-ended',
  'health.forced',
  'health.reset',
  'maintenance.planned',
  'maintenance.cancelled',
  'maintenance.announced',
  'maintenance.began',
  'maintenance.ended',
  'policy.turned-off',
] as const;

/** A past fact. Each replica judges by itself and tells what it has seen; what an operator did is told once. */
export const HealthEvent = z.object({
  v: z.literal(1),
  id: Token,
  type: z.enum(HEALTH_EVENT_TYPES),
  at: Millis,
  replica: Token,
  reason: z.string(),
  swarmId: SwarmId.optional(),
  region: Region.optional(),
  from: HealthState.optional(),
  to: z.union([HealthState, ForcedState]).optional(),
  until: Instant.optional(),
  requestedBy: z.string().optional(),
  maintenanceId: Token.optional(),
  policy: z.string().optional().describe("a user's own, that is off"),
  swarms: z.number().int().nonnegative().optional().describe('that a window or a panic is about'),
});
export type HealthEvent = z.infer<typeof HealthEvent>;
export const HealthEventPage = z.object({ items: z.array(HealthEvent), next: z.null() });
export type HealthEventPage = z.infer<typeof HealthEventPage>;
export const HealthEventsQuery = z.strictObject({
  swarm: SwarmId.optional(),
  limit: z.coerce.number().int().min(1).max(LIMITS.PAGE_ITEMS).default(100),
});
export type HealthEventsQuery = z.infer<typeof HealthEventsQuery>;

/** Published to all replicas: what operators have set is in the store, under this revision. */
export const HealthControlsChanged = z.object({ v: z.literal(1), revision: z.number().int().nonnegative() });
export type HealthControlsChanged = z.infer<typeof HealthControlsChanged>;

/**
 * Load-balancer → orchestrators, again and again while there are any, and once when there are none: swarms to which it gives nothing.
 * Whoever hands work on without asking it leaves them out.
 */
export const UnwellSwarms = z.object({
  v: z.literal(1),
  replica: Token,
  swarmIds: z.array(SwarmId).max(LIMITS.UNWELL_SWARMS),
});
export type UnwellSwarms = z.infer<typeof UnwellSwarms>;
