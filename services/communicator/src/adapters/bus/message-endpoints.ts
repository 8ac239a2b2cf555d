import type { Bus } from '@multiswarm/bus';
import {
  GetMessageQuery,
  groups,
  LocateQuery,
  MAILBOX_SHARDS,
  MessageSubmission,
  subjects,
  type MailSite,
  type MessageLocation,
} from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import { z } from 'zod';
import type { GetMessage } from '../../application/get-message';
import type { SendMessage } from '../../application/send-message';
import { recipientsOf } from '../../domain/addressing';
import type { Presence } from '../../domain/presence';
import { assertRelaying, type Relaying } from '../../domain/promises';

export interface Endpoints {
  /** Takes no more requests; resolves when those under way are answered. */
  stop(): Promise<void>;
}

export interface MessageParts {
  send: SendMessage;
  get: GetMessage;
  presence: Presence;
  relaying: Relaying;
  domain: string;
  clock: Clock;
}

/** Answers the requests of swarms; one replica of the group gets each. */
export function listenForMessages(
  bus: Bus,
  { send, get, presence, relaying, domain, clock }: MessageParts,
): Endpoints {
  const queue = groups.communicator;
  const underWay = new Set<Promise<unknown>>();
  const track = <T>(answer: Promise<T>): Promise<T> => {
    underWay.add(answer);
    const done = (): void => void underWay.delete(answer);
    answer.then(done, done);
    return answer;
  };
  const site: MailSite = { domain, shards: MAILBOX_SHARDS };
  const listening = [
    bus.respond(
      subjects.messageSend(),
      { queue, request: MessageSubmission },
      (submission, { traceparent }) => track(send(submission, { via: 'nats', traceparent })),
    ),
    bus.respond(subjects.messageGet(), { queue, request: GetMessageQuery }, ({ id }) => track(get(id))),
    bus.respond(subjects.messageSite(), { queue, request: z.unknown() }, () => Promise.resolve(site)),
    bus.respond(
      subjects.messageLocate(),
      { queue, request: LocateQuery },
      async ({ to, from }): Promise<MessageLocation> => {
        assertRelaying(relaying);
        const nowMs = clock.monotonic();
        recipientsOf(from, to, presence, nowMs);
        return { to, region: presence.look(to, nowMs)?.region ?? '' };
      },
    ),
  ];
  return {
    stop: async () => {
      listening.forEach((each) => each.stop());
      await Promise.allSettled(underWay);
    },
  };
}
