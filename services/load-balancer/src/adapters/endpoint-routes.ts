import {
  Endpoint,
  EndpointPage,
  EndpointRegistration,
  LIMITS,
  ListEndpointsQuery,
  MultiswarmError,
  RemovedEndpoint,
  SwarmId,
} from '@multiswarm/contracts';
import { defineRoute, type HttpReply, type Route } from '@multiswarm/service';
import { z } from 'zod';
import type { ExternalEndpoints } from '../application/external-endpoints';
import type { LoadBalancer } from '../application/load-balancer';

const Params = z.object({ id: SwarmId });
const CREATED = 201;
const OK = 200;

/** Swarms and external endpoints: reading all, and registering and removing the external ones. */
export function endpointRoutes(balancer: LoadBalancer, endpoints: ExternalEndpoints): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/endpoints',
      summary: 'Swarms and external endpoints as this replica sees them, by region and id',
      tags: ['endpoints'],
      query: ListEndpointsQuery,
      reply: EndpointPage,
      handler: async ({ query }) => balancer.endpoints(query),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/endpoints',
      summary: 'Register an external endpoint, or replace or renew what is registered under its id',
      description:
        'With a `ttlMs` it is down unless the same is sent again in time. With `If-Match` it is refused (412 ' +
        '`revision-conflict`) where what is registered is not that of the ETag any more; `If-None-Match: *` registers only.',
      tags: ['endpoints'],
      body: EndpointRegistration,
      bodyLimitBytes: LIMITS.ENDPOINT_BYTES,
      reply: Endpoint,
      errors: ['endpoint-conflict', 'revision-conflict', 'store-unavailable'],
      handler: async ({ body, headers }) => {
        const ifRevision = headers['if-none-match'] === '*' ? 0 : revisionOf(headers['if-match']);
        const { swarmId } = body;
        const stored = await endpoints.register({
          endpoint: body,
          ...(ifRevision === undefined ? {} : { ifRevision }),
        });
        const isNew = stored.registeredAt === stored.renewedAt;
        return withRevision(balancer.endpoint(swarmId), isNew ? CREATED : OK);
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/endpoints/:id',
      summary: 'One swarm or external endpoint as this replica sees it',
      tags: ['endpoints'],
      params: Params,
      reply: Endpoint,
      errors: ['endpoint-not-found'],
      handler: async ({ params }) => withRevision(balancer.endpoint(params.id), OK),
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/endpoints/:id',
      summary: 'Remove an external endpoint',
      tags: ['endpoints'],
      params: Params,
      reply: RemovedEndpoint,
      errors: ['endpoint-not-found', 'revision-conflict', 'store-unavailable'],
      handler: async ({ params, headers }) => {
        const swarmId = params.id;
        const revision = await endpoints.remove({ swarmId, ifRevision: revisionOf(headers['if-match']) });
        return { swarmId, revision };
      },
    }),
  ];
}

function withRevision(body: Endpoint, status: number): HttpReply<Endpoint> {
  const location = status === CREATED ? { location: `/v1/endpoints/${body.swarmId}` } : {};
  const etag = body.revision === undefined ? {} : { etag: `"${body.revision}"` };
  return { status, headers: { ...location, ...etag }, body };
}

/** `If-Match: "3"`. */
function revisionOf(header: string | undefined): number | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  const match = /^\s*"(\d{1,15})"\s*$/.exec(header);
  if (match) return Number(match[1]);
  const message = 'If-Match must be the ETag of a read, such as "3"';
  throw new MultiswarmError('invalid-request', message, {
    findings: [{ pointer: '/headers/if-match', code: 'etag', message }],
  });
}
