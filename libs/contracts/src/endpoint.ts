import { z } from 'zod';
import { LIMITS } from './limits';
import { Instant, Millis, Name, Region, SwarmId } from './names';
import { Swarm, SWARM_STATES, SwarmProfile } from './swarm';

/** A swarm heartbeats and runs tasks. An external endpoint is registered, speaks any protocol, and gets routed requests only. */
export const EndpointKind = z.enum(['swarm', 'external']);
export type EndpointKind = z.infer<typeof EndpointKind>;

/** What is registered: the profile of a swarm, of which all but the id, the region and the address has a default. */
export const EndpointRegistration = z.strictObject({
  ...SwarmProfile.shape,
  address: z
    .string()
    .min(1)
    .max(LIMITS.ENDPOINT_ADDRESS_CHARS)
    .describe('where it is, for whoever is routed to it: a URL or any other text'),
  slots: SwarmProfile.shape.slots
    .optional()
    .describe('requests at a time; DEFAULT_SWARM_CAPACITY if left out'),
  types: SwarmProfile.shape.types.default(['*']),
  capabilities: SwarmProfile.shape.capabilities.default([]),
  labels: SwarmProfile.shape.labels.default({}),
  attributes: SwarmProfile.shape.attributes.default({}),
  resources: SwarmProfile.shape.resources.default({}),
  costPerHour: SwarmProfile.shape.costPerHour.default(0),
  weight: SwarmProfile.shape.weight.unwrap().default(1),
  ttlMs: z
    .number()
    .int()
    .min(LIMITS.ENDPOINT_LEAST_TTL_MS)
    .max(LIMITS.DURATION_MS)
    .optional()
    .describe('it is down when it was not registered again for so long; never, if left out'),
});
export type EndpointRegistration = z.infer<typeof EndpointRegistration>;

/** A registration as it is stored, with nothing left open. */
export const ExternalEndpoint = z.object({
  ...EndpointRegistration.shape,
  slots: SwarmProfile.shape.slots,
  revision: z.number().int().positive().describe('new at every change'),
  instance: z.string().describe('new at every registration of an id that is not registered'),
  registeredAt: Millis,
  renewedAt: Millis.describe('when it was last registered, by the clock of Redis'),
});
export type ExternalEndpoint = z.infer<typeof ExternalEndpoint>;

/** An endpoint as people read it: a swarm, or what was registered. */
export const Endpoint = Swarm.extend({
  kind: EndpointKind,
  address: z.string().optional(),
  weight: z.number().optional(),
  ttlMs: Millis.optional(),
  expiresAt: Instant.optional().describe(
    'of an external endpoint with a TTL: when it is down unless it is registered again',
  ),
  revision: z.number().int().optional(),
});
export type Endpoint = z.infer<typeof Endpoint>;

export const EndpointPage = z.object({ items: z.array(Endpoint), next: z.string().nullable() });
export type EndpointPage = z.infer<typeof EndpointPage>;

export const ListEndpointsQuery = z.strictObject({
  kind: EndpointKind.optional(),
  region: Region.optional(),
  capability: Name.optional(),
  label: z
    .string()
    .max(2 * LIMITS.NAME_CHARS + 1)
    .optional()
    .describe('key=value, or a key that it has whatever its value'),
  state: z.enum(SWARM_STATES).optional(),
  limit: z.coerce.number().int().min(1).max(LIMITS.PAGE_ITEMS).default(50),
  cursor: z
    .string()
    .max(2 * LIMITS.NAME_CHARS + 1)
    .optional(),
});
export type ListEndpointsQuery = z.infer<typeof ListEndpointsQuery>;

export const RegisterEndpoint = z.strictObject({
  endpoint: EndpointRegistration,
  ifRevision: z.number().int().nonnegative().optional().describe('0: only where it is not registered'),
});
export type RegisterEndpoint = z.infer<typeof RegisterEndpoint>;
export const GetEndpoint = z.strictObject({ swarmId: SwarmId });
export const RemoveEndpoint = z.strictObject({
  swarmId: SwarmId,
  ifRevision: z.number().int().nonnegative().optional(),
});
export type RemoveEndpoint = z.infer<typeof RemoveEndpoint>;
export const RemovedEndpoint = z.object({ swarmId: SwarmId, revision: z.number().int().positive() });

/** Published to all replicas: an endpoint was registered, renewed or (without `endpoint`) removed. */
export const EndpointChanged = z.object({
  v: z.literal(1),
  swarmId: SwarmId,
  revision: z.number().int().positive(),
  endpoint: ExternalEndpoint.optional(),
});
export type EndpointChanged = z.infer<typeof EndpointChanged>;
