import { DomainList } from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import type { ListDomains } from '../../application/list-domains';

/** The JetStream domains that this one reaches, and what waits for them. */
export function domainRoutes(list: ListDomains): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/domains',
      summary: 'JetStream domains: which are heard, and how much mail waits here for each',
      description:
        'A domain that is silent is cut off, or no communicator runs there. docs/regions.md has the whole.',
      tags: ['messages'],
      reply: DomainList,
      errors: ['mailbox-unavailable', 'bus-unavailable'],
      handler: async () => ({ domains: await list() }),
    }),
  ];
}
