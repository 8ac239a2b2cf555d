import {
  NamespaceQuery,
  SubscribeMailbox,
  TopicSubscription,
  TopicSubscriptionId,
  TopicSubscriptionPage,
} from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import { z } from 'zod';
import type { SubscriptionBook } from '../../application/subscription-book';

const tags = ['topics'];

/** Subscriptions of mailboxes to topics. */
export function subscriptionRoutes(book: SubscriptionBook): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/v1/topic-subscriptions',
      summary: 'Copy every stored event of a pattern into a mailbox',
      description:
        'Each of many: one subscription for the mailbox of each. One of many: one mailbox that several read. The same again is the same ' +
        'subscription, and goes on where it is. `from` says where a new one begins. A mailbox gets an event once, however many of its patterns match.',
      tags,
      body: SubscribeMailbox,
      reply: TopicSubscription,
      status: 201,
      errors: ['feature-not-available', 'state-full', 'state-unavailable', 'bus-unavailable'],
      handler: async ({ body }) => ({ status: 201, headers: {}, body: await book.subscribe(body) }),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/topic-subscriptions',
      summary: 'The subscriptions of a namespace, in order of their ids',
      tags,
      query: NamespaceQuery,
      reply: TopicSubscriptionPage,
      errors: ['state-unavailable'],
      handler: ({ query }) => book.list(query.namespace),
    }),
    defineRoute({
      method: 'delete',
      path: '/v1/topic-subscriptions/:id',
      summary: 'End a subscription; what was copied stays in the mailbox',
      tags,
      params: z.object({ id: TopicSubscriptionId }),
      query: NamespaceQuery,
      reply: TopicSubscription,
      errors: ['state-not-found', 'state-unavailable'],
      handler: ({ params, query }) => book.unsubscribe(query.namespace, params.id),
    }),
  ];
}
