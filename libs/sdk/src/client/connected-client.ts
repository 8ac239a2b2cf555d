import { Printed } from '@multiswarm/bus';
import {
  type Explanation,
  type RegionPage,
  type SwarmPage,
  type SystemStatus,
  type Task,
  type TaskCounts,
  type TaskPage,
  type TaskSummary,
  type ValidationReply,
  type Workflow,
  type WorkflowPage,
} from '@multiswarm/contracts';
import type { z } from 'zod';
import { definitionOf, type TaskDefinition, type TaskOrType } from '../define-task';
import { deadMessagesOf, type DeadMessagesClient } from './dead-messages';
import { BatchSubmitter } from './batch';
import { feedFilter } from './feed-filter';
import { EventQueue } from './event-queue';
import { deadLettersOf, definitionsOf, fleetOf, namespacesOf, payloadsOf, shardsOf } from './operators';
import { OPERATIONS } from './operations';
import { printJson, type Port } from './port';
import { endpointsOf, routingOf, type EndpointsClient, type RoutingClient } from './routing';
import { schedulesOf, type SchedulesClient } from './schedules';
import { lightened, lightenedSteps, mayBeLarge, storeOf } from './payloads';
import { toSubmission, toWorkflow } from './submission';
import { SubmittedTask } from './task-handle';
import type {
  BatchItem,
  BatchOutcome,
  Client,
  DeadLettersClient,
  DefinitionRunInput,
  DefinitionsClient,
  EventsOptions,
  FleetClient,
  FollowOptions,
  LiveEvent,
  NamespacesClient,
  PayloadsClient,
  ShardsClient,
  SubmitOptions,
  TaskCountQuery,
  TaskFilter,
  WorkflowDocument,
  WorkflowFilter,
  WorkflowInput,
  WorkflowSubmitOptions,
} from './types';
import type { RunResult, Submission } from '../workflow/defined-workflow';
import { SubmittedWorkflow } from './workflow-handle';
import { withAllSteps } from './workflow-steps';

/** Tasks of one page of a search. */
const FOUND_AT_ONCE = 100;

export class ConnectedClient implements Client {
  readonly namespaces: NamespacesClient;
  readonly definitions: DefinitionsClient;
  readonly schedules: SchedulesClient;
  readonly fleet: FleetClient;
  readonly deadLetters: DeadLettersClient;
  readonly deadMessages: DeadMessagesClient;
  readonly shards: ShardsClient;
  readonly payloads: PayloadsClient;
  readonly routing: RoutingClient;
  readonly endpoints: EndpointsClient;

  constructor(private readonly port: Port) {
    this.namespaces = namespacesOf(port);
    this.definitions = definitionsOf(port);
    this.schedules = schedulesOf(port);
    this.fleet = fleetOf(port);
    this.deadLetters = deadLettersOf(port);
    this.deadMessages = deadMessagesOf(port);
    this.shards = shardsOf(port);
    this.payloads = payloadsOf(port);
    this.routing = routingOf(port);
    this.endpoints = endpointsOf(port);
  }

  async submit<In extends z.ZodType, Out extends z.ZodType>(
    task: TaskOrType<In, Out>,
    input?: unknown,
    { signal, ...options }: SubmitOptions = {},
  ): Promise<SubmittedTask<Out>> {
    const fields = toSubmission(task, input, options, this.port.ids.next());
    let json = printJson(fields);
    if (mayBeLarge(json)) json = printJson(await lightened(storeOf(this.port, signal), fields));
    signal?.throwIfAborted();
    // An interrupted request may have arrived all the same, and then nobody could cancel the task.
    const { id, duplicate } = await this.port.ask(OPERATIONS.submitTask, new Printed(json), {
      signal,
      finishTry: true,
    });
    const handle = new SubmittedTask(this.port, id, duplicate, definitionOf(task).output);
    if (signal) handle.cancelOn(signal);
    return handle;
  }

  submitBatch(items: readonly BatchItem[], { signal }: FollowOptions = {}): Promise<BatchOutcome> {
    return new BatchSubmitter(this.port, items, signal).submit();
  }

  async submitWorkflow<Out>(
    workflow: Submission<Out> | WorkflowInput | WorkflowDocument,
    options: WorkflowSubmitOptions = {},
  ): Promise<SubmittedWorkflow<RunResult<Out>>> {
    const { signal, idempotencyKey = workflow['idempotencyKey'] ?? this.port.ids.next() } = options;
    const fields = toWorkflow({ ...workflow, idempotencyKey });
    let json = printJson(fields);
    if (mayBeLarge(json)) json = printJson(await lightenedSteps(storeOf(this.port, signal), fields));
    signal?.throwIfAborted();
    const { id, duplicate } = await this.port.ask(OPERATIONS.submitWorkflow, new Printed(json), {
      signal,
      finishTry: true,
    });
    const handle = new SubmittedWorkflow<RunResult<Out>>(this.port, id, duplicate);
    if (signal) handle.cancelOn(signal);
    return handle;
  }

  runDefinition(
    name: string,
    run: DefinitionRunInput = {},
    options: WorkflowSubmitOptions = {},
  ): Promise<SubmittedWorkflow> {
    return this.submitWorkflow({ ...run, definition: name }, options);
  }

  validateWorkflow(workflow: WorkflowInput | WorkflowDocument): Promise<ValidationReply> {
    return this.port.ask(OPERATIONS.validateWorkflow, toWorkflow(workflow));
  }

  task<Out extends z.ZodType>(id: string, definition?: TaskDefinition<z.ZodType, Out>): SubmittedTask<Out> {
    return new SubmittedTask(this.port, id, false, definition?.output);
  }

  workflow(id: string): SubmittedWorkflow {
    return new SubmittedWorkflow(this.port, id, false);
  }

  getTask(id: string): Promise<Task> {
    return this.port.ask(OPERATIONS.getTask, { id, waitMs: 0 });
  }

  explain(id: string): Promise<Explanation> {
    return this.port.ask(OPERATIONS.explainTask, { id });
  }

  listTasks(filter: TaskFilter = {}): Promise<TaskPage> {
    return this.port.ask(OPERATIONS.listTasks, filter);
  }

  async *searchTasks(filter: TaskFilter = {}): AsyncGenerator<TaskSummary, void, undefined> {
    let page = await this.listTasks({ limit: FOUND_AT_ONCE, ...filter });
    for (;;) {
      yield* page.items;
      if (page.next === null) return;
      page = await this.listTasks({ limit: FOUND_AT_ONCE, ...filter, cursor: page.next });
    }
  }

  countTasks(query: TaskCountQuery = {}): Promise<TaskCounts> {
    return this.port.ask(OPERATIONS.countTasks, query);
  }

  async getWorkflow(id: string): Promise<Workflow> {
    return withAllSteps(this.port, await this.port.ask(OPERATIONS.getWorkflow, { id, waitMs: 0 }));
  }

  listWorkflows(filter: WorkflowFilter = {}): Promise<WorkflowPage> {
    return this.port.ask(OPERATIONS.listWorkflows, filter);
  }

  status(): Promise<SystemStatus> {
    return this.port.ask(OPERATIONS.status, {});
  }

  swarms(): Promise<SwarmPage> {
    return this.port.ask(OPERATIONS.swarms, {});
  }

  regions(): Promise<RegionPage> {
    return this.port.ask(OPERATIONS.regions, {});
  }

  async *events(options: EventsOptions = {}): AsyncGenerator<LiveEvent, void, undefined> {
    const { lastEventId, signal, onGap, ...asked } = options;
    const queue = new EventQueue(this.port.clock);
    const filter = feedFilter(asked);
    const feed = this.port.transport.openFeed(filter, lastEventId, queue);
    try {
      await feed.opened;
      for (;;) {
        const item = await queue.next(signal);
        if (item.kind === 'event') yield item.event;
        else if (item.kind === 'gap') onGap?.(item.reason, item.gap);
      }
    } finally {
      feed.close();
    }
  }

  close(): Promise<void> {
    return this.port.close();
  }
}
