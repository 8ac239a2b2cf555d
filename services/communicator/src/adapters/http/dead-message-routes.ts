import {
  DeadMessageDetail,
  DeadMessagePage,
  DeadMessageReply,
  GetDeadMessage,
  ListDeadMessages,
  SettleDeadMessages,
} from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import type { DeadMessages } from '../../application/dead-messages';
import { named } from '../who-asks';

const tags = ['dead messages'];

/** Messages that were given up: look, redrive, purge. */
export function deadMessageRoutes(dead: DeadMessages): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/dead-messages',
      summary: 'Messages that were given up, oldest first; the first page counts all that match',
      tags,
      query: ListDeadMessages,
      reply: DeadMessagePage,
      errors: ['bus-unavailable'],
      handler: ({ query }) => dead.list(query),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/dead-messages/:seq',
      summary: 'One of them: what it says, why it was given up, what came before',
      tags,
      params: GetDeadMessage,
      reply: DeadMessageDetail,
      errors: ['message-not-found', 'bus-unavailable'],
      handler: ({ params }) => dead.get(params.seq),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/dead-messages/redrive',
      summary: 'Send them again: some by their numbers, or all that match',
      description:
        'Each is answered by itself, and goes as a new message whose id follows from the old one: a repetition is the same message.',
      tags,
      body: SettleDeadMessages,
      reply: DeadMessageReply,
      errors: ['bus-unavailable'],
      handler: ({ body, peer }) => dead.redrive(named(body, `http:${peer}`)),
    }),
    defineRoute({
      method: 'post',
      path: '/v1/dead-messages/purge',
      summary: 'Take them away for good: some by their numbers, or all that match',
      tags,
      body: SettleDeadMessages,
      reply: DeadMessageReply,
      errors: ['bus-unavailable'],
      handler: ({ body, peer }) => dead.purge(named(body, `http:${peer}`)),
    }),
  ];
}
