import { z } from 'zod';
import {
  AcceptedReports,
  LIMITS,
  PolicyTable,
  RenewedReservation,
  RouteReply,
  RoutingMetrics,
} from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import type { LoadBalancer } from '../application/load-balancer';
import { decisionRoutes } from './decision-routes';
import { ReportBody } from './report-body';
import { RouteBody } from './route-body';

export function httpRoutes(balancer: LoadBalancer): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/v1/route',
      summary: 'Choose a swarm for one request and reserve a slot of it',
      description: 'The slot is held until the outcome is reported, for RESERVATION_HOLD_MS at most.',
      tags: ['routing'],
      body: RouteBody,
      reply: RouteReply,
      errors: ['no-placement'],
      handler: async ({ body, traceparent }) => (await balancer.route(body, traceparent)).reply,
    }),
    defineRoute({
      method: 'post',
      path: '/v1/reports',
      summary: 'Say how routed requests ended, so that their slots come free',
      tags: ['routing'],
      body: ReportBody,
      status: 202,
      reply: AcceptedReports,
      errors: ['bus-unavailable'],
      handler: async ({ body }) => {
        balancer.shareReport(body);
        return { accepted: body.outcomes.length };
      },
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/reservations/:id',
      summary: 'Give a reserved slot back that nobody uses',
      description: 'Whichever replica holds it gives it back; one that has ended already is no error.',
      tags: ['routing'],
      params: z.object({ id: z.string().min(1).max(LIMITS.NAME_CHARS) }),
      status: 202,
      reply: AcceptedReports,
      errors: ['bus-unavailable'],
      handler: async ({ params }) => {
        balancer.shareRelease([params.id]);
        return { accepted: 1 };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/v1/reservations/:id/renew',
      summary: 'Hold a reserved slot for longer: RESERVATION_HOLD_MS from now on',
      description: 'Whichever replica holds it is asked.',
      tags: ['routing'],
      params: z.object({ id: z.string().min(1).max(LIMITS.NAME_CHARS) }),
      reply: RenewedReservation,
      errors: ['reservation-not-found', 'bus-unavailable'],
      handler: async ({ params }) => balancer.renew(params.id),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/policies',
      summary: 'The policies of this build, those of users, and who has chosen which',
      tags: ['routing'],
      reply: PolicyTable,
      handler: async () => balancer.policies(),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/routing/metrics',
      summary: 'The last minute of routing: requests, how they ended, endpoints, by policy',
      description: 'As this replica saw it; ends are those of all replicas.',
      tags: ['routing'],
      reply: RoutingMetrics,
      handler: async () => balancer.routingMetrics(),
    }),
    ...decisionRoutes(balancer),
  ];
}
