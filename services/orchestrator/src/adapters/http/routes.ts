import {
  Accepted,
  BatchReply,
  BatchSubmission,
  CancelRequest,
  EventPage,
  GetTaskQuery,
  GetWorkflowQuery,
  LIMITS,
  ListTasksQuery,
  ListWorkflowsQuery,
  RegionPage,
  Swarm,
  SwarmId,
  SwarmPage,
  SystemStatus,
  Task,
  TaskId,
  TaskPage,
  TaskSubmission,
  ValidationReply,
  Workflow,
  WorkflowId,
  WorkflowPage,
  WorkflowSubmission,
} from '@multiswarm/contracts';
import { defineRoute, type HttpReply, type Route } from '@multiswarm/service';
import { z } from 'zod';
import type { Orchestrator } from '../../application/orchestrator';
import { batchTraces } from '../bus/client-face';

const IdempotencyKey = z.string().min(1).max(LIMITS.NAME_CHARS);
const TaskParams = z.object({ id: TaskId });
const WorkflowParams = z.object({ id: WorkflowId });

/** Every JSON route of the orchestrator. Bodies are checked by the intake, which knows the brief's spelling, hence `described`. */
export function httpRoutes(orchestrator: Orchestrator): Route[] {
  return [...taskRoutes(orchestrator), ...workflowRoutes(orchestrator), ...fleetRoutes(orchestrator)];
}

function taskRoutes({ gateway, reads }: Orchestrator): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/v1/tasks',
      summary: 'Submit a task',
      description: 'Accepted means committed: it survives every crash from here on. `Idempotency-Key` (or `idempotencyKey` in the body) makes a repetition harmless.',
      tags: ['tasks'],
      body: described(TaskSubmission),
      reply: Accepted,
      status: 202,
      errors: ['invalid-request', 'input-too-large', 'idempotency-conflict', 'shard-unavailable', 'store-unavailable'],
      handler: async ({ body, headers, traceparent }): Promise<HttpReply<Accepted>> => {
        const accepted = await gateway.submitTask(withKey(body, headers['idempotency-key']), traceparent);
        return { status: 202, headers: { location: `/v1/tasks/${accepted.id}` }, body: accepted };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/tasks/batch',
      summary: `Submit up to ${LIMITS.BATCH_TASKS} tasks`,
      description: 'Each item is accepted or refused by itself; `results` keeps the order.',
      tags: ['tasks'],
      body: BatchSubmission,
      bodyLimitBytes: LIMITS.HTTP_BATCH_BODY_BYTES,
      reply: BatchReply,
      status: 202,
      errors: ['invalid-request', 'body-too-large'],
      handler: ({ body, traceparent }) => gateway.submitBatch(body.tasks, batchTraces(traceparent)),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/tasks',
      summary: 'List tasks, newest first',
      tags: ['tasks'],
      query: ListTasksQuery,
      reply: TaskPage,
      handler: ({ query }) => reads.tasks(query),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/tasks/:id',
      summary: 'One task; `waitMs` holds the answer until it has ended',
      tags: ['tasks'],
      params: TaskParams,
      query: GetTaskQuery.omit({ id: true }),
      reply: Task,
      errors: ['task-not-found'],
      handler: ({ params, query, signal, stopping }) => reads.task(params.id, query.waitMs, AbortSignal.any([signal, stopping])),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/tasks/:id/events',
      summary: 'The history of a task, oldest first',
      tags: ['tasks'],
      params: TaskParams,
      reply: EventPage,
      errors: ['task-not-found'],
      handler: async ({ params }) => ({ items: await reads.events(params.id), next: null }),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/tasks/:id/cancel',
      summary: 'Cancel a task; one that runs is told, and ends as cancelled unless it succeeds first',
      tags: ['tasks'],
      params: TaskParams,
      body: CancelRequest.prefault({}),
      reply: Task,
      status: 202,
      errors: ['task-not-found'],
      handler: async ({ params, body }) => {
        await reads.task(params.id, 0);
        await gateway.cancelTask(params.id, body.reason);
        return reads.task(params.id, 0);
      },
    }),
  ];
}

function workflowRoutes({ gateway, reads }: Orchestrator): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/v1/workflows',
      summary: 'Submit a workflow: `tasks`, and `dependencies` by step',
      tags: ['workflows'],
      body: described(WorkflowSubmission),
      reply: Accepted,
      status: 202,
      errors: ['invalid-workflow', 'input-too-large', 'idempotency-conflict'],
      handler: async ({ body, headers, traceparent }): Promise<HttpReply<Accepted>> => {
        const accepted = await gateway.submitWorkflow(withKey(body, headers['idempotency-key']), traceparent);
        return { status: 202, headers: { location: `/v1/workflows/${accepted.id}` }, body: accepted };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/workflows/validate',
      summary: 'Every finding about a workflow at once; stores nothing',
      tags: ['workflows'],
      body: described(WorkflowSubmission),
      reply: ValidationReply,
      handler: ({ body }) => Promise.resolve(gateway.validate(body)),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/workflows',
      summary: 'List workflows, newest first',
      tags: ['workflows'],
      query: ListWorkflowsQuery,
      reply: WorkflowPage,
      handler: ({ query }) => reads.workflows(query),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/workflows/:id',
      summary: 'One workflow with its steps; `waitMs` holds the answer until it has ended',
      tags: ['workflows'],
      params: WorkflowParams,
      query: GetWorkflowQuery.omit({ id: true }),
      reply: Workflow,
      errors: ['workflow-not-found'],
      handler: ({ params, query, signal, stopping }) => reads.workflow(params.id, query.waitMs, AbortSignal.any([signal, stopping])),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/workflows/:id/events',
      summary: 'The history of a workflow and all its steps, oldest first',
      tags: ['workflows'],
      params: WorkflowParams,
      reply: EventPage,
      errors: ['workflow-not-found'],
      handler: async ({ params }) => ({ items: await reads.events(params.id), next: null }),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/workflows/:id/cancel',
      summary: 'Cancel a workflow and every step that has not ended',
      tags: ['workflows'],
      params: WorkflowParams,
      body: CancelRequest.prefault({}),
      reply: Workflow,
      status: 202,
      errors: ['workflow-not-found'],
      handler: async ({ params, body }) => {
        await reads.workflow(params.id, 0);
        await gateway.cancelWorkflow(params.id, body.reason);
        return reads.workflow(params.id, 0);
      },
    }),
  ];
}

function fleetRoutes(orchestrator: Orchestrator): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/swarms',
      summary: 'The fleet, as its heartbeats tell',
      tags: ['fleet'],
      reply: SwarmPage,
      handler: () => Promise.resolve(orchestrator.swarms()),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/swarms/:id',
      summary: 'One swarm',
      tags: ['fleet'],
      params: z.object({ id: SwarmId }),
      reply: Swarm,
      errors: ['swarm-not-found'],
      handler: ({ params }) => Promise.resolve(orchestrator.fleet.swarm(params.id)),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/regions',
      summary: 'Regions with their swarms, slots and price',
      tags: ['fleet'],
      reply: RegionPage,
      handler: () => Promise.resolve(orchestrator.regions()),
    }),
    defineRoute({
      method: 'get',
      path: '/status',
      summary: 'The whole system at a glance',
      tags: ['system'],
      reply: SystemStatus,
      handler: () => orchestrator.status(),
    }),
  ];
}

/** A body that is documented by a schema and handed on as it came: the intake reports graph faults beside schema faults. */
function described(schema: z.ZodType): z.ZodType<unknown> {
  return z.unknown().meta(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Record<string, unknown>);
}

/** The header wins over nothing, and must agree with the body where both are given. */
function withKey(body: unknown, header: string | string[] | undefined): unknown {
  if (header === undefined || typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const key = IdempotencyKey.parse(Array.isArray(header) ? header[0] : header);
  return 'idempotencyKey' in body ? body : { ...body, idempotencyKey: key };
}
