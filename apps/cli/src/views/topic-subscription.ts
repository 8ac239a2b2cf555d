import type { TopicSubscription } from '@multiswarm/contracts';
import { formatAge } from '../output/durations';
import type { View } from '../output/printer';

export const topicSubscriptionView: View<TopicSubscription> = {
  name: ({ id }) => id,
  none: 'no mailbox has subscribed to topics',
  columns: ({ now }) => [
    { header: 'ID', value: ({ id }) => id },
    { header: 'PATTERN', value: ({ pattern }) => pattern },
    { header: 'MAILBOX', value: ({ mailbox }) => mailbox },
    { header: 'BEHIND', value: ({ behind, next }) => (behind ? `at ${next}` : '-'), align: 'right' },
    { header: 'AGE', value: ({ createdAt }) => formatAge(now - Date.parse(createdAt)), align: 'right' },
  ],
};
