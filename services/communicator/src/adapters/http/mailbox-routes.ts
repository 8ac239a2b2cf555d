import {
  MailboxInfo,
  MailboxList,
  MailSettle,
  MailSettled,
  MailTake,
  MailTaken,
  NamespaceQuery,
  Namespace,
  ReaderNaks,
  SessionId,
  SwarmId,
} from '@multiswarm/contracts';
import { defineRoute, type Route } from '@multiswarm/service';
import { z } from 'zod';
import type { MailboxOwners } from '../bus/mailbox-owners';

const tags = ['mailboxes'];
const OfMailbox = z.object({ name: SwarmId });
const Reader = z.strictObject({
  namespace: Namespace.default('default'),
  reader: SessionId.describe('who takes and settles: one name for each process, of its own choice'),
});
const Pull = Reader.extend({
  most: MailTake.shape.most.default(1).describe('messages at most'),
  waitMs: MailTake.shape.waitMs.default(0).describe('how long to wait for the first one'),
});
const Seqs = MailSettle.shape.acks.min(1).describe('"seq" of messages that were taken');
const Settle = Reader.extend({ seqs: Seqs });
const Nak = Reader.extend({ naks: ReaderNaks });
const errors = ['mailbox-unavailable', 'feature-not-available', 'bus-unavailable'] as const;

/** Mailboxes over HTTP: what is in them, and taking messages out of them. */
export function mailboxRoutes(owners: MailboxOwners): Route[] {
  return [...viewRoutes(owners), pullRoute(owners), ...settleRoutes(owners)];
}

function viewRoutes(owners: MailboxOwners): Route[] {
  return [
    defineRoute({
      method: 'get',
      path: '/v1/mailboxes',
      summary: 'The mailboxes of a namespace that have messages or readers, by name',
      tags,
      query: NamespaceQuery,
      reply: MailboxList,
      errors,
      handler: async ({ query }) => ({ mailboxes: await owners.list(query.namespace) }),
    }),
    defineRoute({
      method: 'get',
      path: '/v1/mailboxes/:name',
      summary:
        'One mailbox: how many messages wait, how many are handed over, its limit, readers and breaker',
      tags,
      params: OfMailbox,
      query: NamespaceQuery,
      reply: MailboxInfo,
      errors: [...errors, 'recipient-unknown'],
      handler: ({ params: { name }, query: { namespace } }) => owners.info(namespace, name),
    }),
  ];
}

function pullRoute(owners: MailboxOwners): Route {
  return defineRoute({
    method: 'post',
    path: '/v1/mailboxes/:name/pull',
    summary: 'Take messages out of a mailbox; waits for the first one as long as is asked',
    description:
      'A message stays in the mailbox until it is acknowledged. What is neither acknowledged nor extended within `ackWaitMs` is handed over again.',
    tags,
    params: OfMailbox,
    body: Pull,
    reply: MailTaken,
    errors: [...errors, 'mailbox-full'],
    handler: async ({ params, body: { reader, ...asked }, signal }) => {
      const mailbox = params.name;
      const taken = await owners.take({ ...asked, mailbox, session: reader });
      // Who left while waiting has not seen them: they need not wait for the time to be over.
      const released = signal.aborted ? taken.messages.map(({ seq }) => seq) : [];
      const { namespace } = asked;
      if (released.length > 0)
        await owners.settle(report({ namespace, mailbox, session: reader }, { released }));
      return taken;
    },
  });
}

function settleRoutes(owners: MailboxOwners): Route[] {
  const settled = (verb: string, summary: string, part: 'acks' | 'released' | 'extended'): Route =>
    defineRoute({
      method: 'post',
      path: `/v1/mailboxes/:name/${verb}`,
      summary: `${summary}; answers which are unknown`,
      tags,
      params: OfMailbox,
      body: Settle,
      reply: MailSettled,
      errors,
      handler: ({ params, body: { namespace, reader, seqs } }) =>
        owners.settle(report({ namespace, mailbox: params.name, session: reader }, { [part]: seqs })),
    });
  return [
    settled('ack', 'Messages are done with', 'acks'),
    settled('extend', 'Messages are still worked on', 'extended'),
    settled('release', 'Messages are given back untried: that counts as no try', 'released'),
    defineRoute({
      method: 'post',
      path: '/v1/mailboxes/:name/nak',
      summary: 'Messages could not be handled: they come again, after a while, or are given up (`poison`)',
      tags,
      params: OfMailbox,
      body: Nak,
      reply: MailSettled,
      errors,
      handler: ({ params, body: { namespace, reader, naks } }) =>
        owners.settle(report({ namespace, mailbox: params.name, session: reader }, { naks })),
    }),
  ];
}

function report(
  who: Pick<MailSettle, 'namespace' | 'mailbox' | 'session'>,
  what: Partial<MailSettle>,
): MailSettle {
  return { acks: [], naks: [], released: [], extended: [], ...what, ...who };
}
