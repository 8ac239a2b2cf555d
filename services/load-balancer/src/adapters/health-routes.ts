import {
  CancelledMaintenance,
  EndpointHealth,
  Forced,
  ForceRequest,
  HealthEventPage,
  HealthEventsQuery,
  HealthPage,
  ListHealthQuery,
  MaintenancePage,
  MaintenanceRequest,
  MaintenanceWindow,
  ResetRequest,
  SwarmId,
  Token,
  who,
} from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import { z } from 'zod';
import type { HealthDesk } from '../application/health-desk';

const Params = z.object({ id: SwarmId });

/** The health of swarms and endpoints: reading it, and what operators do about it. */
export function healthRoutes(desk: HealthDesk): Route[] {
  return [...reading(desk), ...deciding(desk), ...maintenance(desk)];
}

function reading(desk: HealthDesk): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/health',
      summary: 'The health of the fleet as this replica sees it: who is not ready, and why',
      tags: ['health'],
      query: ListHealthQuery,
      reply: HealthPage,
      handler: async ({ query }) => desk.list(query),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/health/events',
      summary: 'What has happened to the health of the fleet, the newest first, as this replica has seen it',
      tags: ['health'],
      query: HealthEventsQuery,
      reply: HealthEventPage,
      handler: async ({ query }) => desk.events(query),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/health/audit',
      summary: 'What operators have forced, reset and planned, the newest first',
      tags: ['health'],
      query: HealthEventsQuery,
      reply: HealthEventPage,
      errors: ['store-unavailable'],
      handler: async ({ query }) => desk.audit(query),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/endpoints/:id/health',
      summary: 'The health of one swarm or endpoint, and why it is so',
      tags: ['health'],
      params: Params,
      reply: EndpointHealth,
      errors: ['swarm-not-found'],
      handler: async ({ params }) => desk.health(params.id),
    }),
  ];
}

function deciding(desk: HealthDesk): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/v1/endpoints/:id/force',
      summary: 'Force the health of a swarm: its breaker open or closed, an ejection or none, or ready',
      description:
        'It holds until `until`, or until a reset, on every replica, also for a swarm that is away now.',
      tags: ['health'],
      params: Params,
      body: ForceRequest,
      reply: Forced,
      errors: ['store-unavailable'],
      handler: async ({ params, body }) => desk.force(params.id, body),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/endpoints/:id/reset',
      summary: 'End what is forced, and forget what was learned of the health of a swarm',
      tags: ['health'],
      params: Params,
      body: ResetRequest,
      reply: z.object({ swarmId: SwarmId }),
      errors: ['store-unavailable'],
      handler: async ({ params, body }) => desk.reset(params.id, body),
    }),
  ];
}

function maintenance(desk: HealthDesk): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/maintenance',
      summary: 'Maintenance windows, with their present or next time',
      tags: ['health'],
      reply: MaintenancePage,
      handler: async () => desk.windows(),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/maintenance',
      summary: 'Plan a window in which swarms get nothing new; what runs goes on',
      tags: ['health'],
      body: MaintenanceRequest,
      status: 201,
      reply: MaintenanceWindow,
      errors: ['store-unavailable'],
      handler: async ({ body }) => desk.plan(body),
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/maintenance/:id',
      summary: 'Cancel a maintenance window; where it is active, it ends',
      tags: ['health'],
      params: z.object({ id: Token }),
      query: z.strictObject(who),
      reply: CancelledMaintenance,
      errors: ['store-unavailable'],
      handler: async ({ params, query }) => desk.cancel(params.id, query.requestedBy),
    }),
  ];
}
