import { z } from 'zod';
import { TaskId } from './ids';
import { LIMITS } from './limits';
import { Json } from './json';
import { Millis, SwarmId } from './names';
import { TaskState } from './task';

/** How severe a log line is. */
export const STREAM_LEVELS = ['info', 'warn', 'error'] as const;

const said = {
  at: Millis.describe('epoch ms, by the clock of the swarm'),
  kind: z
    .enum(['log', 'output', 'progress'])
    .describe('a line of its log; a part of its output; how far it is'),
  level: z.enum(STREAM_LEVELS).optional().describe('of a log line'),
  message: z.string().max(LIMITS.STREAM_ENTRY_BYTES).optional().describe('of a log line or a progress'),
  fields: z.record(z.string(), Json).optional().describe('of a log line'),
  output: Json.optional().describe('a part of the output, as the agent gives it'),
  fraction: z.number().min(0).max(1).optional().describe('of a progress'),
};

/** Something that a running attempt says. */
export const StreamEntry = z.object({
  seq: z
    .number()
    .int()
    .positive()
    .describe('from 1 on, within its attempt; a number that is missing was lost'),
  ...said,
});
export type StreamEntry = z.infer<typeof StreamEntry>;

/** Swarm → the stream of attempts: what one attempt has said since its last message. */
export const StreamBatch = z.object({
  v: z.literal(1),
  taskId: TaskId,
  attempt: z.number().int().positive(),
  swarmId: SwarmId,
  entries: z.array(StreamEntry).min(1),
});
export type StreamBatch = z.infer<typeof StreamBatch>;

/** The same, as who watches gets it. */
export const StreamItem = z.object({
  ...said,
  attempt: z.number().int().positive(),
  seq: z.number().int().positive(),
  kind: z.enum(['log', 'output', 'progress', 'gap']).describe('gap: what was said there is lost'),
  until: z.number().int().positive().optional().describe('of a gap: the last number that is lost'),
  stale: z.literal(true).optional().describe('said after a newer attempt had begun: it counts for nothing'),
});
export type StreamItem = z.infer<typeof StreamItem>;

/** Where a reader of a task's stream is: `<attempt>-<sequence in the stream>-<number of the entry>`. */
export const StreamPosition = z
  .string()
  .regex(
    /^\d{1,9}-\d{1,15}-\d{1,15}$/,
    'not a position in this stream: take the last one you received as it is',
  );

export const TaskLogsQuery = z.strictObject({
  id: TaskId,
  attempt: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000_000)
    .optional()
    .describe('one attempt; else all, one after the other'),
  after: StreamPosition.optional().describe('what follows this position'),
  limit: z.coerce.number().int().min(1).max(LIMITS.PAGE_ITEMS).default(100),
  waitMs: z.coerce
    .number()
    .int()
    .min(0)
    .max(LIMITS.WAIT_MS)
    .default(0)
    .describe('where there is nothing: hold the answer until there is something, or the end'),
});
export type TaskLogsQuery = z.output<typeof TaskLogsQuery>;

export const TaskLogs = z.object({
  items: z.array(StreamItem),
  next: StreamPosition.describe('to be given as `after`'),
  ended: z.boolean().describe('nothing will follow'),
  state: TaskState,
});
export type TaskLogs = z.infer<typeof TaskLogs>;
