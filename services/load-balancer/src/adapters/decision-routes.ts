import { z } from 'zod';
import {
  DecisionDetail,
  DecisionPage,
  LIMITS,
  ListDecisionsQuery,
  Replay,
  ReplayRequest,
  Simulation,
} from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import type { LoadBalancer } from '../application/load-balancer';
import { SimulateBody } from './route-body';

export function decisionRoutes(balancer: Pick<LoadBalancer, 'decisions' | 'replays' | 'simulate'>): Route[] {
  const { decisions, replays } = balancer;
  return [
    defineRoute({
      method: 'post',
      path: '/v1/route/simulate',
      summary: 'What every policy would decide for a request now',
      description: 'Nothing is reserved, and nobody’s turn is over.',
      tags: ['routing'],
      body: SimulateBody,
      reply: Simulation,
      handler: async ({ body }) => balancer.simulate(body),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/decisions',
      summary: 'The last decisions of this replica, newest first',
      description:
        'Where attempts and routed requests went, or why nowhere. Kept in memory, DECISIONS_KEPT at most.',
      tags: ['routing'],
      query: ListDecisionsQuery,
      reply: DecisionPage,
      handler: async ({ query }) => decisions.list(query),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/decisions/replay',
      summary: 'What another policy would have decided in the place of the last decisions',
      description:
        'From what was seen then: nothing of today has a part in it. REPLAYS_KEPT decisions of this replica at most.',
      tags: ['routing'],
      body: ReplayRequest,
      reply: Replay,
      handler: async ({ body }) => replays.replay(body),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/decisions/:id',
      summary: 'One decision of this replica, with its receipt',
      tags: ['routing'],
      params: z.object({ id: z.string().max(2 * LIMITS.NAME_CHARS) }),
      reply: DecisionDetail,
      errors: ['decision-not-found'],
      handler: async ({ params }) => decisions.get(params.id),
    }),
  ];
}
