import { CordonRequest, RegionPage, Swarm, SwarmId, SwarmPage, SystemStatus } from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import { z } from 'zod';
import type { Orchestrator } from '../../application/orchestrator';

const CONTROLS = [
  { kind: 'cordon', summary: 'Give a swarm nothing new; it keeps what it has, also over restarts' },
  { kind: 'drain', summary: 'Let a swarm finish what it has, and give it nothing new' },
  { kind: 'uncordon', summary: 'End a cordon or a drain' },
] as const;

/** The fleet, and the system as a whole. */
export function fleetRoutes(orchestrator: Orchestrator): Route[] {
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
    ...CONTROLS.map(({ kind, summary }) =>
      defineRoute({
        method: 'post',
        path: `/v1/swarms/:id/${kind}`,
        summary,
        tags: ['fleet'],
        params: z.object({ id: SwarmId }),
        body: CordonRequest.prefault({}),
        reply: Swarm,
        status: 202,
        errors: ['swarm-not-found', 'region-unavailable'],
        handler: ({ params, body }) => orchestrator.fleetControl.want(kind, { ...params, ...body }),
      }),
    ),
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
