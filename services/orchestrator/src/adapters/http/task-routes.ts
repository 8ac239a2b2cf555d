import {
  CountTasksQuery,
  EventPage,
  HistoryQuery,
  Explanation,
  GetTaskQuery,
  ListTasksQuery,
  Task,
  TaskCounts,
  TaskId,
  TaskPage,
} from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import { z } from 'zod';
import type { Orchestrator } from '../../application/orchestrator';

const TaskParams = z.object({ id: TaskId });

/** Tasks that are there: read and follow. */
export function taskRoutes({ reads, explanations }: Orchestrator): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/tasks',
      summary: 'Search tasks, newest first',
      description:
        'All conditions must hold. One that may have several values takes the parameter several times: any of them will do, but of `label` and `text`, of which all must be found.',
      tags: ['tasks'],
      query: ListTasksQuery,
      reply: TaskPage,
      handler: ({ query }) => reads.tasks(query),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/tasks/counts',
      summary: 'Count tasks by state, type, namespace, swarm, region, error code, or a key of the metadata',
      tags: ['tasks'],
      query: CountTasksQuery,
      reply: TaskCounts,
      errors: ['shard-unavailable', 'not-ready'],
      handler: ({ query }) => reads.taskCounts(query),
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
      query: HistoryQuery,
      reply: EventPage,
      errors: ['task-not-found'],
      handler: ({ params, query }) => reads.events(params.id, query),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/tasks/:id/explain',
      summary: 'Why a task is where it is, what was tried, and what comes next',
      tags: ['tasks'],
      params: TaskParams,
      reply: Explanation,
      errors: ['task-not-found'],
      handler: ({ params }) => explanations.task(params.id),
    }),
  ];
}
