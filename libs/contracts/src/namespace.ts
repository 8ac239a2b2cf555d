import { z } from 'zod';
import { LIMITS } from './limits';
import { Name, Namespace, recordOf } from './names';
import { NamespaceRouting } from './routing';
import { Priority } from './task';

/** So many starts in any window of `perMs`. */
export const RateLimit = z.strictObject({
  tasks: z.number().int().min(1).max(1_000_000),
  perMs: z
    .number()
    .int()
    .min(1)
    .max(24 * 3_600_000),
});
export type RateLimit = z.infer<typeof RateLimit>;

export const Limit = z
  .strictObject({
    concurrency: z
      .number()
      .int()
      .min(0)
      .max(1_000_000)
      .optional()
      .describe('attempts at the same time; 0 stops all'),
    rate: RateLimit.optional(),
  })
  .refine(
    (limit) => limit.concurrency !== undefined || limit.rate !== undefined,
    'give a concurrency, a rate, or both',
  );
export type Limit = z.infer<typeof Limit>;

/** A limit key, or a prefix with a star at its end: then every key that begins so has a limit of its own. */
export const LimitPattern = z
  .string()
  .max(LIMITS.NAME_CHARS)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.:/-]*\*?$/, 'a limit key, or a prefix and a star such as customer:*');

const Weight = z.number().min(0.001).max(1_000);

/** What a platform engineer sets for one namespace. PUT replaces the whole. */
export const NamespaceSettings = z.strictObject({
  weight: Weight.default(1).describe('share of the slots beside other namespaces of the same priority'),
  fairnessWeights: recordOf(Name, Weight)
    .refine(
      (weights) => Object.keys(weights).length <= LIMITS.NAMESPACE_WEIGHTS,
      `at most ${LIMITS.NAMESPACE_WEIGHTS} weights`,
    )
    .default({})
    .describe('share of each fairness key inside the namespace; 1 where none is set'),
  limit: Limit.optional().describe('for all tasks of the namespace together'),
  limits: recordOf(LimitPattern, Limit)
    .refine(
      (limits) => Object.keys(limits).length <= LIMITS.NAMESPACE_LIMITS,
      `at most ${LIMITS.NAMESPACE_LIMITS} limits`,
    )
    .default({})
    .describe('by the limit keys that tasks name; the longest pattern that fits a key counts'),
  retentionMs: z
    .number()
    .int()
    .min(1_000)
    .max(LIMITS.DURATION_MS)
    .optional()
    .describe('how long ended tasks and their histories are kept; TASK_RETENTION_MS where not set'),
  eventRetentionMs: z
    .number()
    .int()
    .min(1_000)
    .max(LIMITS.DURATION_MS)
    .optional()
    .describe('how long events are shown in the stream of events, at most as long as it keeps them'),
  routing: NamespaceRouting.optional().describe('how its tasks are placed'),
  priorityCeiling: Priority.optional().describe('tasks that ask for more get this'),
});
export type NamespaceSettings = z.infer<typeof NamespaceSettings>;

/** As it is read. A namespace that nobody has set has the defaults and revision 0. */
export const NamespaceView = NamespaceSettings.extend({
  namespace: Namespace,
  revision: z.number().int().nonnegative(),
});
export type NamespaceView = z.infer<typeof NamespaceView>;
export const NamespacePage = z.object({ items: z.array(NamespaceView), next: z.string().nullable() });
export type NamespacePage = z.infer<typeof NamespacePage>;

export const PutNamespace = z.object({
  namespace: Namespace,
  settings: NamespaceSettings,
  ifRevision: z.number().int().nonnegative().optional(),
});
export type PutNamespace = z.infer<typeof PutNamespace>;
/** Published to all replicas: settings of this revision are in the store. */
export const NamespaceChanged = z.object({
  v: z.literal(1),
  namespace: Namespace,
  revision: z.number().int(),
});
export type NamespaceChanged = z.infer<typeof NamespaceChanged>;
