import type { Bus, Listening } from '@multiswarm/bus';
import { GetMessageQuery, groups, MessageSubmission, subjects } from '@multiswarm/contracts';
import type { GetMessage } from '../../application/get-message';
import type { SendMessage } from '../../application/send-message';

/** Answers the requests of swarms; one replica of the group gets each. */
export function listenForMessages(bus: Bus, send: SendMessage, get: GetMessage): Listening {
  const queue = groups.communicator;
  const listening = [
    bus.respond(
      subjects.messageSend(),
      { queue, request: MessageSubmission },
      (submission, { traceparent }) => send(submission, { via: 'nats', traceparent }),
    ),
    bus.respond(subjects.messageGet(), { queue, request: GetMessageQuery }, ({ id }) => get(id)),
  ];
  return { stop: () => listening.forEach((each) => each.stop()) };
}
