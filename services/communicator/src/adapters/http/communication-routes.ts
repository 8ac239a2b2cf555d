import { CommunicationMetrics, CommunicationQuery } from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import { communicationMetrics } from '../../application/communication-metrics';
import type { MailboxOwners } from '../bus/mailbox-owners';

/** How swarms communicate by stored messages. */
export function communicationRoutes(owners: Pick<MailboxOwners, 'links'>): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/communication/metrics',
      summary:
        'How swarms communicate: rates, bandwidth, latencies and failures, in all and by sender and recipient',
      description:
        'Of messages that are stored (at least once, exactly once), from being stored to being acknowledged. What is sent at most once goes past the communicators.',
      tags: ['messages'],
      query: CommunicationQuery,
      reply: CommunicationMetrics,
      errors: ['bus-unavailable'],
      handler: async ({ query }) => communicationMetrics(await owners.links(), query),
    }),
  ];
}
