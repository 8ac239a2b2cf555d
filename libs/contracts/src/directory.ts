import { z } from 'zod';
import { AttributeAsked } from './comparators';
import { LIMITS } from './limits';
import { CapabilityAdvertisement } from './message-kinds';
import { Instant, Millis, Name, Namespace, recordOf, Region, RegionPattern, SwarmId, Token } from './names';
import { SWARM_STATES } from './swarm';

const inNamespace = { namespace: Namespace.default('default') };
const { capabilities, region, load, costPerSlotHour, version, attributes } = CapabilityAdvertisement.shape;

/** What somebody can do, and at what price. The same swarm again replaces what it has said before. */
export const Advertise = z.strictObject({
  ...inNamespace,
  swarmId: SwarmId,
  ...{ capabilities, region, load, costPerSlotHour, version, attributes },
  ttlMs: z
    .number()
    .int()
    .min(LIMITS.LEASE_LEAST_MS)
    .max(LIMITS.ADVERTISEMENT_MOST_MS)
    .default(LIMITS.ADVERTISEMENT_BY_DEFAULT_MS)
    .describe('how long it is there, unless it is advertised again'),
  whilePresent: z
    .boolean()
    .default(false)
    .describe('of a swarm with heartbeats: it is there only while the swarm is, too'),
});
export type Advertise = z.infer<typeof Advertise>;

export const NamedAdvertisement = z.strictObject({ ...inNamespace, swarmId: SwarmId });
export type NamedAdvertisement = z.infer<typeof NamedAdvertisement>;
/** `withdrawn`: whether there was one. What is known of the swarm by its heartbeats stays. */
export const WithdrawnAdvertisement = z.object({ swarmId: SwarmId, withdrawn: z.boolean() });
export type WithdrawnAdvertisement = z.infer<typeof WithdrawnAdvertisement>;

/** By what an entry is known: what a swarm says in its heartbeats, what was advertised, or both. */
export const DIRECTORY_SOURCES = ['heartbeat', 'advertisement', 'both'] as const;

/** What is known of one swarm. Where both are known the advertisement wins, and the capabilities are those of both. */
export const DirectoryEntry = z.object({
  swarmId: SwarmId,
  capabilities: z.array(Name).describe('each once, in their order'),
  region: Region.optional(),
  load: load.describe('0: idle, 1: full; of heartbeats the share of its slots that are held'),
  costPerSlotHour: costPerSlotHour.describe('USD for one slot, for an hour'),
  version,
  attributes: attributes.unwrap(),
  source: z.enum(DIRECTORY_SOURCES),
  state: z.enum(SWARM_STATES).optional().describe('of a swarm with heartbeats'),
  slots: z.number().int().positive().optional(),
  until: Instant.optional().describe(
    'of what was advertised: when it is gone, unless it is advertised again',
  ),
});
export type DirectoryEntry = z.infer<typeof DirectoryEntry>;

/** One value, or several: a parameter that is given several times is a list, and so is a text with commas. */
function anyOf<S extends z.ZodType>(one: S) {
  const asList = (given: unknown): unknown => (typeof given === 'string' ? given.split(',') : given);
  return z.preprocess(asList, z.array(one).min(1).max(LIMITS.LIST_ITEMS)).optional();
}

const conditions = {
  ...inNamespace,
  capability: anyOf(Name).describe('all of these are there'),
  region: anyOf(RegionPattern).describe('regions or patterns such as eu-*; any of them'),
  maxLoad: z.coerce.number().min(0).max(1).optional().describe('what says nothing of its load is left out'),
  maxCostPerSlotHour: z.coerce
    .number()
    .nonnegative()
    .optional()
    .describe('what says nothing of its price is left out'),
  version: Name.optional().describe('exactly this one'),
  attributes: recordOf(Name, AttributeAsked, LIMITS.LIST_ITEMS)
    .optional()
    .describe('numbers: at least; otherwise equal, or one of; or comparators such as {"<": 5}'),
};

/** What is looked for: all of it holds. */
export const DirectoryFilter = z.strictObject(conditions);
export type DirectoryFilter = z.infer<typeof DirectoryFilter>;

/** Lowest first; what says nothing of it comes last, and equal ones in the order of their ids. */
export const DIRECTORY_ORDERS = ['id', 'load', 'price'] as const;
export const SearchDirectory = z.strictObject({
  ...conditions,
  sort: z.enum(DIRECTORY_ORDERS).default('id'),
  limit: z.coerce.number().int().min(1).max(LIMITS.PAGE_ITEMS).default(100),
  cursor: z.string().max(512).optional().describe('"next" of the page before'),
});
export type SearchDirectory = z.infer<typeof SearchDirectory>;
export const DirectoryPage = z.object({
  items: z.array(DirectoryEntry),
  next: z.string().nullable(),
});
export type DirectoryPage = z.infer<typeof DirectoryPage>;

/** A place in the changes of one communicator: each has an order of its own. */
export const DirectoryPlace = z.object({
  replica: Token,
  seq: z.number().int().nonnegative(),
  begun: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('while an answer is not complete: where the reading began'),
});
export type DirectoryPlace = z.infer<typeof DirectoryPlace>;

/** What has changed behind a place; without one, all that is there. Waits where there is nothing to tell. */
export const DirectoryChangesQuery = z.strictObject({
  ...conditions,
  after: DirectoryPlace.optional(),
  waitMs: Millis.max(LIMITS.DIRECTORY_WAIT_MS).default(0),
});
export type DirectoryChangesQuery = z.infer<typeof DirectoryChangesQuery>;

/** Something that was not there, or is different; or is gone, or is none of what is looked for any more. */
export const DirectoryChange = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('put'), entry: DirectoryEntry }),
  z.object({ kind: z.literal('delete'), swarmId: SwarmId }),
]);
export type DirectoryChange = z.infer<typeof DirectoryChange>;

export const DirectoryChanges = z.object({
  place: DirectoryPlace,
  reset: z.boolean().describe('it begins anew: what does not come until `complete` is gone'),
  complete: z.boolean().describe('all that has changed by now is told; else ask on behind the place'),
  changes: z.array(DirectoryChange),
});
export type DirectoryChanges = z.infer<typeof DirectoryChanges>;
