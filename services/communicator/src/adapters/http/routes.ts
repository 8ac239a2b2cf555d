import { GetMessageQuery, MessageStatus, MessageSubmission } from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import type { GetMessage } from '../../application/get-message';
import type { SendMessage } from '../../application/send-message';

/** The HTTP face of the communicator. */
export function messageRoutes(send: SendMessage, get: GetMessage): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/v1/messages',
      summary: 'Send a message to one swarm, or to every other swarm (`to: "*"`)',
      description:
        'At most once it goes to the swarms that are connected now; otherwise it is in the mailboxes when this is answered. `partly-stored` says ' +
        'which mailboxes have not taken a broadcast, and why: the same again, under its id and within two minutes, is one message for those who have it. docs/messaging.md has the promises.',
      tags: ['messages'],
      body: MessageSubmission,
      reply: MessageStatus,
      status: 202,
      errors: [
        'forged-sender',
        'recipient-unknown',
        'mailbox-full',
        'mailbox-unavailable',
        'feature-not-available',
        'body-too-large',
        'bus-unavailable',
        'store-unavailable',
      ],
      handler: async ({ body, traceparent }) => {
        const status = await send(body, { via: 'http', traceparent });
        return { status: 202, headers: { location: `/v1/messages/${status.id}` }, body: status };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/v1/messages/:id',
      summary: 'What became of a message',
      tags: ['messages'],
      params: GetMessageQuery,
      reply: MessageStatus,
      errors: ['message-not-found', 'store-unavailable'],
      handler: ({ params }) => get(params.id),
    }),
  ];
}
