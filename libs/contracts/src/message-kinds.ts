import { z } from 'zod';
import { MultiswarmError } from './errors';
import { parseFitting, summarize, type Parsed } from './findings';
import { TaskId } from './ids';
import { Json, type JsonValue } from './json';
import { LIMITS } from './limits';
import type { MESSAGE_KINDS } from './message';
import { Instant, Name, recordOf, Region, RegionPattern, Scalar } from './names';
import { OfferId } from './offer';
import { Requirements, Resources } from './requirements';

const shared = {
  details: Json.optional().describe('whatever else both sides agree on'),
};
const Text = z.string().max(LIMITS.METADATA_VALUE_CHARS);
const Share = z.number().min(0).max(1);
const Price = z.number().nonnegative();

/** Asks a swarm for a piece of work. What it comes to is a `task-response`, under the same correlation id. */
export const TaskRequest = z.object({
  type: Name.describe('what kind of work'),
  input: Json.optional(),
  requirements: Requirements.optional().describe(
    'what the work needs, where whoever is asked submits a task',
  ),
  deadline: Instant.optional().describe('when an answer is of no use any more'),
  ...shared,
});

export const TASK_RESPONSES = ['accepted', 'declined', 'succeeded', 'failed'] as const;
/** What came of a `task-request`; also what a handler of one returns. */
export const TaskResponse = z.object({
  state: z.enum(TASK_RESPONSES).describe('accepted: the end will be told later, or in the task'),
  taskId: TaskId.optional().describe('the durable task that does it'),
  output: Json.optional(),
  reason: Text.optional().describe('why it was declined, or has failed'),
  ...shared,
});

/** Tells of resources that a swarm can spare. To have them claimed by one, make an offer, and name it here. */
export const ResourceOffer = z.object({
  resources: Resources,
  offerId: OfferId.optional().describe('what can be claimed'),
  pricePerHour: Price.optional().describe('USD, for all of it'),
  region: Region.optional(),
  from: Instant.optional(),
  until: Instant.optional(),
  ...shared,
});

/** Tells what resources a swarm would borrow. */
export const ResourceRequest = z.object({
  resources: Resources,
  maxPricePerHour: Price.optional().describe('USD, for all of it'),
  region: z.array(RegionPattern).max(LIMITS.LIST_ITEMS).optional().describe('any of these'),
  from: Instant.optional(),
  until: Instant.optional(),
  ...shared,
});

/** Tells what a swarm can do. To be found by it, advertise in the directory. */
export const CapabilityAdvertisement = z.object({
  capabilities: z.array(Name).min(1).max(LIMITS.LIST_ITEMS),
  region: Region.optional(),
  load: Share.optional().describe('0: idle, 1: full'),
  costPerSlotHour: Price.optional().describe('USD for one slot, for an hour'),
  version: Name.optional(),
  attributes: recordOf(Name, z.union([Scalar, z.array(Scalar).max(LIMITS.LIST_ITEMS)]), LIMITS.LIST_ITEMS)
    .optional()
    .describe('whatever else is to be known, by name'),
  ...shared,
});

/** Tells how something is: a swarm, a task, a plan. */
export const StatusUpdate = z.object({
  subject: Text.optional().describe('what it is about; the sender, unless given'),
  state: Name.optional(),
  progress: Share.optional(),
  load: Share.optional().describe('0: idle, 1: full'),
  message: Text.optional(),
  ...shared,
});

/** Tells the newest version of some state. Whoever knows a later one leaves it. */
export const StateSync = z.object({
  name: Text.min(1).describe('which state, such as a key of shared state'),
  version: z
    .number()
    .int()
    .nonnegative()
    .describe('grows with each change, such as a revision of shared state'),
  state: Json.optional(),
  deleted: z.boolean().optional(),
  ...shared,
});

/** Tells that something has happened. */
export const NamedEvent = z.object({
  name: Name.describe('what has happened'),
  at: Instant.optional(),
  ...shared,
});

export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** What the data of the common kinds has. A message that has come may have more: its sender may be of a later version. */
export const MESSAGE_DATA = {
  'task-request': TaskRequest,
  'task-response': TaskResponse,
  'resource-offer': ResourceOffer,
  'resource-request': ResourceRequest,
  'capability-advertisement': CapabilityAdvertisement,
  'status-update': StatusUpdate,
  'state-sync': StateSync,
  event: NamedEvent,
} as const satisfies Record<MessageKind, z.ZodObject>;

/** What is sent has no field that nobody knows: it is most likely misspelt. */
const SENT: ReadonlyMap<string, z.ZodType> = new Map(
  Object.entries(MESSAGE_DATA).map(([kind, { shape }]) => [kind, z.strictObject(shape)]),
);

/**
 * Holds the data of a message that is to be sent against its kind; data of a kind of somebody's own may be anything.
 * @throws MultiswarmError `invalid-request`, with the place of each fault, such as `/data/type`
 */
export function assertKindData(kind: string, data: JsonValue): void {
  const schema = SENT.get(kind);
  if (schema !== undefined) fittingOrThrow(kind, parseFitting(schema, data, ['data']));
}

/** @throws MultiswarmError `invalid-request` where the data does not fit */
export function fittingOrThrow<T>(kind: string, parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  const { findings } = parsed;
  const what = SENT.has(kind)
    ? `: what is none of its fields goes into "details", and a kind of your own has any data`
    : '';
  throw new MultiswarmError(
    'invalid-request',
    `the data of "${kind}" does not fit: ${summarize(findings)}${what}`,
    { findings },
  );
}
