import {
  CancelRequest,
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
import { httpWay, named } from '../who-asks';

const WorkflowParams = z.object({ id: WorkflowId });

/** Workflows that are there: read, follow, cancel. */
export function workflowRoutes({ gateway, reads }: Orchestrator): Route[] {
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
      query: GetWorkflowQuery.omit({ id: true }),
      reply: Workflow,
      errors: ['workflow-not-found'],
      handler: ({ params, query, signal, stopping }) =>
        reads.workflow(params.id, query.waitMs, AbortSignal.any([signal, stopping])),
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
      handler: async ({ params, body, peer }) => {
        await reads.workflow(params.id, 0);
        await gateway.cancelWorkflow(params.id, named(body, httpWay(peer)));
        return reads.workflow(params.id, 0);
      },
    }),
  ];
}
