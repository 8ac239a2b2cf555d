import { EndTopicSubscription, NamespaceQuery, subjects, SubscribeMailbox } from '@multiswarm/contracts';
import type { SubscriptionBook } from '../../application/subscription-book';
import { endpoint, type Endpoint } from './endpoints';

/** What swarms ask of subscriptions to topics. */
export function subscriptionEndpoints(book: SubscriptionBook): Endpoint[] {
  return [
    endpoint(subjects.topicSubscription('make'), SubscribeMailbox, (asked) => book.subscribe(asked)),
    endpoint(subjects.topicSubscription('end'), EndTopicSubscription, ({ namespace, id }) =>
      book.unsubscribe(namespace, id),
    ),
    endpoint(subjects.topicSubscription('list'), NamespaceQuery, ({ namespace }) => book.list(namespace)),
  ];
}
