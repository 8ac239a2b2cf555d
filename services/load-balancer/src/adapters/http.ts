import { z } from 'zod';
import { CustomPolicyStatus, LbReport, RouteReply, Swarm, SwarmId, SwarmPage } from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import type { LoadBalancer } from '../application/load-balancer';
import { decisionRoutes } from './decision-routes';
import { RouteBody } from './route-body';

/** Over HTTP an unknown field is a typing error, and is refused; over the bus it is a newer sender. */
const ReportBody = z.strictObject({
  ...LbReport.shape,
  outcomes: z.array(z.strictObject(LbReport.shape.outcomes.element.shape)).min(1).max(1000),
});
const Policies = z.object({
  active: z.string().describe('the policy that ranks swarms now'),
  available: z.array(z.string()).describe('values of LOAD_BALANCING_ALGORITHM that this build has'),
  custom: z.array(CustomPolicyStatus).describe("users' own, CUSTOM_POLICIES"),
});

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
      handler: async ({ body, traceparent }) => balancer.route(body, traceparent),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/reports',
      summary: 'Say how routed requests ended, so that their slots come free',
      tags: ['routing'],
      body: ReportBody,
      status: 202,
      reply: z.object({ accepted: z.number().int() }),
      errors: ['bus-unavailable'],
      handler: async ({ body }) => {
        balancer.shareReport(body);
        return { accepted: body.outcomes.length };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/endpoints',
      summary: 'All swarms as this replica sees them',
      tags: ['endpoints'],
      reply: SwarmPage,
      handler: async () => ({ items: balancer.swarms(), next: null }),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/endpoints/:id',
      summary: 'One swarm as this replica sees it',
      tags: ['endpoints'],
      params: z.object({ id: SwarmId }),
      reply: Swarm,
      errors: ['swarm-not-found'],
      handler: async ({ params }) => balancer.swarm(params.id),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/policies',
      summary: 'The policies of this build, and the one in use',
      tags: ['routing'],
      reply: Policies,
      handler: async () => balancer.policies(),
    }),
    ...decisionRoutes(balancer),
  ];
}
