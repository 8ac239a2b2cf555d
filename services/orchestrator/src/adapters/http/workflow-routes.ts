import {
  EventPage,
  HistoryQuery,
  GetWorkflowQuery,
  ListWorkflowsQuery,
  Workflow,
  WorkflowId,
  WorkflowPage,
} from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import { z } from 'zod';
import type { Orchestrator } from '../../application/orchestrator';

export const WorkflowParams = z.object({ id: WorkflowId });

/** Workflows that are there: read, follow. */
export function workflowRoutes({ reads }: Orchestrator): Route[] {
  return [
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
      query: GetWorkflowQuery.omit({ id: true, stepsFrom: true }),
      reply: Workflow,
      errors: ['workflow-not-found'],
      handler: ({ params, query, signal, stopping }) =>
        reads.workflow(params.id, query.waitMs, {
          signal: AbortSignal.any([signal, stopping]),
          resultOnly: query.resultOnly,
        }),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/workflows/:id/events',
      summary: 'The history of a workflow and all its steps, oldest first',
      tags: ['workflows'],
      params: WorkflowParams,
      query: HistoryQuery,
      reply: EventPage,
      errors: ['workflow-not-found'],
      handler: ({ params, query }) => reads.events(params.id, query),
    }),
  ];
}
