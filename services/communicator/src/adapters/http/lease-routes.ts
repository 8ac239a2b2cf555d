import { AcquireLease, GetLease, HeldLease, Lease } from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import type { Leases } from '../../application/leases';

const tags = ['leases'];
const Params = GetLease.pick({ name: true });
const common = ['state-unavailable', 'feature-not-available', 'too-much-contention'] as const;

/** Leases that swarms hold. */
export function leaseRoutes(leases: Leases): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/leases/:name',
      summary: 'Who holds a lease, under which token',
      tags,
      params: Params,
      query: GetLease.pick({ namespace: true }),
      reply: Lease,
      errors: common,
      handler: ({ params, query }) => leases.get({ ...params, ...query }),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/leases/:name/acquire',
      summary: 'Acquire a lease; its token grows with every grant',
      description: 'With the same `claim` again the answer is that of the first time, as long as it holds.',
      tags,
      params: Params,
      body: AcquireLease.omit({ name: true }),
      reply: Lease,
      errors: [...common, 'lease-held'],
      handler: ({ params, body }) => leases.acquire({ ...params, ...body }),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/leases/:name/renew',
      summary: 'Hold it for longer, under its token',
      tags,
      params: Params,
      body: HeldLease.omit({ name: true }),
      reply: Lease,
      errors: [...common, 'lease-lost'],
      handler: ({ params, body }) => leases.renew({ ...params, ...body }),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/leases/:name/release',
      summary: 'Give it back, under its token',
      tags,
      params: Params,
      body: HeldLease.omit({ name: true }),
      reply: Lease,
      errors: [...common, 'lease-lost'],
      handler: ({ params, body }) => leases.release({ ...params, ...body }),
    }),
  ];
}
