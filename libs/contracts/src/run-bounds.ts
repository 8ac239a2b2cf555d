import { z } from 'zod';
import { LIMITS } from './limits';
import { Instant, Name, TimeLimit } from './names';

/** What one run may cost; when it is used up no further step of it starts. */
export const RunBudget = z.strictObject({
  usd: z.number().positive().optional(),
  tokens: z.number().int().positive().optional().describe('input and output tokens of all attempts'),
});
export type RunBudget = z.infer<typeof RunBudget>;

/** What a definition says about all of it, and whoever starts a run may say otherwise. */
export const bounds = {
  timeoutMs: TimeLimit.optional().describe(
    'longest time from the submission to the end; then the run fails with workflow-timeout',
  ),
  deadline: Instant.optional().describe('when the run must have ended'),
  concurrency: z
    .number()
    .int()
    .min(1)
    .max(LIMITS.WORKFLOW_STEPS)
    .optional()
    .describe('steps of the run that may be queued or running at once'),
  budget: RunBudget.optional(),
};

/** What happens to the other branches when a step has failed. */
export const OnFailure = z.enum(['finish', 'stop']);

/** What a definition says, and whoever starts a run leaves as it is. */
export const conduct = {
  onFailure: OnFailure.optional().describe(
    'finish (unless given): branches that do not depend on what has failed go on; stop: all that has not ended is cancelled',
  ),
  inputSchema: z.record(z.string(), z.unknown()).optional().describe('JSON Schema of the input of a run'),
};

/** A version of a named definition. */
export const DefinitionRef = z.object({ name: Name, version: z.number().int().positive() });
export type DefinitionRef = z.infer<typeof DefinitionRef>;
