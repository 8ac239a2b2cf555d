import { z } from 'zod';
import { WorkflowId } from './ids';
import { LIMITS } from './limits';
import { Instant, Namespace, RegionPattern } from './names';
import { TaskState } from './task';

const NAME_PATTERN = /^[A-Za-z0-9*][A-Za-z0-9_.:/*-]*$/;
const LABEL = /^([A-Za-z0-9][A-Za-z0-9_.:/-]*)(?:=([\s\S]*))?$/;
const LABEL_CHARS = LIMITS.NAME_CHARS + 1 + LIMITS.METADATA_VALUE_CHARS;

/** `report.*` matches `report.daily`; everything but `*` is literal. */
const NamePattern = z
  .string()
  .max(LIMITS.NAME_CHARS)
  .regex(NAME_PATTERN, 'a name, or a pattern such as report.*');
const Label = z
  .string()
  .max(LABEL_CHARS)
  .regex(LABEL, 'key=value, or the key alone: an entry of the metadata, such as customer=acme');

/** One value, or several: a parameter that is given several times is a list. */
function many<S extends z.ZodType>(one: S) {
  return z.union([one, z.array(one).min(1).max(LIMITS.LIST_ITEMS)]);
}

/** The same of what has no commas: a text with commas is a list, too. */
function anyOf<S extends z.ZodType>(one: S) {
  const asList = (given: unknown): unknown =>
    typeof given === 'string' && given.includes(',') ? given.split(',') : given;
  return z.preprocess(asList, many(one)).optional();
}

const conditions = {
  state: anyOf(TaskState).describe('any of these states'),
  type: anyOf(NamePattern).describe('any of these types, or patterns such as report.*'),
  namespace: anyOf(Namespace).describe('any of these namespaces'),
  swarm: anyOf(NamePattern).describe('held by, or ended at, any of these swarms, or patterns such as eu-*'),
  region: anyOf(RegionPattern).describe('held or ended in any of these regions, or patterns such as eu-*'),
  code: many(z.string().min(1).max(LIMITS.NAME_CHARS))
    .optional()
    .describe(
      'any of these error codes: of the error with which it ended, or for which it is to be tried again',
    ),
  label: many(Label)
    .optional()
    .describe('entries of the metadata, as key=value or by the key alone; all of them must be there'),
  text: many(z.string().min(1).max(LIMITS.SEARCH_TEXT_CHARS))
    .optional()
    .describe(
      'words that must all occur somewhere in keys or values of the metadata, in upper or lower case',
    ),
  createdAfter: Instant.optional().describe('created then or later'),
  createdBefore: Instant.optional().describe('created earlier than that'),
  endedAfter: Instant.optional().describe('has ended, then or later'),
  endedBefore: Instant.optional().describe('has ended, earlier than that'),
  updatedAfter: Instant.optional().describe('in its present state since then or later'),
  updatedBefore: Instant.optional().describe('in its present state since earlier than that'),
};

/** Which tasks are meant: all conditions must hold. */
export const TaskFilter = z.strictObject(conditions).superRefine(timeFaults);
export type TaskFilter = z.infer<typeof TaskFilter>;

/** By which time a list is ordered, newest first. */
export const TASK_ORDERS = ['created', 'updated'] as const;
export const TaskOrder = z.enum(TASK_ORDERS);
export type TaskOrder = z.infer<typeof TaskOrder>;

export const ListTasksQuery = z
  .strictObject({
    ...conditions,
    workflow: WorkflowId.optional().describe('the steps of this workflow, in its order'),
    order: TaskOrder.optional().describe(
      'newest first, by the time of creation (default) or of the last change of state',
    ),
    limit: z.coerce.number().int().min(1).max(LIMITS.PAGE_ITEMS).default(50),
    cursor: z.string().max(256).optional().describe('"next" of the page before'),
  })
  .superRefine((query, context) => {
    timeFaults(query, context);
    if (query.workflow !== undefined && query.order !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['order'],
        message: 'the steps of a workflow are listed in its order: leave it out',
      });
  });
export type ListTasksQuery = z.infer<typeof ListTasksQuery>;

/** What tasks can be counted by, beside any key of their metadata (`label:KEY`). */
export const TASK_GROUPS = ['state', 'type', 'namespace', 'swarm', 'region', 'code'] as const;
export type TaskGroup = (typeof TASK_GROUPS)[number];
const GROUP_TEXT = `${TASK_GROUPS.join(', ')}, or label:KEY for a key of the metadata`;

const GROUPING = new RegExp(`^(?:${TASK_GROUPS.join('|')}|label:[A-Za-z0-9][A-Za-z0-9_.:/-]*)$`);
const LABEL_PREFIX = 'label:';

export const TaskGrouping = z
  .string()
  .max(LABEL_PREFIX.length + LIMITS.NAME_CHARS)
  .regex(GROUPING, `expected ${GROUP_TEXT}`);

/** The key of the metadata that a grouping names; undefined where it names none. */
export function labelKeyOf(grouping: string): string | undefined {
  return grouping.startsWith(LABEL_PREFIX) ? grouping.slice(LABEL_PREFIX.length) : undefined;
}

export const CountTasksQuery = z
  .strictObject({ ...conditions, by: TaskGrouping.default('state').describe(GROUP_TEXT) })
  .superRefine(timeFaults);
export type CountTasksQuery = z.infer<typeof CountTasksQuery>;

export const TaskCounts = z.object({
  by: z.string(),
  total: z.number().int().nonnegative().describe('all that match'),
  groups: z
    .array(z.object({ value: z.string().nullable(), count: z.number().int().positive() }))
    .describe('most first; null counts the tasks that have none'),
  others: z
    .number()
    .int()
    .nonnegative()
    .describe('in groups that are not listed, since there are too many, or their values too long'),
});
export type TaskCounts = z.infer<typeof TaskCounts>;

/** A label that is asked for. `value` is undefined where the key alone is. */
export function parseLabel(label: string): { key: string; value: string | undefined } {
  const [, key = label, value] = LABEL.exec(label) ?? [];
  return { key, value };
}

const RANGES = ['created', 'ended', 'updated'] as const;

/** A range that holds no time is a mistake, not a question. */
function timeFaults(filter: TaskFilter, context: z.core.$RefinementCtx): void {
  for (const range of RANGES) {
    const [after, before] = [filter[`${range}After`], filter[`${range}Before`]];
    if (after === undefined || before === undefined || Date.parse(after) < Date.parse(before)) continue;
    const message = `must be later than ${range}After (${after}): nothing can lie between the two`;
    context.addIssue({ code: 'custom', path: [`${range}Before`], message });
  }
}
