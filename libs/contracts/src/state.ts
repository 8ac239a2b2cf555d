import { z } from 'zod';
import { Json } from './json';
import { LIMITS } from './limits';
import { Instant, Namespace, Token } from './names';

/** A bucket of shared state, inside its namespace. */
export const StateBucketName = Token.max(LIMITS.STATE_NAME_CHARS);
/** A key: words with dots between them, so that a filter can stand for many. */
export const StateKey = z
  .string()
  .max(LIMITS.STATE_KEY_CHARS)
  .regex(
    /^[A-Za-z0-9_=-]+(\.[A-Za-z0-9_=-]+)*$/,
    'words of letters, digits, _ = and -, with dots between them, such as plan.step-1',
  );
/** Keys by pattern: `*` stands for one word, `>` at the end for one or more. */
export const StateFilter = z
  .string()
  .max(LIMITS.STATE_KEY_CHARS)
  .regex(
    /^(>|([A-Za-z0-9_=-]+|\*)(\.([A-Za-z0-9_=-]+|\*))*(\.>)?)$/,
    'a key, or a pattern of keys such as plan.* or plan.>',
  );

const IfRevision = z
  .number()
  .int()
  .nonnegative()
  .describe('only where this is the revision of the key; 0: only where the key is not there');
const inBucket = { namespace: Namespace.default('default'), bucket: StateBucketName };

/** One revision of one key. `value` is missing where the key was deleted. Revisions of a bucket only grow, over all of its keys. */
export const StateEntry = z.object({
  bucket: z.string(),
  key: z.string(),
  revision: z.number().int().positive(),
  value: Json.optional(),
  deleted: z.boolean(),
  at: Instant.describe('when it was stored, by the clock of the NATS server'),
});
export type StateEntry = z.infer<typeof StateEntry>;

export const ReadState = z.strictObject({
  ...inBucket,
  key: StateKey,
  revision: z.coerce
    .number()
    .int()
    .positive()
    .optional()
    .describe('an earlier revision, as far as the bucket keeps it'),
});
export type ReadState = z.infer<typeof ReadState>;

export const WriteState = z.strictObject({
  ...inBucket,
  key: StateKey,
  value: Json,
  ifRevision: IfRevision.optional(),
});
export type WriteState = z.infer<typeof WriteState>;

export const DeleteState = z.strictObject({ ...inBucket, key: StateKey, ifRevision: IfRevision.optional() });
export type DeleteState = z.infer<typeof DeleteState>;

/** What a write came to. */
export const StateRevision = z.object({
  bucket: z.string(),
  key: z.string(),
  revision: z.number().int().positive(),
});
export type StateRevision = z.infer<typeof StateRevision>;

/** What is gone: a key, or a whole bucket. */
export const RemovedState = z.object({ bucket: z.string(), key: z.string().optional() });
export type RemovedState = z.infer<typeof RemovedState>;

export const ListState = z.strictObject({
  ...inBucket,
  filter: StateFilter.default('>'),
  limit: z.coerce.number().int().min(1).max(LIMITS.PAGE_ITEMS).default(100),
  cursor: z.string().max(LIMITS.STATE_KEY_CHARS).optional(),
});
export type ListState = z.infer<typeof ListState>;
export const StateKeyPage = z.object({ items: z.array(z.string()), next: z.string().nullable() });
export type StateKeyPage = z.infer<typeof StateKeyPage>;

export const StateHistory = z.object({ items: z.array(StateEntry).describe('oldest first') });
export type StateHistory = z.infer<typeof StateHistory>;

/** What a bucket is made with; a bucket that nobody has made is made by its first write, with the defaults. */
export const StateBucketOptions = z.strictObject({
  history: z
    .number()
    .int()
    .min(1)
    .max(LIMITS.STATE_HISTORY)
    .default(LIMITS.STATE_HISTORY_BY_DEFAULT)
    .describe('revisions that are kept of each key'),
  ttlMs: z
    .number()
    .int()
    .min(LIMITS.STATE_LEAST_TTL_MS)
    .max(LIMITS.DURATION_MS)
    .optional()
    .describe('keys that nobody has written for so long are gone'),
});
export type StateBucketOptions = z.infer<typeof StateBucketOptions>;

export const MakeStateBucket = z.strictObject({ ...inBucket, options: StateBucketOptions });
export type MakeStateBucket = z.infer<typeof MakeStateBucket>;
export const NamedStateBucket = z.strictObject(inBucket);
export type NamedStateBucket = z.infer<typeof NamedStateBucket>;

export const StateBucketView = z.object({
  namespace: Namespace,
  bucket: z.string(),
  history: z.number().int().positive(),
  ttlMs: z.number().int().positive().optional(),
  replicas: z.number().int().positive(),
  keys: z.number().int().nonnegative().describe('also those that were deleted, while their deletion is kept'),
  bytes: z.number().int().nonnegative(),
  revision: z.number().int().nonnegative().describe('the newest one of the bucket'),
});
export type StateBucketView = z.infer<typeof StateBucketView>;

export const ListStateBuckets = z.strictObject({ namespace: Namespace.default('default') });
export type ListStateBuckets = z.infer<typeof ListStateBuckets>;
export const StateBucketPage = z.object({ items: z.array(StateBucketView) });
export type StateBucketPage = z.infer<typeof StateBucketPage>;

/** The KV bucket of NATS in which a bucket is. Names cannot collide: the first number is the length of the namespace. */
export function stateBucketId(namespace: string, bucket: string): string {
  return `${statePrefix(namespace)}${bucket}`;
}

/** What the names of all buckets of a namespace begin with. */
export function statePrefix(namespace: string): string {
  return `ms-state-${namespace.length}-${namespace}-`;
}
