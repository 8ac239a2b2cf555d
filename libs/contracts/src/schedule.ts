import { z } from 'zod';
import { who } from './api';
import { LIMITS } from './limits';
import { Json } from './json';
import { IdempotencyKey, Instant, Name, Namespace, Span } from './names';
import { TaskError } from './task';
import { WorkflowState } from './workflow';

const namespace = Namespace.default('default');
const text = z.string().max(LIMITS.METADATA_VALUE_CHARS);

/** Shorter than other names: with a time behind it it is the idempotency key of a run. */
export const ScheduleName = Name.max(LIMITS.SCHEDULE_NAME_CHARS);

/**
 * What becomes of a time at which a run of the schedule is still going on. skip: it starts none. buffer-one: one waits for the end,
 * later ones start none. buffer-all: they wait, and start one after the other. cancel-other: what runs is cancelled, and the
 * newest time starts when it has ended. allow: it starts all the same.
 */
export const OVERLAPS = ['skip', 'buffer-one', 'buffer-all', 'cancel-other', 'allow'] as const;
export const Overlap = z.enum(OVERLAPS);
export type Overlap = z.infer<typeof Overlap>;

const timing = {
  cron: z
    .string()
    .min(1)
    .max(LIMITS.CRON_CHARS)
    .describe(
      'minute, hour, day of month, month, day of week; or @hourly, @daily, @weekly, @monthly, @yearly',
    ),
  timeZone: z
    .string()
    .min(1)
    .max(LIMITS.NAME_CHARS)
    .describe('of the IANA database, such as Europe/Berlin; UTC unless given'),
  from: Instant.describe('no time before it'),
  until: Instant.describe('no time behind it'),
};
const conduct = {
  overlap: Overlap.describe('what becomes of a time while an earlier run goes on; skip unless given'),
  jitterMs: z
    .number()
    .int()
    .min(0)
    .max(LIMITS.SCHEDULE_JITTER_MS)
    .describe('a run starts up to so much later, never behind the next time; the same for each repetition'),
  catchUpMs: z
    .number()
    .int()
    .min(LIMITS.SCHEDULE_LEAST_CATCH_UP_MS)
    .max(LIMITS.SCHEDULE_CATCH_UP_MS)
    .describe('a time that nobody could start at is made up for so long; a day unless given'),
  timeField: Name.describe(
    'field of the input, an object then, in which a run gets the time it is started for',
  ),
  description: text.describe('what it is for'),
};
const workflow = z
  .record(z.string(), Json)
  .describe(
    'what it starts, as `POST /v1/workflows` takes it, without namespace and idempotencyKey: `tasks` and `dependencies`, or `definition` and `version` (the newest at each start, unless given), and `input`',
  );

/** What a schedule is: when it starts what. */
export const ScheduleSpec = z.strictObject({
  cron: timing.cron,
  timeZone: timing.timeZone.default('UTC'),
  from: timing.from.optional(),
  until: timing.until.optional(),
  overlap: conduct.overlap.default('skip'),
  jitterMs: conduct.jitterMs.default(0),
  catchUpMs: conduct.catchUpMs.default(24 * 3_600_000),
  timeField: conduct.timeField.optional(),
  description: conduct.description.optional(),
  workflow,
});
export type ScheduleSpec = z.output<typeof ScheduleSpec>;

const dryRun = z.boolean().default(false).describe('say what would be, and change nothing');

/** What `POST /v1/schedules` takes. */
export const CreateSchedule = ScheduleSpec.extend({
  namespace,
  name: ScheduleName,
  paused: z.boolean().default(false).describe('starts nothing until it is resumed'),
  note: text.optional().describe('why it is paused'),
  dryRun,
  ...who,
});
export type CreateSchedule = z.output<typeof CreateSchedule>;

/** What changes; null takes away what may be absent. */
export const UpdateScheduleBody = z.strictObject({
  namespace,
  cron: timing.cron.optional(),
  timeZone: timing.timeZone.optional(),
  from: timing.from.nullable().optional(),
  until: timing.until.nullable().optional(),
  overlap: conduct.overlap.optional(),
  jitterMs: conduct.jitterMs.optional(),
  catchUpMs: conduct.catchUpMs.optional(),
  timeField: conduct.timeField.nullable().optional(),
  description: conduct.description.nullable().optional(),
  workflow: workflow.optional(),
  dryRun,
  ...who,
});
export type UpdateScheduleBody = z.output<typeof UpdateScheduleBody>;
export const UpdateSchedule = UpdateScheduleBody.extend({ name: ScheduleName });
export type UpdateSchedule = z.output<typeof UpdateSchedule>;

const next = z.coerce.number().int().min(0).max(LIMITS.SCHEDULE_NEXT_TIMES).default(5);

export const GetScheduleQuery = z.strictObject({
  namespace,
  name: ScheduleName,
  next: next.describe('so many of the next times'),
  recent: z.coerce
    .number()
    .int()
    .min(0)
    .max(LIMITS.SCHEDULE_RECENT)
    .default(10)
    .describe('so many of the last times, and what came of them'),
});
export type GetScheduleQuery = z.output<typeof GetScheduleQuery>;
export const ListSchedulesQuery = z.strictObject({
  namespace: Namespace.optional().describe('only those of this tenant'),
  limit: z.coerce.number().int().min(1).max(LIMITS.PAGE_ITEMS).default(50),
  cursor: z.string().max(512).optional(),
});
export type ListSchedulesQuery = z.output<typeof ListSchedulesQuery>;

export const PauseScheduleRequest = z.strictObject({
  namespace,
  note: text.default('paused on request').describe('why'),
  ...who,
});
export const PauseSchedule = PauseScheduleRequest.extend({ name: ScheduleName });
export type PauseSchedule = z.output<typeof PauseSchedule>;
export const ResumeScheduleRequest = z.strictObject({ namespace, ...who });
export const ResumeSchedule = ResumeScheduleRequest.extend({ name: ScheduleName });
export type ResumeSchedule = z.output<typeof ResumeSchedule>;
export const DeleteSchedule = z.strictObject({ namespace, name: ScheduleName, ...who });
export type DeleteSchedule = z.output<typeof DeleteSchedule>;

/** One run now, also of a schedule that is paused. */
export const TriggerScheduleRequest = z.strictObject({
  namespace,
  overlap: conduct.overlap.optional().describe('for this run; as the schedule says, unless given'),
  idempotencyKey: IdempotencyKey.optional().describe('a repetition gets the answer of the first request'),
  ...who,
});
export const TriggerSchedule = TriggerScheduleRequest.extend({ name: ScheduleName });
export type TriggerSchedule = z.output<typeof TriggerSchedule>;

/** The times of a range that has passed. */
export const BackfillScheduleRequest = z.strictObject({
  namespace,
  from: Instant,
  to: Instant.describe('itself too, where it is a time of the schedule'),
  overlap: z
    .enum(['buffer-all', 'allow'])
    .default('buffer-all')
    .describe('one after the other, when nothing else of the schedule runs; or all at once'),
  dryRun,
  ...who,
});
export const BackfillSchedule = BackfillScheduleRequest.extend({ name: ScheduleName });
export type BackfillSchedule = z.output<typeof BackfillSchedule>;

/** What made a schedule look at a time. */
export const ScheduleCause = z.enum(['time', 'trigger', 'backfill']);
export type ScheduleCause = z.infer<typeof ScheduleCause>;

export const SCHEDULE_OUTCOMES = ['started', 'skipped', 'missed', 'failed'] as const;
export const SCHEDULE_REASONS = ['overlap', 'buffer-full', 'replaced', 'downtime'] as const;

/** A time of a schedule, and what came of it. */
export const ScheduleFire = z.object({
  at: Instant.describe('for which it was'),
  cause: ScheduleCause,
  outcome: z.enum(SCHEDULE_OUTCOMES),
  decidedAt: Instant,
  workflowId: z.string().optional().describe('of what was started'),
  state: WorkflowState.optional().describe('of that run; absent where its retention has passed'),
  reason: z
    .enum(SCHEDULE_REASONS)
    .optional()
    .describe('why none was started; downtime: nobody could start it within `catchUpMs`'),
  times: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('so many times in a row, of which `at` is the first; 100 stands for at least so many'),
  error: TaskError.optional().describe('why it could not be started'),
  requestedBy: z.string().optional(),
});
export type ScheduleFire = z.infer<typeof ScheduleFire>;

export const ScheduledTime = z.object({
  at: Instant,
  startAt: Instant.describe('with its jitter'),
});
export type ScheduledTime = z.infer<typeof ScheduledTime>;

/** A schedule, what comes of it next, and what came of it. */
export const Schedule = z.object({
  namespace: Namespace,
  name: ScheduleName,
  ...ScheduleSpec.shape,
  timeZone: timing.timeZone,
  overlap: conduct.overlap,
  jitterMs: Span,
  catchUpMs: Span,
  createdAt: Instant,
  updatedAt: Instant.describe('when what it is was last changed'),
  requestedBy: z.string().describe('who has put it so: the name that the client gave, else the way it came'),
  paused: z
    .object({ at: Instant, note: z.string(), requestedBy: z.string() })
    .optional()
    .describe('it looks at no time, and what waits goes on waiting'),
  next: z.array(ScheduledTime).describe('as if it were not paused'),
  running: z
    .array(z.object({ workflowId: z.string(), at: Instant, cancelled: z.boolean().optional() }))
    .describe('runs that were not seen to have ended'),
  waiting: z
    .array(z.object({ at: Instant, cause: ScheduleCause }))
    .describe('times that wait for an earlier run to end'),
  backfills: z
    .array(z.object({ next: Instant, to: Instant, overlap: Overlap, requestedBy: z.string() }))
    .describe('ranges that are not done'),
  counts: z
    .object({
      started: z.number().int(),
      skipped: z.number().int(),
      missed: z.number().int(),
      failed: z.number().int(),
    })
    .describe('of all its times so far'),
  recent: z.array(ScheduleFire).describe('what it did last, newest first'),
});
export type Schedule = z.infer<typeof Schedule>;

export const ScheduleSummary = Schedule.omit({ workflow: true, recent: true });
export type ScheduleSummary = z.infer<typeof ScheduleSummary>;
export const SchedulePage = z.object({ items: z.array(ScheduleSummary), next: z.string().nullable() });
export type SchedulePage = z.infer<typeof SchedulePage>;

export const ScheduleTriggered = z.object({
  at: Instant.describe('under which the run is found in `recent`'),
  workflowId: z.string().describe('that the run has when it starts'),
});
export type ScheduleTriggered = z.infer<typeof ScheduleTriggered>;
export const ScheduleBackfilled = z.object({
  times: z.number().int().nonnegative().describe('of the schedule in the range'),
  first: Instant.optional(),
  last: Instant.optional(),
});
export type ScheduleBackfilled = z.infer<typeof ScheduleBackfilled>;
export const DeletedSchedule = z.object({ namespace: Namespace, name: ScheduleName });
export type DeletedSchedule = z.infer<typeof DeletedSchedule>;

/** To whoever schedules: look at it now. */
export const ScheduleChanged = z.object({ v: z.literal(1), namespace: Namespace, name: ScheduleName });
export type ScheduleChanged = z.infer<typeof ScheduleChanged>;
