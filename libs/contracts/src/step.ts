import { z } from 'zod';
import { Json } from './json';
import { LIMITS } from './limits';
import { Instant, Name, recordOf, Span, StepId, TimeLimit } from './names';
import { normalizeWork, WaitFor, work } from './task';

/** A JSON path (RFC 9535) into what a run knows: `$.run.input`, `$.steps.<id>.output`; for items of a map also `$.item` and `$.index`. */
export const JsonPath = z
  .string()
  .max(LIMITS.EXPRESSION_CHARS)
  .startsWith('$', 'a JSON path starts with $, such as $.steps.fetch.output.title');

/** A condition in CEL over `run`, `steps`, and for items of a map `item` and `index`. */
export const CelText = z.string().min(1).max(LIMITS.EXPRESSION_CHARS);

/** Where the input of a step comes from: one path for all of it, or a path for each of its fields. */
export const InputPaths = z.union([JsonPath, recordOf(Name, JsonPath)]);
export type InputPaths = z.infer<typeof InputPaths>;

export const JOINS = ['all', 'any', 'none-failed', 'all-ended'] as const;
/** When a step may start, by how the steps end on which it depends. */
export const Join = z.union([
  z.enum(JOINS),
  z.strictObject({ atLeast: z.number().int().min(1).max(LIMITS.WORKFLOW_STEPS) }),
]);
export type Join = z.infer<typeof Join>;

/** Runs a step once for each item of a list. */
export const MapOver = z.strictObject({
  over: JsonPath.describe('the list: in the input of the run or the output of a step'),
  concurrency: z
    .number()
    .int()
    .min(1)
    .max(LIMITS.MAP_ITEMS)
    .optional()
    .describe('items that are under way at once; all, unless given'),
  toleratedFailures: z
    .number()
    .int()
    .nonnegative()
    .max(LIMITS.MAP_ITEMS)
    .default(0)
    .describe(
      'so many items may fail; with one more no further item starts, those under way are cancelled, and the step fails',
    ),
  collect: z
    .boolean()
    .default(true)
    .describe('whether the output of the step lists the outputs of its items (null for those that failed)'),
});
export type MapOver = z.infer<typeof MapOver>;

/** Somebody has to say yes. */
export const Approval = z.strictObject({
  prompt: z.string().max(LIMITS.METADATA_VALUE_CHARS).optional().describe('what is asked'),
  approvers: z
    .array(Name)
    .max(LIMITS.LIST_ITEMS)
    .optional()
    .describe('names of which one has to be `requestedBy` of the answer'),
  timeoutMs: TimeLimit.optional().describe('longest wait; then the step is expired'),
});
export type Approval = z.infer<typeof Approval>;

/** For how long, or until when; `until` may be a path to an instant. */
export const Sleep = z.union([
  z.strictObject({ ms: Span }),
  z.strictObject({ until: z.union([Instant, JsonPath]) }),
]);
export type Sleep = z.infer<typeof Sleep>;

/** Undoes a step that has succeeded, when its run fails or is cancelled. Its input has the step's output as `output`, unless `inputs` says otherwise. */
export const Compensation = z.strictObject({
  type: Name,
  input: Json.optional(),
  inputs: InputPaths.optional(),
  requirements: work.requirements,
  retry: work.retry,
  timeouts: work.timeouts,
  priority: work.priority,
});
export type Compensation = z.infer<typeof Compensation>;

/** A definition by its name, or steps and dependencies in place. Its input is that of the step. */
export const SubWorkflow = z.strictObject({
  definition: Name.optional(),
  version: z.number().int().positive().optional().describe('the newest, unless given'),
  tasks: z.array(z.unknown()).optional(),
  dependencies: z.record(StepId, z.array(StepId)).optional(),
});
export type SubWorkflow = z.infer<typeof SubWorkflow>;

/** JSON Schemas (2020-12) of what goes in and comes out, where they are known: paths and conditions are checked against them. */
export const StepSchemas = z.strictObject({
  input: z.record(z.string(), z.unknown()).optional(),
  output: z.record(z.string(), z.unknown()).optional(),
});
export type StepSchemas = z.infer<typeof StepSchemas>;

/** What decides about a step before it runs, and what follows from it. */
const planning = {
  inputs: InputPaths.optional(),
  when: CelText.optional().describe('CEL; where it is false the step is skipped, and so are those behind it'),
  join: Join.optional().describe('all, unless given'),
  map: MapOver.optional(),
  continueOnFailure: z
    .boolean()
    .optional()
    .describe('the run goes on as if the step had succeeded, with null as its output'),
  compensate: Compensation.optional(),
  waitFor: WaitFor.optional(),
  approval: Approval.optional(),
  sleep: Sleep.optional(),
  workflow: SubWorkflow.optional(),
  schemas: StepSchemas.optional(),
};

const INSTEAD_OF_WORK = ['approval', 'sleep', 'workflow', 'waitFor'] as const;
type Instead = (typeof INSTEAD_OF_WORK)[number];

/** The type of a step that no swarm runs is what it waits for. */
function normalizeStep(given: unknown): unknown {
  const normal = normalizeWork(given);
  if (typeof normal !== 'object' || normal === null || Array.isArray(normal)) return normal;
  const step = normal as Record<string, unknown>;
  if (step['type'] !== undefined) return step;
  const instead = INSTEAD_OF_WORK.find((name) => step[name] !== undefined);
  return instead === undefined ? step : { ...step, type: instead === 'waitFor' ? 'wait' : instead };
}

const StepFields = z.strictObject({ ...work, ...planning, id: StepId });

/** One step: work for a swarm, or something to wait for. */
export const Step = z.preprocess(
  normalizeStep,
  StepFields.superRefine((step, context) => {
    const instead = INSTEAD_OF_WORK.filter((name) => name !== 'waitFor' && step[name] !== undefined);
    if (instead.length > 1)
      context.addIssue({
        code: 'custom',
        path: [instead[1] as Instead],
        message: `a step has one of ${instead.join(', ')}`,
      });
    const [only] = instead;
    if (only !== undefined && step.type !== only)
      context.addIssue({
        code: 'custom',
        path: [only],
        message: `a step with a type is run by a swarm: leave out the type, or make ${only} a step of its own before it`,
      });
    if (only !== undefined && step.waitFor !== undefined)
      context.addIssue({ code: 'custom', path: ['waitFor'], message: `a step has one of ${only}, waitFor` });
    if (step.map !== undefined && (only === 'approval' || only === 'sleep' || isMereWait(step)))
      context.addIssue({
        code: 'custom',
        path: ['map'],
        message: 'only work and workflows can be mapped over a list',
      });
    if (step.workflow && (step.workflow.definition === undefined) === (step.workflow.tasks === undefined))
      context.addIssue({
        code: 'custom',
        path: ['workflow'],
        message: 'a sub-workflow has either a definition or tasks',
      });
  }),
);
export type Step = z.output<typeof Step>;

/** Whether a step is a wait for a signal and nothing else. */
export function isMereWait(step: Pick<Step, 'type' | 'waitFor'>): boolean {
  return step.waitFor !== undefined && step.type === 'wait';
}
