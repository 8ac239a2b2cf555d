import {
  CancelRequest,
  EventPage,
  GetTaskQuery,
  ListTasksQuery,
  Task,
  TaskId,
  TaskPage,
} from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import { z } from 'zod';
import type { Orchestrator } from '../../application/orchestrator';

const TaskParams = z.object({ id: TaskId });

/** Tasks that are there: read, follow, cancel. */
export function taskRoutes({ gateway, reads }: Orchestrator): Route[] {
  return [
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
      handler: ({ params, query, signal, stopping }) =>
        reads.task(params.id, query.waitMs, AbortSignal.any([signal, stopping])),
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
