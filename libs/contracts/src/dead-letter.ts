import { z } from 'zod';
import { Event } from './event';
import { TaskId } from './ids';
import { LIMITS } from './limits';
import { Json } from './json';
import { IdempotencyKey, Instant, Name, Namespace, Region, SwarmId } from './names';
import { PayloadRef } from './payload';
import { AttemptRecord, Priority, TaskError, TaskState } from './task';

/** The ends after which a lone task is listed as a dead letter, until somebody opens it again or takes it off the list. */
export const DEAD_STATES = ['failed', 'expired'] as const;
export const DeadState = z.enum(DEAD_STATES);
export type DeadState = z.infer<typeof DeadState>;

/** Why nothing more was tried. */
export const DEAD_LETTER_CAUSES = [
  'attempts-used-up',
  'not-retryable',
  'attempts-lost',
  'time-used-up',
  'deadline-passed',
  'never-started',
  'signal-missing',
] as const;

const conditions = {
  namespace: Namespace.optional(),
  type: Name.optional(),
  code: z.string().min(1).max(LIMITS.NAME_CHARS).optional().describe('code of the error with which it ended'),
  state: DeadState.optional(),
  endedAfter: Instant.optional().describe('ended then or later'),
  endedBefore: Instant.optional().describe('ended earlier than that'),
};

export const DeadLetterFilter = z.strictObject(conditions);
export type DeadLetterFilter = z.infer<typeof DeadLetterFilter>;

export const ListDeadLettersQuery = z.strictObject({
  ...conditions,
  limit: z.coerce.number().int().min(1).max(LIMITS.PAGE_ITEMS).default(50),
  cursor: z.string().max(256).optional(),
});
export type ListDeadLettersQuery = z.infer<typeof ListDeadLettersQuery>;
export const GetDeadLetterQuery = z.strictObject({ id: TaskId });

/** A dead letter as lists show it. */
export const DeadLetter = z.object({
  id: z.string(),
  type: Name,
  namespace: Namespace,
  state: DeadState,
  cause: z.enum(DEAD_LETTER_CAUSES).describe('why nothing more was tried'),
  error: TaskError.optional(),
  createdAt: Instant,
  endedAt: Instant,
  priority: Priority,
  attempt: z.number().int().nonnegative().describe('number of its last attempt, 0 where it had none'),
  failures: z
    .number()
    .int()
    .nonnegative()
    .describe('attempts that failed since it was submitted or reopened'),
  losses: z.number().int().nonnegative().describe('attempts that were lost with their swarms'),
  swarmId: SwarmId.optional().describe('of the last attempt'),
  region: Region.optional(),
  cost: z.number().nonnegative().describe('USD, all attempts'),
  notRedrivable: z.string().optional().describe('why it cannot be redriven, where it cannot'),
  traceId: z.string(),
});
export type DeadLetter = z.infer<typeof DeadLetter>;

export const DeadLetterDetail = DeadLetter.extend({
  input: Json,
  inputRef: PayloadRef.optional(),
  attempts: z.array(AttemptRecord),
  history: z.array(Event).describe('oldest first'),
});
export type DeadLetterDetail = z.infer<typeof DeadLetterDetail>;

/** How many dead letters there are, over all that match. */
export const DeadLetterCounts = z.object({
  total: z.number().int().nonnegative(),
  complete: z.boolean().describe('false where there are more than are counted at once'),
  byCode: z
    .array(z.object({ code: z.string(), count: z.number().int() }))
    .describe('most first; the empty code is none'),
  byType: z.array(z.object({ type: z.string(), count: z.number().int() })).describe('most first'),
});
export type DeadLetterCounts = z.infer<typeof DeadLetterCounts>;

export const DeadLetterPage = z.object({
  items: z.array(DeadLetter),
  next: z.string().nullable(),
  counts: DeadLetterCounts.optional().describe('with the first page: all that match, not only those shown'),
});
export type DeadLetterPage = z.infer<typeof DeadLetterPage>;

const target = {
  ids: z.array(TaskId).min(1).max(LIMITS.DEAD_LETTERS_AT_ONCE).optional(),
  filter: DeadLetterFilter.optional().describe('all that match, newest first'),
  all: z.boolean().optional().describe('in place of a filter without any condition'),
  limit: z
    .number()
    .int()
    .min(1)
    .max(LIMITS.DEAD_LETTERS_AT_ONCE)
    .optional()
    .describe(`of a filter or all: at most so many, ${LIMITS.DEAD_LETTERS_BY_DEFAULT} where it is left out`),
  cursor: z.string().max(256).optional().describe('of a filter or all: "next" of the answer before'),
  dryRun: z.boolean().default(false).describe('only tell what would happen'),
  requestedBy: z.string().min(1).max(LIMITS.NAME_CHARS).optional().describe('who asks; kept in the history'),
  reason: z.string().min(1).max(LIMITS.METADATA_VALUE_CHARS).optional().describe('why; kept in the history'),
};

export const RedriveDeadLetters = z
  .strictObject({
    ...target,
    idempotencyKey: IdempotencyKey.optional().describe(
      'a repetition with the same key redrives no task a second time, also where it failed again',
    ),
  })
  .superRefine(targetFaults);
export type RedriveDeadLetters = z.infer<typeof RedriveDeadLetters>;

export const PurgeDeadLetters = z.strictObject(target).superRefine(targetFaults);
export type PurgeDeadLetters = z.infer<typeof PurgeDeadLetters>;

/** Which dead letters are meant must be said in exactly one way, and "all of them" in so many words. */
function targetFaults(
  given: Pick<PurgeDeadLetters, 'ids' | 'filter' | 'all' | 'limit' | 'cursor'>,
  context: z.core.$RefinementCtx,
): void {
  const { ids, filter, all, limit, cursor } = given;
  const isEmpty = filter !== undefined && Object.values(filter).every((value) => value === undefined);
  const fault = (name: string, message: string): void =>
    void context.addIssue({ code: 'custom', path: [name], message });
  if (ids !== undefined) {
    if (filter !== undefined) fault('filter', 'give either ids or a filter');
    if (all) fault('all', 'give either ids or all');
    if (limit !== undefined) fault('limit', 'a limit belongs to a filter: ids are taken as they are');
    if (cursor !== undefined) fault('cursor', 'a cursor belongs to a filter: ids are taken as they are');
  } else if (all) {
    if (filter !== undefined && !isEmpty) fault('all', 'give either a filter or all');
  } else if (filter === undefined) fault('ids', 'missing: say which by ids or a filter, or all: true');
  else if (isEmpty) fault('filter', 'has no condition: say all: true where all dead letters are meant');
}

export const DeadLetterResult = z.object({
  id: z.string(),
  outcome: z
    .enum(['redriven', 'purged', 'unchanged', 'refused'])
    .describe('unchanged: there is nothing left to do'),
  state: TaskState.optional().describe('of the task afterwards; with a dry run, now'),
  error: z.object({ code: z.string(), detail: z.string() }).optional().describe('why it is refused'),
});
export type DeadLetterResult = z.infer<typeof DeadLetterResult>;

/** What became of each. With a dry run: what would. */
export const DeadLetterReply = z.object({
  dryRun: z.boolean(),
  done: z.number().int().describe('redriven or purged'),
  unchanged: z.number().int(),
  refused: z.number().int(),
  items: z.array(DeadLetterResult),
  next: z.string().nullable().describe('of a filter or all: where to go on, null where there are no more'),
});
export type DeadLetterReply = z.infer<typeof DeadLetterReply>;
