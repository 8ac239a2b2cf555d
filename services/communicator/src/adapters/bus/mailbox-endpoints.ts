import type { Bus } from '@multiswarm/bus';
import {
  MailAttend,
  MailboxQuery,
  MailForward,
  MailHome,
  MailHomesQuery,
  MailRoomRequest,
  MailSettle,
  MailTake,
  type MailTaken,
  NamespaceQuery,
  subjects,
  type MailShard,
} from '@multiswarm/contracts';
import type { Cancel } from '@multiswarm/core';
import { z } from 'zod';
import type { MailboxOwner } from '../../application/mailbox-owner';

/** Opens the subjects of a mailbox shard to its owner, and tells whoever reads mailboxes; the result closes them. */
export function listenForMailbox(bus: Bus, place: MailShard, owner: MailboxOwner): Cancel {
  const on = (verb: string): string => subjects.mailbox(place, verb);
  const listening = [
    bus.respond(on('room'), { request: MailRoomRequest }, (request) => owner.room(request)),
    bus.respond(on('attend'), { request: MailAttend }, async (request) => owner.attend(request)),
    bus.respond(on('take'), { request: MailTake }, async (request): Promise<MailTaken> =>
      owner.take(request),
    ),
    bus.respond(on('info'), { request: MailboxQuery }, async ({ namespace, mailbox }) =>
      owner.info(namespace, mailbox),
    ),
    bus.respond(on('list'), { request: NamespaceQuery }, async ({ namespace }) => ({
      mailboxes: owner.list(namespace),
    })),
    listenForSettling(bus, on('settle'), owner),
    bus.respond(on('forward'), { request: MailForward }, (batch) => owner.forward(batch)),
    bus.respond(on('homes'), { request: MailHomesQuery }, async ({ after }) => owner.homes(after)),
    bus.respond(on('outgoing'), { request: z.unknown() }, async () => ({ outgoing: owner.outgoing() })),
    bus.respond(on('links'), { request: z.unknown() }, async () => owner.linksSeen()),
    bus.subscribe(subjects.mailHome(place.shard), { schema: MailHome }, (home) => {
      if (home.domain !== place.domain) owner.learn(home);
    }),
  ];
  tellOwner(bus, place);
  return () => listening.forEach((each) => each.stop());
}

/** Readers that go on do not wait for an answer; those that leave do. */
function listenForSettling(bus: Bus, subject: string, owner: MailboxOwner): { stop(): void } {
  return bus.respond(subject, { request: MailSettle }, async (report) => owner.settle(report));
}

/** Says who answers for a mailbox shard from now on: readers come, and say what they have. */
export function tellOwner(bus: Bus, place: MailShard): void {
  if (bus.connected) bus.publish(subjects.mailboxOwner(), place);
}
