import { z } from 'zod';
import { LIMITS } from './limits';
import { Json } from './json';
import { IdempotencyKey, Instant, Name, Namespace, recordOf, Scalar, StepId } from './names';
import { PayloadRef } from './payload';
import { Priority, Step, TaskError, TaskState } from './task';

/** The brief's form: steps, and for each step the steps that it waits for. */
export const WorkflowSubmission = z.strictObject({
  name: Name.optional(),
  namespace: Namespace.default('default'),
  tasks: z.array(Step).min(1, 'a workflow needs at least one task').max(LIMITS.WORKFLOW_STEPS),
  dependencies: z.record(StepId, z.array(StepId)).default({}),
  priority: Priority.optional().describe('for steps that name none'),
  metadata: recordOf(Name, Scalar).default({}),
  idempotencyKey: IdempotencyKey.optional(),
});
export type WorkflowSubmission = z.output<typeof WorkflowSubmission>;

export const WORKFLOW_STATES = ['running', 'succeeded', 'failed', 'cancelled'] as const;
export const WorkflowState = z.enum(WORKFLOW_STATES);
export type WorkflowState = z.infer<typeof WorkflowState>;

export const WorkflowStep = z.object({
  id: StepId,
  taskId: z.string(),
  type: Name,
  dependsOn: z.array(StepId),
  state: TaskState,
  attempt: z.number().int(),
  swarmId: z.string().optional(),
  region: z.string().optional(),
  startedAt: Instant.optional(),
  endedAt: Instant.optional(),
  cost: z.number(),
  error: TaskError.optional(),
});
export type WorkflowStep = z.infer<typeof WorkflowStep>;

export const Workflow = z.object({
  id: z.string(),
  name: z.string().optional(),
  namespace: Namespace,
  state: WorkflowState,
  createdAt: Instant,
  endedAt: Instant.optional(),
  cancelRequestedAt: Instant.optional(),
  cancelRequestedBy: z.string().optional().describe('the name that the client gave, else the way it came'),
  steps: z.array(WorkflowStep),
  counts: z.record(z.string(), z.number().int()),
  cost: z.number().describe('USD, all steps'),
  output: z
    .record(z.string(), Json)
    .optional()
    .describe('outputs of the steps that nothing depends on, by step'),
  outputRefs: z
    .record(z.string(), PayloadRef)
    .optional()
    .describe('which of these outputs are payloads, by step; in `output` they are null'),
  error: TaskError.optional(),
  metadata: z.record(z.string(), Scalar),
  traceId: z.string(),
});
export type Workflow = z.infer<typeof Workflow>;
export type WorkflowSummary = Omit<Workflow, 'steps' | 'output' | 'outputRefs'>;
