import { z } from 'zod';
import { ERRORS, type ErrorCode } from './errors';
import { LIMITS } from './limits';
import { Json } from './json';
import {
  IdempotencyKey,
  Instant,
  Millis,
  Name,
  Namespace,
  recordOf,
  Region,
  Scalar,
  Span,
  RunStepId,
  SwarmId,
  TimeLimit,
} from './names';
import { PayloadRef } from './payload';
import { Receipt, Waiting } from './placement';
import { normalizeRequirements, Requirements } from './requirements';
import { Routing } from './routing';

export const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const;
export const Priority = z.enum(PRIORITIES);
export type Priority = z.infer<typeof Priority>;

export const TASK_STATES = [
  'blocked',
  'queued',
  'assigned',
  'running',
  'backoff',
  'waiting',
  'succeeded',
  'failed',
  'cancelled',
  'expired',
  'skipped',
] as const;
export const TaskState = z.enum(TASK_STATES);
export type TaskState = z.infer<typeof TaskState>;

const TERMINAL: ReadonlySet<string> = new Set<TaskState>([
  'succeeded',
  'failed',
  'cancelled',
  'expired',
  'skipped',
]);
export function isTerminal(state: string): boolean {
  return TERMINAL.has(state);
}

export const ErrorCodeSchema = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]);

/**
 * Delay before attempt n+1 after n failures: min(maxMs, initialMs * factor^(n-1)), then spread by ±jitter.
 */
export const RetryPolicy = z.strictObject({
  maxAttempts: z.number().int().min(1).max(LIMITS.RETRY_MAX_ATTEMPTS).default(3),
  initialMs: Span.default(1_000),
  factor: z.number().min(1).max(10).default(2),
  maxMs: Span.default(60_000),
  jitter: z.number().min(0).max(1).default(0.2).describe('share of the delay that is random, 0 to 1'),
  nonRetryableCodes: z.array(z.string().max(LIMITS.NAME_CHARS)).max(LIMITS.LIST_ITEMS).default([]),
  totalMs: TimeLimit.optional().describe(
    'no further attempt begins later than this after the task was created (or retried by hand)',
  ),
});
export type RetryPolicy = z.infer<typeof RetryPolicy>;

export const Timeouts = z.strictObject({
  scheduleToStartMs: TimeLimit.optional().describe(
    'longest wait in the queue before an attempt starts; then the task is expired',
  ),
  startToCloseMs: TimeLimit.optional().describe(
    'longest run of one attempt; then it has failed with attempt-timeout, and is retried',
  ),
  heartbeatMs: TimeLimit.optional().describe(
    'longest silence of a running handler (progress or heartbeat); then the attempt has failed with heartbeat-timeout, and is retried',
  ),
  deadline: Instant.optional().describe(
    'when the task must have ended; then it is expired, also while it runs',
  ),
});
export type Timeouts = z.infer<typeof Timeouts>;

/** What a task and a step have in common. */
export const work = {
  type: Name.describe('what kind of work; swarms say which types they handle'),
  input: Json.default({}),
  inputRef: PayloadRef.optional().describe(
    'a payload that was stored before, instead of an input: its own is null then',
  ),
  requirements: Requirements.default({}),
  routing: Routing.optional().describe('which of the swarms that may run it it should be'),
  priority: Priority.default('normal'),
  retry: RetryPolicy.prefault({}),
  timeouts: Timeouts.default({}),
  estimateMs: Span.optional(),
  fairnessKey: Name.optional().describe(
    'tasks of one namespace take turns by this key, for example a customer',
  ),
  limitKeys: z
    .array(Name)
    .max(LIMITS.LIMIT_KEYS)
    .optional()
    .describe(
      'keys whose limits (concurrency, rate) the namespace sets; the task waits while one is used up',
    ),
  metadata: recordOf(Name, Scalar)
    .refine(
      (entries) => Object.keys(entries).length <= LIMITS.METADATA_ENTRIES,
      `at most ${LIMITS.METADATA_ENTRIES} entries`,
    )
    .default({}),
};

const MAY_BE_ABNORMAL = ['task_type', 'task_id', 'estimated_duration', 'requirements', 'inputRef'] as const;

/** The spelling of a task with underscores: `task_type`, `estimated_duration` in seconds, flat requirements; `task_id` for a step. */
export function normalizeWork(given: unknown): unknown {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
  if (!MAY_BE_ABNORMAL.some((name) => name in given)) return given;
  const { task_type, task_id, estimated_duration, requirements, ...rest } = given as Record<string, unknown>;
  const out: Record<string, unknown> = { ...rest };
  if (task_type !== undefined) out[rest['type'] === undefined ? 'type' : 'task_type'] = task_type;
  if (task_id !== undefined) out[rest['id'] === undefined ? 'id' : 'task_id'] = task_id;
  if (estimated_duration !== undefined) {
    const isNumber = typeof estimated_duration === 'number';
    out[rest['estimateMs'] === undefined ? 'estimateMs' : 'estimated_duration'] = isNumber
      ? Math.round(estimated_duration * 1000)
      : estimated_duration;
  }
  if (requirements !== undefined) out['requirements'] = normalizeRequirements(requirements);
  if (out['inputRef'] !== undefined && out['input'] === undefined) out['input'] = null;
  return out;
}

/** Waits for a signal by this name before its first attempt. */
export const WaitFor = z.strictObject({
  signal: Name,
  timeoutMs: TimeLimit.optional().describe('longest wait; then the task is expired'),
});
export type WaitFor = z.infer<typeof WaitFor>;

/** What only a lone task has: a step's start is its workflow's affair. */
const start = {
  notBefore: Instant.optional().describe('the task stays blocked until then'),
  waitFor: WaitFor.optional(),
};

export const TaskSubmission = z.preprocess(
  normalizeWork,
  z.strictObject({
    ...work,
    ...start,
    namespace: Namespace.default('default'),
    idempotencyKey: IdempotencyKey.optional(),
  }),
);
export type TaskSubmission = z.output<typeof TaskSubmission>;
export type TaskSubmissionInput = Partial<TaskSubmission> & { type: string };

/** What a step waits for that no swarm runs. */
export const STEP_CONTROLS = ['wait', 'approval', 'sleep', 'workflow', 'map'] as const;
export const StepControl = z.enum(STEP_CONTROLS);
export type StepControl = z.infer<typeof StepControl>;

/** What does not change once a task is accepted. */
export const TaskSpec = z.object({
  ...work,
  ...start,
  retry: RetryPolicy,
  namespace: Namespace,
  workflowId: z.string().optional(),
  step: RunStepId.optional(),
  control: StepControl.optional().describe('no swarm runs it: what the step waits for'),
  idempotencyKey: z.string().optional(),
  bodyHash: z.string().optional(),
  rerunOf: z.string().optional().describe('the task of which this one is a copy'),
  traceparent: z.string(),
});
export type TaskSpec = z.infer<typeof TaskSpec>;

export const TaskError = z.object({
  code: z.string().max(LIMITS.NAME_CHARS),
  message: z.string().max(LIMITS.ERROR_MESSAGE_CHARS),
  retryable: z.boolean(),
});
export type TaskError = z.infer<typeof TaskError>;

export const Usage = z.object({
  inputTokens: z.number().int().nonnegative().optional(),
  outputTokens: z.number().int().nonnegative().optional(),
});
export type Usage = z.infer<typeof Usage>;

/** How far a running attempt says it is. */
export const Progress = z.object({
  fraction: z.number().min(0).max(1).optional(),
  message: z.string().max(LIMITS.PROGRESS_MESSAGE_CHARS).optional(),
  at: Millis.describe('epoch ms'),
});
export type Progress = z.infer<typeof Progress>;

/** Something told to a task from outside: it ends a wait, and the agent can read it. */
export const Signal = z.object({ name: Name, payload: Json, at: Millis.describe('epoch ms') });
export type Signal = z.infer<typeof Signal>;

export const ATTEMPT_OUTCOMES = ['succeeded', 'failed', 'cancelled', 'lost', 'refused', 'timed-out'] as const;

/** What an attempt came to after it had been given up: it is known, and changes nothing. Times are epoch milliseconds. */
export const LateResult = z.object({
  at: Millis.describe('when it arrived'),
  swarmId: SwarmId.describe('who reported it'),
  outcome: z.enum(['succeeded', 'failed', 'cancelled', 'timed-out']),
  startedAt: Millis,
  finishedAt: Millis,
  outputBytes: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('of its output, as JSON or as a payload; the output itself is not kept'),
  error: TaskError.optional(),
  usage: Usage.optional().describe('it is not in the usage of the task'),
});
export type LateResult = z.infer<typeof LateResult>;

/** One try, as kept in the task's record. Times are epoch milliseconds. */
export const AttemptRecord = z.object({
  attempt: z.number().int().positive(),
  swarmId: SwarmId,
  region: Region,
  assignedAt: Millis,
  startedAt: Millis.optional(),
  endedAt: Millis.optional(),
  outcome: z.enum(ATTEMPT_OUTCOMES).optional(),
  error: TaskError.optional(),
  costPerSlotHour: z.number().nonnegative(),
  cost: z.number().nonnegative().optional().describe('USD'),
  usage: Usage.optional(),
  receipt: Receipt.optional(),
  refusedBy: z
    .array(SwarmId)
    .optional()
    .describe('where several swarms have refused it, one after the other: all of them in this order'),
  late: LateResult.optional().describe('what it reported after it was given up: the first that came'),
});
export type AttemptRecord = z.infer<typeof AttemptRecord>;

/** A task as people read it. Times are ISO 8601. */
export const Task = z.object({
  id: z.string(),
  type: Name,
  namespace: Namespace,
  state: TaskState,
  stateSince: Instant,
  createdAt: Instant,
  startedAt: Instant.optional(),
  endedAt: Instant.optional(),
  priority: Priority,
  input: Json,
  inputRef: PayloadRef.optional().describe('the input is a payload; `input` is null then'),
  output: Json.optional(),
  outputRef: PayloadRef.optional().describe('the output is a payload; `output` is null then'),
  error: TaskError.optional(),
  requirements: Requirements,
  routing: Routing.optional(),
  retry: RetryPolicy,
  timeouts: Timeouts,
  estimateMs: Millis.optional(),
  metadata: z.record(z.string(), Scalar),
  workflowId: z.string().optional(),
  step: RunStepId.optional(),
  attempt: z
    .number()
    .int()
    .nonnegative()
    .describe('number of the current or last attempt, 0 before the first'),
  attempts: z.array(AttemptRecord),
  swarmId: SwarmId.optional(),
  region: Region.optional(),
  cost: z.number().nonnegative().describe('USD, all attempts'),
  usage: Usage,
  cancelRequestedAt: Instant.optional(),
  cancelRequestedBy: z.string().optional().describe('as for `paused.requestedBy`'),
  retryAt: Instant.optional(),
  fairnessKey: Name.optional(),
  limitKeys: z.array(Name).optional(),
  notBefore: Instant.optional(),
  waitFor: WaitFor.optional(),
  signals: z.array(Signal).optional(),
  progress: Progress.optional().describe('of the current or last attempt'),
  paused: z
    .object({ at: Instant, reason: z.string(), requestedBy: z.string().optional() })
    .optional()
    .describe(
      'no new attempt begins until the task is resumed; requestedBy: the name that the client gave, else the way it came',
    ),
  rerunOf: z.string().optional(),
  waiting: Waiting.optional().describe('why a task that neither runs nor has ended goes nowhere'),
  traceId: z.string(),
});
export type Task = z.infer<typeof Task>;
