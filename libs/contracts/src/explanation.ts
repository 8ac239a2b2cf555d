import { z } from 'zod';
import { Instant, Millis, Name, Namespace, Region, RunStepId, SwarmId } from './names';
import { RateLimit } from './namespace';
import { Rejection, Waiting } from './placement';
import { Requirements } from './requirements';
import { SWARM_STATES } from './swarm';
import { AttemptRecord, Priority, Task, TaskError, TaskState } from './task';

const Count = z.number().int().nonnegative();

/** One limit that a task is under, as the scheduler counts it. */
export const LimitStanding = z.object({
  concurrency: Count.optional(),
  rate: RateLimit.optional(),
  key: Name.optional().describe('absent: the limit of the namespace'),
  isUsedUp: z.boolean(),
  isCounted: z.boolean().describe('false: a new scheduler has not been told of all that runs yet'),
  running: Count.describe('attempts that are placed or running under it'),
  nextStartAt: Instant.optional().describe(
    'when its rate lets the next one start, where the rate is used up',
  ),
  heldBy: z.array(z.string()).describe('tasks that run under it, those that began first, up to 10'),
});
export type LimitStanding = z.infer<typeof LimitStanding>;

/** Where a queued task stands among all that wait. A class is what has namespace, type and requirements in common. */
export const LineStanding = z.object({
  before: Count.describe(
    'tasks of its class that go before it; of those that take turns with it, as many as their weights give',
  ),
  isLeast: z.boolean().describe('there are more before it than were counted'),
  ofClass: Count.describe('tasks of its class in the queue, with itself'),
  otherTasks: Count.describe('tasks of other classes in the queue'),
  otherClasses: Count,
  band: Priority.describe('the priority that it has got to by waiting'),
  risesAt: Instant.optional().describe('when it gets to the next one'),
});
export type LineStanding = z.infer<typeof LineStanding>;

/** How fast tasks of one class were started while others of it had to wait. */
export const Pace = z.object({ starts: z.number().int().positive(), inMs: z.number().positive() });
export type Pace = z.infer<typeof Pace>;

/** Any replica → the scheduler: how one task stands. */
export const StandingRequest = z.object({ v: z.literal(1), taskId: z.string() });
export const StandingReply = z.object({
  v: z.literal(1),
  waiting: Waiting.optional().describe('absent: the scheduler does not have it'),
  line: LineStanding.optional(),
  pace: Pace.optional().describe('absent: nothing was measured'),
  limits: z.array(LimitStanding).default([]),
});
export type StandingReply = z.infer<typeof StandingReply>;

const state = z.enum(SWARM_STATES);

/** What the fleet has for a class of tasks. */
export const Capacity = z.object({
  known: Count.describe('swarms known'),
  feasible: Count.describe('swarms that could run it'),
  slots: Count.describe('of these'),
  busySlots: Count.describe('of these'),
  withRoom: Count.describe('how many of these could take one now'),
  swarms: z
    .array(z.object({ swarmId: SwarmId, region: Region, state, slots: Count, busySlots: Count }))
    .describe('those that could run it, the least loaded first, up to 5'),
  nearest: z
    .array(z.object({ swarmId: SwarmId, region: Region, state, lacks: z.array(z.string()) }))
    .describe('those that come nearest where none could; without lacks it only takes no work. Up to 5'),
  regions: z
    .array(z.object({ region: Region, swarms: Count, live: Count, lastSeen: Instant }))
    .describe('where none could: the known regions among those asked for'),
});
export type Capacity = z.infer<typeof Capacity>;

/** Any orchestrator → the load-balancer. */
export const CapacityRequest = z.object({ v: z.literal(1), type: Name, requirements: Requirements });
export type CapacityRequest = z.infer<typeof CapacityRequest>;
export const CapacityReply = Capacity.extend({ v: z.literal(1) });

/** `Waiting` names the reasons of a task that goes nowhere; the others are states, and what holds one up in them. */
export const EXPLAINED_REASONS = [
  ...Waiting.shape.reason.options,
  'rate',
  'region-down',
  'assigned',
  'running',
  'cancelling',
  'succeeded',
  'failed',
  'cancelled',
  'expired',
  'skipped',
] as const;

export const Why = z.object({
  reason: z.enum(EXPLAINED_REASONS),
  since: Instant,
  until: Instant.optional().describe('when it is over, where that is known'),
  detail: z.string(),
  requestedBy: z.string().optional().describe('who asked for the pause or the cancel that is the reason'),
  unmet: z.array(Rejection).default([]),
  error: TaskError.optional().describe('of the attempt before, or of the end'),
  limits: z.array(LimitStanding).optional().describe('every limit that is set for it'),
  capacity: Capacity.optional(),
  steps: z
    .array(z.object({ id: RunStepId, taskId: z.string(), state: TaskState }))
    .optional()
    .describe('the ones before it that have not ended, up to 50'),
  signal: Name.optional().describe('the one for which it waits'),
});
export type Why = z.infer<typeof Why>;

export const NEXT_KINDS = [
  'retry',
  'not-before',
  'wake',
  'signal-timeout',
  'schedule-to-start-timeout',
  'attempt-timeout',
  'total-time',
  'deadline',
  'cancel-grace',
  'rise',
  'rate',
] as const;

/** Something that will happen by itself, unless something else does before. */
export const NextEvent = z.object({ kind: z.enum(NEXT_KINDS), at: Instant, detail: z.string() });
export type NextEvent = z.infer<typeof NextEvent>;

export const ExplainedAttempt = AttemptRecord.extend({
  waitedMs: Millis.optional().describe('from the placement to the start'),
  ranMs: Millis.optional().describe('from the start to the end, or until now'),
});
export type ExplainedAttempt = z.infer<typeof ExplainedAttempt>;

/** Why a task is where it is, what was tried, and what comes next. */
export const Explanation = z.object({
  id: z.string(),
  type: Name,
  namespace: Namespace,
  priority: Priority,
  state: TaskState,
  stateSince: Instant,
  explainedAt: Instant,
  workflowId: z.string().optional(),
  step: RunStepId.optional(),
  paused: Task.shape.paused,
  requirements: Requirements.default({}),
  routing: Task.shape.routing.describe('what it wishes beside what it requires'),
  why: Why,
  line: LineStanding.optional().describe('while it is queued'),
  likelyStart: z
    .object({ at: Instant, pace: Pace })
    .optional()
    .describe(
      'at the pace that was measured; absent where nothing was, or where waiting alone does not help',
    ),
  next: z.array(NextEvent).describe('the earliest first'),
  tries: z.object({
    attempts: Count.describe('numbers given so far'),
    failures: Count.describe('counted against maxAttempts'),
    maxAttempts: Count,
    losses: Count.describe('counted against lossesAllowed'),
    lossesAllowed: Count,
    refusals: Count.describe('since a swarm last accepted it'),
  }),
  attempts: z.array(ExplainedAttempt).describe('with their receipts, the first first'),
  cost: z.number().nonnegative().describe('USD, all attempts'),
  traceId: z.string(),
});
export type Explanation = z.infer<typeof Explanation>;
