import { z } from 'zod';
import { Json } from './json';
import { LIMITS } from './limits';
import { Instant, Name, nameOf, recordOf, Span, StepId, TimeLimit, UNDO } from './names';
import { bounds, conduct, DefinitionRef } from './run-bounds';
import { normalizeWork, WaitFor, work } from './task';

/** A JSON path (RFC 9535) into what a run knows: `$.run.input`, `$.steps.<id>.output`; for items of a map also `$.item` and `$.index`. */
export const JsonPath = z
  .string()
  .max(LIMITS.EXPRESSION_CHARS)
  .startsWith('$', 'a JSON path starts with $, such as $.steps.fetch.output.title');

/** A condition in CEL over `run` and `steps`. That of a map is asked once, before there are items. */
export const CelText = z.string().min(1).max(LIMITS.EXPRESSION_CHARS);

/** Where the input of a step comes from: one path for all of it, or a path for each of its fields. */
export const InputPaths = z.union([JsonPath, recordOf(Name, JsonPath)]);
export type InputPaths = z.infer<typeof InputPaths>;

export const JOINS = ['all', 'any', 'none-failed', 'all-ended'] as const;
/** When a step may start, by how the steps end on which it depends. */
export const Join = z.union(
  [z.enum(JOINS), z.strictObject({ atLeast: z.number().int().min(1).max(LIMITS.WORKFLOW_STEPS) })],
  `expected ${JOINS.join(', ')} or {"atLeast": n}`,
);
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
    .min(1, 'name at least one, or leave approvers out')
    .max(LIMITS.LIST_ITEMS)
    .optional()
    .describe('names of which one has to be `requestedBy` of the answer'),
  timeoutMs: TimeLimit.optional().describe('longest wait; then the step is expired'),
});
export type Approval = z.infer<typeof Approval>;

/** For how long, or until when; `until` may be a path to an instant. */
export const Sleep = z.union(
  [z.strictObject({ ms: Span }), z.strictObject({ until: z.union([Instant, JsonPath]) })],
  'either {"ms": n} or {"until": an instant in UTC such as 2030-01-31T12:00:00Z, or a JSON path to one}',
);
export type Sleep = z.infer<typeof Sleep>;

/** Undoes a step that has succeeded, when its run fails or is cancelled. Its input has the step's output as `output`, unless `inputs` says otherwise. */
export const Compensation = z.strictObject({
  type: Name,
  input: Json.optional(),
  inputs: InputPaths.optional(),
  requirements: work.requirements,
  routing: work.routing,
  retry: work.retry,
  timeouts: work.timeouts,
  priority: work.priority,
  fairnessKey: work.fairnessKey,
  limitKeys: work.limitKeys,
});
export type Compensation = z.infer<typeof Compensation>;

/**
 * A definition by its name, or steps and dependencies in place. Its input is that of the step. In a run every definition stands
 * in place, with its name and version.
 */
export const SubWorkflow = z.strictObject({
  definition: z
    .union([Name, DefinitionRef])
    .optional()
    .describe('a name; or, beside tasks, the name and version of the definition that they are from'),
  version: z.number().int().positive().optional().describe('the newest, unless given'),
  ...bounds,
  ...conduct,
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

const INSTEAD_OF_WORK = ['approval', 'waitFor', 'sleep', 'workflow'] as const;
type Instead = (typeof INSTEAD_OF_WORK)[number];

const NO_TYPE = `a step needs a type, or one of ${INSTEAD_OF_WORK.join(', ')}`;

function presentOf(step: Readonly<Record<string, unknown>>): Instead[] {
  return INSTEAD_OF_WORK.filter((name) => step[name] !== undefined);
}

/** The type of a step that no swarm runs is what it waits for. */
function normalizeStep(given: unknown): unknown {
  const normal = normalizeWork(given);
  if (!isFields(normal) || normal['type'] !== undefined) return normal;
  const [instead] = presentOf(normal);
  return instead === undefined ? normal : { ...normal, type: instead === 'waitFor' ? 'wait' : instead };
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Fault {
  at: string[];
  message: string;
}

/** What fields of a step say against each other. It is also asked about steps that have other faults: all are found at once. */
function* contradictions(step: Fields): Generator<Fault> {
  const { id, type, map, workflow } = step;
  const present = presentOf(step);
  const mere = present.find((name) => name !== 'waitFor' || type === 'wait');
  if (typeof id === 'string' && id.startsWith(UNDO))
    yield { at: ['id'], message: `ids that begin with ${UNDO} are those of compensations: choose another` };
  if (present.length > 1)
    yield {
      at: [present[1] ?? ''],
      message: `a step has one of ${present.join(', ')}: make them steps of their own, one behind the other`,
    };
  else if (mere !== undefined && mere !== 'waitFor' && type !== mere)
    yield {
      at: [mere],
      message: `a step with a type is run by a swarm: leave out the type, or make ${mere} a step of its own before it`,
    };
  if (map !== undefined && mere !== undefined && mere !== 'workflow')
    yield { at: ['map'], message: 'only work and workflows can be mapped over a list: leave out map' };
  else if (map !== undefined && present.includes('waitFor'))
    yield {
      at: ['waitFor'],
      message: 'a map waits for no signal: make the wait a step of its own before it',
    };
  yield* inputFaults(step);
  if (isFields(workflow)) yield* subWorkflowFaults(workflow);
}

function* inputFaults({ map, inputs, input, inputRef }: Fields): Generator<Fault> {
  if (inputRef !== undefined && (inputs !== undefined || map !== undefined))
    yield {
      at: ['inputRef'],
      message: `an input by reference stays as it is: leave it out, or leave out ${inputs === undefined ? 'map' : 'inputs'}`,
    };
  else if (typeof inputs === 'string' && isFields(input) && Object.keys(input).length > 0)
    yield {
      at: ['inputs'],
      message: 'one path is the whole input: leave out input, or give a path for each field',
    };
  else if ((map !== undefined || isFields(inputs)) && typeof inputs !== 'string' && !isFields(input))
    yield {
      at: ['input'],
      message: `must be an object: ${isFields(inputs) ? 'inputs adds fields to it' : 'map adds item and index to it'}`,
    };
}

function* subWorkflowFaults(given: Fields): Generator<Fault> {
  const { definition, version, tasks, dependencies } = given;
  const isFrom = isFields(definition); // that the tasks are from
  if ((definition === undefined || isFrom) === (tasks === undefined))
    yield {
      at: ['workflow'],
      message: 'a sub-workflow has either definition (a name) or tasks: give one of them',
    };
  else if (tasks === undefined && dependencies !== undefined)
    yield {
      at: ['workflow', 'dependencies'],
      message: 'a definition has its own dependencies: leave them out',
    };
  else if ((definition === undefined || isFrom) && version !== undefined)
    yield { at: ['workflow', 'version'], message: 'only definitions have versions: leave it out' };
}

const StepFields = z.strictObject({
  ...work,
  type: nameOf(NO_TYPE).describe(work.type.description ?? ''),
  ...planning,
  id: StepId,
});

/** One step: work for a swarm, or something to wait for. */
export const Step = z.preprocess(
  normalizeStep,
  StepFields.superRefine(
    (step, context) => {
      for (const { at, message } of contradictions(step))
        context.addIssue({ code: 'custom', path: at, message });
    },
    // Also where fields have faults of their own: whoever submits hears of all of them at once.
    { when: ({ value }) => isFields(value) },
  ),
);
export type Step = z.output<typeof Step>;

/** Whether a step is a wait for a signal and nothing else. */
export function isMereWait(step: Pick<Step, 'type' | 'waitFor'>): boolean {
  return step.waitFor !== undefined && step.type === 'wait';
}
