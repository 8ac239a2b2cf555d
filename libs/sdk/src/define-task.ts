import type {
  AttributeAsked,
  JsonValue,
  LabelAsked,
  Priority,
  Resources,
  RetryPolicy,
  Routing,
  Timeouts,
} from '@multiswarm/contracts';
import type { z } from 'zod';

/** What a task asks of the swarm that runs it; a single capability or region may stand without its array. */
export interface RequirementsInput {
  capabilities?: string | readonly string[];
  /** Regions, or patterns such as `eu-*`; any of them. */
  region?: string | readonly string[];
  resources?: Resources;
  /** A text, or comparators such as `{ in: ['gold', 'silver'] }`. */
  labels?: Readonly<Record<string, LabelAsked>>;
  /** Numbers: at least; otherwise equal to, or one of, what the swarm declares; or comparators such as `{ '<': 5 }`. */
  attributes?: Readonly<Record<string, AttributeAsked>>;
  /** USD: swarms whose slots cost more are not used. */
  maxCostPerSlotHour?: number;
}

/** Which of the swarms that may run a task it should be. What is left out takes the defaults of the contract. */
export type RoutingInput = z.input<typeof Routing>;

/** Any part of a retry policy; the rest takes the defaults of the contract. */
export type RetryInput = z.input<typeof RetryPolicy>;

/** How a task is to be run; each of them may be given with the definition, and again with a submission, which wins. */
export interface TaskDefaults {
  requires?: RequirementsInput;
  routing?: RoutingInput;
  retry?: RetryInput;
  timeouts?: Timeouts;
  priority?: Priority;
  estimateMs?: number;
  /** Tasks of one namespace take turns by this key, for example a customer. */
  fairnessKey?: string;
  /** Keys whose limits the namespace sets; the task waits while one of them is used up. */
  limitKeys?: readonly string[];
}

/** The schema of a definition that names none: any JSON. */
export type AnyJson = z.ZodType<JsonValue>;

/** A kind of work, with its types. Made by `defineTask`; used by the swarm that handles it and the client that submits it. */
export interface TaskDefinition<
  In extends z.ZodType = AnyJson,
  Out extends z.ZodType = AnyJson,
> extends TaskDefaults {
  readonly type: string;
  readonly input?: In;
  readonly output?: Out;
}

/** A definition or, where nothing needs to be checked, just the name of the type. */
export type TaskOrType<In extends z.ZodType = AnyJson, Out extends z.ZodType = AnyJson> =
  TaskDefinition<In, Out> | string;

/**
 * Names a kind of work. With `input` and `output` schemas the client's `submit` and `result()` and the swarm's handler are
 * typed, and both sides check what they are given. A step of a workflow that has dependencies finds the outputs of the
 * steps before it under `upstream` of its input, so its schema should declare that field.
 */
export function defineTask<In extends z.ZodType = AnyJson, Out extends z.ZodType = AnyJson>(
  definition: TaskDefinition<In, Out>,
): TaskDefinition<In, Out> {
  return Object.freeze({ ...definition });
}

export function definitionOf<In extends z.ZodType, Out extends z.ZodType>(
  task: TaskOrType<In, Out>,
): TaskDefinition<In, Out> {
  return typeof task === 'string' ? { type: task } : task;
}
