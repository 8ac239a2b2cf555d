import type { JsonValue } from '@multiswarm/contracts';
import type { z } from 'zod';
import { toWork } from '../client/submission';
import { definitionOf, type AnyJson, type TaskDefinition, type TaskOrType } from '../define-task';
import { DefinedWorkflow } from './defined-workflow';
import type { Drafts } from './drafts';
import { isReference, jsonPathOf, type Given, type Known, type Ref, type Reference } from './reference';
import { checkKnownInput, schemasOf, writeInput, type WrittenInput } from './step-json';
import type {
  AnyStep,
  ApprovalOptions,
  ApprovalOutput,
  CompensationOptions,
  DefinedStep,
  MapOptions,
  MapOutput,
  NamedWorkflow,
  OutputOf,
  SignalOptions,
  SleepTime,
  StepOptions,
  SubWorkflowOptions,
  TaskStepOptions,
  UndoableStep,
} from './types';

type AnyTask = TaskOrType<z.ZodType, z.ZodType>;
type AnyWorkflow = DefinedWorkflow<z.ZodType, unknown> | NamedWorkflow<z.ZodType, z.ZodType>;
type ItemInput<Item, In extends z.ZodType> = (
  item: Ref<Known<Item>>,
  index: Ref<number>,
) => Given<z.input<In>>;

/**
 * The steps of a workflow. What a step takes from others are references (`step.output.title`), and the steps that it refers to
 * come before it; `after` adds others.
 */
export class Flow {
  constructor(private readonly drafts: Drafts) {}

  /** What the run is. */
  get run(): { readonly id: Ref<string>; readonly name: Ref<string | null> } {
    return { id: this.drafts.refToRun('id'), name: this.drafts.refToRun('name') };
  }

  /** Work for a swarm. The name of a type does where nothing is to be checked. */
  task<
    const Id extends string,
    In extends z.ZodType = AnyJson,
    Out extends z.ZodType = AnyJson,
    const Options extends TaskStepOptions = object,
  >(
    id: Id,
    task: TaskDefinition<In, Out>,
    input: Given<z.input<In>>,
    options?: Options,
  ): UndoableStep<OutputOf<z.output<Out>, Options>, Id>;
  task<const Id extends string>(
    id: Id,
    type: string,
    input?: Given<JsonValue>,
    options?: TaskStepOptions,
  ): UndoableStep<never, Id>;
  task(id: string, task: AnyTask, input?: unknown, options: TaskStepOptions = {}): AnyStep {
    const written = writeInput(`step "${id}"`, input);
    checkKnownInput(`step "${id}"`, task, written);
    return this.undoable(id, { ...workOf(task, options), ...pathsOf(written) }, options, written.references);
  }

  /** The same work, or workflow, for each item of a list: what an item gives to it says the function. */
  map<
    const Id extends string,
    Item,
    In extends z.ZodType = AnyJson,
    Out extends z.ZodType = AnyJson,
    const Options extends MapOptions = object,
  >(
    id: Id,
    over: Reference<readonly Item[]>,
    work: TaskDefinition<In, Out> | NamedWorkflow<In, Out>,
    input: ItemInput<Item, In>,
    options?: Options,
  ): UndoableStep<MapOutput<z.output<Out>, Options>, Id>;
  map<const Id extends string, Item, In extends z.ZodType, Out, const Options extends MapOptions = object>(
    id: Id,
    over: Reference<readonly Item[]>,
    work: DefinedWorkflow<In, Out>,
    input: ItemInput<Item, In>,
    options?: Options,
  ): UndoableStep<MapOutput<Out, Options>, Id>;
  map<const Id extends string, Item, const Options extends MapOptions = object>(
    id: Id,
    over: Reference<readonly Item[]>,
    type: string,
    input: ItemInput<Item, AnyJson>,
    options?: Options,
  ): UndoableStep<MapOutput<JsonValue, Options>, Id>;
  map(
    id: string,
    over: Reference<readonly unknown[]>,
    work: AnyTask | AnyWorkflow,
    input: (item: Ref<never>, index: Ref<number>) => unknown,
    options: MapOptions = {},
  ): AnyStep {
    const { concurrency, toleratedFailures, collect, ...rest } = options;
    const given = input(this.drafts.refToItem(id, 'item'), this.drafts.refToItem(id, 'index'));
    const written = writeInput(`step "${id}"`, given);
    const json = isWorkflow(work) ? childOf(work, rest) : workOf(work, rest);
    const map = { over: jsonPathOf(over), concurrency, toleratedFailures, collect };
    const paths = { ...pathsOf(written), inputs: written.inputs ?? {} };
    return this.undoable(id, { ...json, ...paths, map }, options, [over, ...written.references]);
  }

  /** Somebody has to say yes. Whoever refuses fails the step. */
  approval<const Id extends string, const Options extends ApprovalOptions = object>(
    id: Id,
    options?: Options,
  ): DefinedStep<OutputOf<ApprovalOutput, Options>, Id>;
  approval(id: string, options: ApprovalOptions = {}): AnyStep {
    const { prompt, approvers, timeoutMs, continueOnFailure } = options;
    return this.step(id, { approval: { prompt, approvers, timeoutMs }, continueOnFailure }, options, []);
  }

  /** Waits until the run is told something. What it is told is the output. */
  signal<
    const Id extends string,
    Payload extends z.ZodType = AnyJson,
    const Options extends SignalOptions<Payload> = SignalOptions<Payload>,
  >(
    id: Id,
    options?: Options & SignalOptions<Payload>,
  ): DefinedStep<OutputOf<z.output<Payload>, Options>, Id>;
  signal(id: string, options: SignalOptions<z.ZodType> = {}): AnyStep {
    const { signal = id, payload, timeoutMs, continueOnFailure } = options;
    const schemas = schemasOf(undefined, payload);
    return this.step(id, { waitFor: { signal, timeoutMs }, schemas, continueOnFailure }, options, []);
  }

  /** Waits for a time. */
  sleep<const Id extends string>(id: Id, time: SleepTime, options: StepOptions = {}): DefinedStep<null, Id> {
    if ('ms' in time) return this.step(id, { sleep: { ms: time.ms } }, options, []);
    const { until } = time;
    if (isReference(until)) return this.step(id, { sleep: { until: jsonPathOf(until) } }, options, [until]);
    const instant = until instanceof Date ? until.toISOString() : until;
    return this.step(id, { sleep: { until: instant } }, options, []);
  }

  /** A run of another workflow: one that is defined in place, or one that is stored under a name. */
  workflow<
    const Id extends string,
    In extends z.ZodType,
    Out,
    const Options extends SubWorkflowOptions = object,
  >(
    id: Id,
    workflow: DefinedWorkflow<In, Out>,
    input: Given<z.input<In>>,
    options?: Options,
  ): UndoableStep<OutputOf<Out, Options>, Id>;
  workflow<
    const Id extends string,
    In extends z.ZodType = AnyJson,
    Out extends z.ZodType = AnyJson,
    const Options extends SubWorkflowOptions = object,
  >(
    id: Id,
    workflow: NamedWorkflow<In, Out>,
    input: Given<z.input<In>>,
    options?: Options,
  ): UndoableStep<OutputOf<z.output<Out>, Options>, Id>;
  workflow(id: string, workflow: AnyWorkflow, input: unknown, options: SubWorkflowOptions = {}): AnyStep {
    const written = writeInput(`step "${id}"`, input);
    const json = { ...childOf(workflow, options), ...pathsOf(written) };
    return this.undoable(id, json, options, written.references);
  }

  private step<Out, Id extends string>(
    id: Id,
    json: Record<string, unknown>,
    options: StepOptions,
    references: readonly Reference<unknown>[],
  ): DefinedStep<Out, Id> {
    const { drafts } = this;
    drafts.add(id, json, options, references);
    return {
      id,
      output: drafts.refToStep(id, 'output'),
      state: drafts.refToStep(id, 'state'),
      error: drafts.refToStep(id, 'error'),
    };
  }

  private undoable(
    id: string,
    json: Record<string, unknown>,
    options: StepOptions,
    references: readonly Reference<unknown>[],
  ): UndoableStep<never> {
    const { drafts } = this;
    const step: UndoableStep<never> = {
      ...this.step<never, string>(id, json, options, references),
      compensate(task: AnyTask, input?: unknown, how: CompensationOptions = {}) {
        // Where a function is given it is one of references: that is what the types say.
        const given = typeof input === 'function' ? (input as (of: unknown) => unknown)(step.output) : input;
        const written = writeInput(`the compensation of "${id}"`, given);
        const { type, requirements, routing, retry, timeouts, priority } = toWork(task, undefined, how);
        const paths = given === undefined ? {} : { ...pathsOf(written), inputs: written.inputs ?? {} };
        const json = { type, requirements, routing, retry, timeouts, priority, ...paths };
        drafts.compensate(id, json, written.references);
        return this;
      },
    };
    return step;
  }
}

function isWorkflow(work: AnyTask | AnyWorkflow): work is AnyWorkflow {
  return typeof work === 'object' && (work instanceof DefinedWorkflow || 'definition' in work);
}

/** No empty input, and no empty paths: the rest of the step says whether there have to be some. */
function pathsOf({ input, inputs }: WrittenInput): Record<string, unknown> {
  const isNone = (value: unknown): boolean =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
  return { ...(isNone(input) ? {} : { input }), ...(isNone(inputs) ? {} : { inputs }) };
}

function workOf(task: AnyTask, options: TaskStepOptions): Record<string, unknown> {
  const { after: _a, when: _w, join: _j, metadata: _m, continueOnFailure, waitFor, ...how } = options;
  const { input, output } = definitionOf(task);
  const signal = typeof waitFor === 'string' ? { signal: waitFor } : waitFor;
  const work = toWork(task, undefined, how);
  return { ...work, schemas: schemasOf(input, output), continueOnFailure, waitFor: signal };
}

function childOf(workflow: AnyWorkflow, options: SubWorkflowOptions): Record<string, unknown> {
  const { continueOnFailure, estimateMs } = options;
  const how = { continueOnFailure, estimateMs };
  if (!(workflow instanceof DefinedWorkflow)) {
    const { definition, version, input, output } = workflow;
    return { workflow: { definition, version }, schemas: schemasOf(input, output), ...how };
  }
  const { inputSchema, ...body } = workflow.body;
  return { workflow: body, schemas: inputSchema === undefined ? undefined : { input: inputSchema }, ...how };
}
