import { z } from 'zod';
import { LIMITS } from './limits';
import { Instant, Name } from './names';

/** As a label, or made of what a swarm offers: any printable text. */
export const SwarmClass = z
  .string()
  .min(1)
  .max(LIMITS.NAME_CHARS)
  .regex(/^[ -~]+$/, 'printable ASCII characters');

const count = z.number().nonnegative();
const usd = z.number().nonnegative();

/** What the load-balancer has learned of one type of work on one class of swarms. */
export const LearnedPair = z.object({
  type: Name,
  swarmClass: SwarmClass,
  seen: z.number().int().nonnegative().describe('attempts that were ever heard of'),
  successes: count.describe('decayed: an attempt that is a half-life old counts half'),
  failures: count,
  successRate: z.number().min(0).max(1).describe('that is expected, drawn towards that of all classes'),
  durations: z
    .object({ meanMs: count, p50Ms: count, p90Ms: count, p99Ms: count })
    .optional()
    .describe('of attempts that have succeeded'),
  costPerSlotHour: usd.describe('USD that its slots have cost on average'),
  costPerAttempt: usd,
  costToSuccess: usd.describe('USD until one succeeds, with what failures cost beside their slots'),
  lastAt: Instant.describe('when the last attempt ended'),
});
export type LearnedPair = z.infer<typeof LearnedPair>;

export const LEARNING_COMMANDS = ['freeze', 'unfreeze', 'reset'] as const;

const who = {
  requestedBy: z
    .string()
    .min(1)
    .max(LIMITS.NAME_CHARS)
    .optional()
    .describe('who asks; kept with the command'),
  reason: z.string().min(1).max(LIMITS.ERROR_MESSAGE_CHARS).describe('why; kept with the command'),
};
const scope = {
  type: Name.optional().describe('only this type of work'),
  swarmClass: SwarmClass.optional().describe('only this class of swarms'),
};

/** Something that was told to the learning of all replicas. */
export const LearningCommand = z.object({
  revision: z.number().int().positive(),
  kind: z.enum(LEARNING_COMMANDS),
  ...scope,
  ...who,
  requestedBy: z.string(),
  at: Instant,
});
export type LearningCommand = z.infer<typeof LearningCommand>;

/** Learns nothing more until it is unfrozen; what is known is used on, and does not fade. */
export const FreezeLearning = z.strictObject(who);
export type FreezeLearning = z.infer<typeof FreezeLearning>;
/** Forgets what was learned: of a type, of a class, of a type on a class, or everything. */
export const ResetLearning = z.strictObject({ ...scope, ...who });
export type ResetLearning = z.infer<typeof ResetLearning>;

export const ListLearningQuery = z.strictObject({
  ...scope,
  limit: z.coerce.number().int().min(1).max(LIMITS.PAGE_ITEMS).default(100),
  cursor: z
    .string()
    .max(3 * LIMITS.NAME_CHARS)
    .optional(),
});
export type ListLearningQuery = z.infer<typeof ListLearningQuery>;

/** By type and class, as the replica that answers has learned them. */
export const LearningPage = z.object({
  items: z.array(LearnedPair),
  next: z.string().nullable(),
  frozen: LearningCommand.omit({ type: true, swarmClass: true })
    .optional()
    .describe('the command that froze it, while it is frozen'),
  halfLifeMs: z.number().positive(),
  commands: z.array(LearningCommand).describe('the last ones, newest first'),
});
export type LearningPage = z.infer<typeof LearningPage>;

/** Published to all replicas: a command of this revision is in the store. */
export const LearningChanged = z.object({ v: z.literal(1), revision: z.number().int() });
export type LearningChanged = z.infer<typeof LearningChanged>;
