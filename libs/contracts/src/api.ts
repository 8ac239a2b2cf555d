import { z } from 'zod';
import { Finding } from './finding-schema';
import { TaskId, WorkflowId } from './ids';
import { LIMITS } from './limits';
import { Json } from './json';
import { Flag, IdempotencyKey, Name, Namespace, SwarmId } from './names';
import { Task } from './task';
import { Waiting } from './placement';
import { Swarm, RegionView } from './swarm';
import { Event } from './event';
import { Workflow, WorkflowState } from './workflow';

/** Requests and replies that HTTP and NATS share. */
export const Accepted = z.object({
  id: z.string(),
  state: z.string(),
  duplicate: z.boolean().describe('an idempotency key met an earlier submission'),
});
export type Accepted = z.infer<typeof Accepted>;

export const BatchItemResult = z.union([
  z.object({ index: z.number().int(), id: z.string(), duplicate: z.boolean() }),
  z.object({
    index: z.number().int(),
    error: z.object({ code: z.string(), detail: z.string(), errors: z.array(Finding).optional() }),
  }),
]);
export type BatchItemResult = z.infer<typeof BatchItemResult>;
export const BatchSubmission = z.strictObject({ tasks: z.array(z.unknown()).min(1).max(LIMITS.BATCH_TASKS) });
export const BatchReply = z.object({
  accepted: z.number().int(),
  rejected: z.number().int(),
  results: z.array(BatchItemResult),
});
export type BatchReply = z.infer<typeof BatchReply>;

const page = {
  limit: z.coerce.number().int().min(1).max(LIMITS.PAGE_ITEMS).default(50),
  cursor: z.string().max(256).optional(),
};

export const GetTaskQuery = z.strictObject({
  id: TaskId,
  waitMs: z.coerce.number().int().min(0).max(LIMITS.WAIT_MS).default(0),
});
export const GetWorkflowQuery = z.strictObject({
  id: WorkflowId,
  waitMs: z.coerce.number().int().min(0).max(LIMITS.WAIT_MS).default(0),
  stepsFrom: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('over NATS: the steps behind so many, as `nextStep` says'),
  resultOnly: Flag.optional().describe(
    'of a workflow that has succeeded: its result, without its steps and its critical path',
  ),
});
export const ListWorkflowsQuery = z.strictObject({
  state: WorkflowState.optional(),
  namespace: Namespace.optional(),
  ...page,
});
export type ListWorkflowsQuery = z.infer<typeof ListWorkflowsQuery>;

export const TaskSummary = Task.omit({
  input: true,
  inputRef: true,
  output: true,
  outputRef: true,
  attempts: true,
});
export type TaskSummary = z.infer<typeof TaskSummary>;
export const TaskPage = z.object({ items: z.array(TaskSummary), next: z.string().nullable() });
export type TaskPage = z.infer<typeof TaskPage>;
export const WorkflowPage = z.object({
  items: z.array(
    Workflow.omit({
      steps: true,
      nextStep: true,
      output: true,
      outputRefs: true,
      input: true,
      criticalPath: true,
      etaAt: true,
      costProjected: true,
    }),
  ),
  next: z.string().nullable(),
});
export type WorkflowPage = z.infer<typeof WorkflowPage>;
export const SwarmPage = z.object({ items: z.array(Swarm), next: z.null() });
export type SwarmPage = z.infer<typeof SwarmPage>;
export const RegionPage = z.object({ items: z.array(RegionView), next: z.null() });
export type RegionPage = z.infer<typeof RegionPage>;
/** A history, or the part of it behind the event with the number `after`. */
export const HistoryQuery = z.strictObject({
  after: z.coerce.number().int().nonnegative().optional().describe('only events with a greater `seq`'),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(LIMITS.PAGE_ITEMS)
    .optional()
    .describe('so many of them; `next` is the `after` of the rest'),
});
export type HistoryQuery = z.infer<typeof HistoryQuery>;
export const TaskEventsQuery = HistoryQuery.extend({ id: TaskId });
export const WorkflowEventsQuery = HistoryQuery.extend({ id: WorkflowId });
export const EventPage = z.object({ items: z.array(Event), next: z.string().nullable() });
export type EventPage = z.infer<typeof EventPage>;

export const who = {
  requestedBy: z
    .string()
    .min(1)
    .max(LIMITS.NAME_CHARS)
    .optional()
    .describe('who asks, by a name that the client gives; kept in the history'),
};

export const CancelRequest = z.strictObject({
  reason: z.string().max(LIMITS.METADATA_VALUE_CHARS).default('cancelled on request'),
  ...who,
});
export const CancelTask = CancelRequest.extend({ id: TaskId });
export const PauseRequest = z.strictObject({
  reason: z.string().max(LIMITS.METADATA_VALUE_CHARS).default('paused on request'),
  ...who,
});
export const PauseTask = PauseRequest.extend({ id: TaskId });
export const ResumeRequest = z.strictObject(who);
export const ResumeTask = ResumeRequest.extend({ id: TaskId });
export const SignalRequest = z.strictObject({ name: Name, payload: Json.default(null) });
export const SignalTask = SignalRequest.extend({ id: TaskId });
export const ExplainTask = z.strictObject({ id: TaskId });
export const RetryRequest = z.strictObject(who);
export const RetryTask = RetryRequest.extend({ id: TaskId });
export const RerunRequest = z.strictObject({
  idempotencyKey: IdempotencyKey.optional(),
});
export const RerunTask = RerunRequest.extend({ id: TaskId });
/** Drain: nothing new, and what runs finishes. Cordon: nothing new. Uncordon ends both. */
export const CordonRequest = z.strictObject({
  reason: z.string().max(LIMITS.METADATA_VALUE_CHARS).default('on request'),
});
export const CordonSwarm = CordonRequest.extend({ id: SwarmId });

export const ValidationReply = z.object({
  valid: z.boolean(),
  findings: z.array(Finding),
  steps: z.number().int().optional(),
  warnings: z
    .array(Finding)
    .optional()
    .describe('no fault of the workflow: steps that no swarm of the present fleet could run'),
});
export type ValidationReply = z.infer<typeof ValidationReply>;

export const ExplainRequest = z.object({ v: z.literal(1), taskIds: z.array(z.string()).max(1000) });
export const ExplainReply = z.object({
  v: z.literal(1),
  waiting: z.record(z.string(), Waiting),
  queued: z.number().int(),
});
export type ExplainReply = z.infer<typeof ExplainReply>;
