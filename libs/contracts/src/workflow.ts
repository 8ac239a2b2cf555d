import { z } from 'zod';
import { LIMITS } from './limits';
import { Json } from './json';
import {
  IdempotencyKey,
  Instant,
  Millis,
  Name,
  Namespace,
  recordOf,
  RunStepId,
  Scalar,
  StepId,
} from './names';
import { PayloadRef } from './payload';
import { Waiting } from './placement';
import { bounds, conduct, DefinitionRef, RunBudget } from './run-bounds';
import { Step } from './step';
import { Priority, StepControl, TaskError, TaskState } from './task';

/** What whoever starts a run says about all of it. */
const running = {
  namespace: Namespace.default('default'),
  input: Json.optional().describe('`run.input` of paths and conditions'),
  priority: Priority.optional().describe('for steps that name none'),
  metadata: recordOf(Name, Scalar).default({}),
  idempotencyKey: IdempotencyKey.optional(),
};

/** The plain form: steps, and for each step the steps that it waits for. */
export const graph = {
  tasks: z.array(Step).min(1, 'a workflow needs at least one task').max(LIMITS.WORKFLOW_STEPS),
  dependencies: z.record(StepId, z.array(StepId)).default({}),
};

/** A workflow with its steps. */
export const WorkflowSubmission = z.strictObject({
  name: Name.optional(),
  ...running,
  ...bounds,
  ...conduct,
  ...graph,
});
export type WorkflowSubmission = z.output<typeof WorkflowSubmission>;

/** What a definition has: all of a workflow but what belongs to one run. */
export const WorkflowBody = z.strictObject({ ...bounds, ...conduct, ...graph });
export type WorkflowBody = z.output<typeof WorkflowBody>;

/** A run of a definition. What is left out is as the definition says. */
export const DefinitionRun = z.strictObject({
  definition: Name,
  version: z.number().int().positive().optional().describe('the newest, unless given'),
  ...running,
  ...bounds,
});
export type DefinitionRun = z.output<typeof DefinitionRun>;

export const WORKFLOW_STATES = ['running', 'succeeded', 'failed', 'cancelled'] as const;
export const WorkflowState = z.enum(WORKFLOW_STATES);
export type WorkflowState = z.infer<typeof WorkflowState>;

/** Where a step comes from that the submission does not name. */
export const StepRole = z.enum(['item', 'compensation', 'added']);
export type StepRole = z.infer<typeof StepRole>;

/** How far a map is. */
export const MapProgress = z.object({
  total: z.number().int().nonnegative(),
  started: z.number().int().nonnegative(),
  succeeded: z.number().int().nonnegative(),
  failed: z.number().int().nonnegative(),
});
export type MapProgress = z.infer<typeof MapProgress>;

export const WorkflowStep = z.object({
  id: RunStepId,
  taskId: z.string(),
  type: Name,
  dependsOn: z.array(RunStepId),
  state: TaskState,
  attempt: z.number().int(),
  swarmId: z.string().optional(),
  region: z.string().optional(),
  startedAt: Instant.optional(),
  endedAt: Instant.optional(),
  cost: z.number(),
  error: TaskError.optional(),
  control: StepControl.optional().describe('no swarm runs it: what the step waits for'),
  of: RunStepId.optional().describe(
    'the step that has made it: of an item its map, of a compensation what it undoes, of an added step the one that planned it',
  ),
  role: StepRole.optional(),
  index: z.number().int().optional().describe('of an item, from 0'),
  childId: z.string().optional().describe('the run of a sub-workflow'),
  items: MapProgress.optional(),
  keptFrom: z.string().optional().describe('the task of an earlier run of which it has the result'),
  waiting: Waiting.optional().describe(
    'why it goes nowhere, where that is known without asking the scheduler',
  ),
  estimateMs: Millis.optional().describe('how long it takes: as submitted, or as learned from its type'),
  expectedEndAt: Instant.optional(),
  slackMs: Millis.optional().describe(
    'how much later it may end without the run ending later; 0 on the critical path',
  ),
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
  nextStep: z
    .number()
    .int()
    .positive()
    .optional()
    .describe('over NATS: there are more steps than one message carries; ask again with this as `stepsFrom`'),
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
  input: Json.optional(),
  definition: DefinitionRef.optional(),
  phase: z
    .literal('compensating')
    .optional()
    .describe('steps have failed or were cancelled, and what had succeeded is undone'),
  paused: z.object({ at: Instant, reason: z.string(), requestedBy: z.string().optional() }).optional(),
  deadline: Instant.optional(),
  concurrency: z.number().int().optional(),
  budget: RunBudget.optional(),
  parent: z.object({ workflowId: z.string(), step: RunStepId }).optional().describe('of a sub-workflow'),
  forkOf: z
    .object({ workflowId: z.string(), from: z.string() })
    .optional()
    .describe('the run that it repeats, and from where'),
  schedule: z.string().optional().describe('the schedule that has started it'),
  criticalPath: z
    .array(RunStepId)
    .optional()
    .describe('the steps that decide when the run ends, in their order'),
  etaAt: Instant.optional().describe('when it ends, as far as estimates and learned durations tell'),
  costProjected: z
    .number()
    .optional()
    .describe('USD: what it has cost, and what the rest will cost at the prices so far'),
});
export type Workflow = z.infer<typeof Workflow>;
export type WorkflowSummary = Omit<
  Workflow,
  'steps' | 'nextStep' | 'output' | 'outputRefs' | 'input' | 'criticalPath' | 'etaAt' | 'costProjected'
>;
