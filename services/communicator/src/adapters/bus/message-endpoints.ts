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
import type { Logger } from '@multiswarm/telemetry';
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
  logger: Logger;
}

/** Answers the requests of swarms; one replica of the group gets each. */
export function listenForMessages(
  bus: Bus,
  { send, get, presence, relaying, domain, clock, logger }: MessageParts,
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
      subjects.messageSends(),
      { queue, request: MessageSubmission },
      (submission, { subject, traceparent }) =>
        track(send(submission, { via: 'nats', subject, traceparent })),
    ),
    bus.respond(subjects.messageGet(), { queue, request: GetMessageQuery }, ({ id }) => track(get(id))),
    bus.respond(subjects.messageSite(), { queue, request: z.unknown() }, () => Promise.resolve(site)),
    bus.respond(
      subjects.messageLocate(),
      { queue, request: LocateQuery },
      async ({ to, from }, { traceparent }): Promise<MessageLocation> => {
        assertRelaying(relaying);
        const nowMs = clock.monotonic();
        recipientsOf(from, to, presence, nowMs);
        const region = presence.look(to, nowMs)?.region ?? '';
        logger.child({ traceparent }).debug('recipient located', { from, to, region });
        return { to, region };
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
