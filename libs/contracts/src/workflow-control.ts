import { z } from 'zod';
import { WorkflowId, TaskId } from './ids';
import { Json } from './json';
import { LIMITS } from './limits';
import { IdempotencyKey, Name, RunStepId, StepId } from './names';
import { Step } from './step';
import { CancelRequest, PauseRequest, ResumeRequest, who } from './api';

/** What people, and agents, may tell a run. */
export const CancelWorkflow = CancelRequest.extend({ id: WorkflowId });
export const PauseWorkflow = PauseRequest.extend({ id: WorkflowId });
export const ResumeWorkflow = ResumeRequest.extend({ id: WorkflowId });

export const SignalWorkflowRequest = z.strictObject({
  name: Name,
  payload: Json.default(null),
  step: RunStepId.optional().describe('only this one; otherwise every step that waits for the name'),
  ...who,
});
export const SignalWorkflow = SignalWorkflowRequest.extend({ id: WorkflowId });

/** An answer to an approval. */
export const ApproveRequest = z.strictObject({
  step: RunStepId,
  approved: z.boolean().default(true),
  note: z.string().max(LIMITS.METADATA_VALUE_CHARS).optional(),
  ...who,
});
export const ApproveStep = ApproveRequest.extend({ id: WorkflowId });

/** Steps that a run gets while it runs. A repetition adds nothing: a step is known by its id. */
export const AddStepsRequest = z.strictObject({
  tasks: z.array(Step).min(1).max(LIMITS.ADDED_STEPS),
  dependencies: z
    .record(StepId, z.array(StepId))
    .default({})
    .describe('on steps of the run, and on each other'),
  by: z
    .strictObject({ taskId: TaskId, attempt: z.number().int().positive() })
    .optional()
    .describe('the running attempt that plans: nothing is added when it is not current any more'),
  ...who,
});
export type AddStepsRequest = z.output<typeof AddStepsRequest>;

export const AddSteps = AddStepsRequest.extend({ id: WorkflowId });

/** A new run of the same workflow, which keeps results of the earlier one. */
export const RerunWorkflowRequest = z.strictObject({
  from: z
    .union([
      z.strictObject({ steps: z.array(StepId).min(1).max(LIMITS.LIST_ITEMS) }),
      z.strictObject({ failed: z.literal(true) }),
      z.strictObject({ event: z.number().int().nonnegative() }),
    ])
    .optional()
    .describe(
      'steps: these and all behind them run again; failed: all that has not succeeded; event: all that had not succeeded when the event with this `seq` came; unless given, everything',
    ),
  input: Json.optional().describe('instead of that of the earlier run'),
  idempotencyKey: IdempotencyKey.optional(),
  ...who,
});
export type RerunWorkflowRequest = z.output<typeof RerunWorkflowRequest>;
export const RerunWorkflow = RerunWorkflowRequest.extend({ id: WorkflowId });
