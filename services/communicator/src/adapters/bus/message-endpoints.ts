import type { Bus } from '@multiswarm/bus';
import { GetMessageQuery, groups, MessageSubmission, subjects } from '@multiswarm/contracts';
import type { GetMessage } from '../../application/get-message';
import type { SendMessage } from '../../application/send-message';

export interface Endpoints {
  /** Takes no more requests; resolves when those under way are answered. */
  stop(): Promise<void>;
}

/** Answers the requests of swarms; one replica of the group gets each. */
export function listenForMessages(bus: Bus, send: SendMessage, get: GetMessage): Endpoints {
  const queue = groups.communicator;
  const underWay = new Set<Promise<unknown>>();
  const track = <T>(answer: Promise<T>): Promise<T> => {
    underWay.add(answer);
    const done = (): void => void underWay.delete(answer);
    answer.then(done, done);
    return answer;
  };
  const listening = [
    bus.respond(
      subjects.messageSend(),
      { queue, request: MessageSubmission },
      (submission, { traceparent }) => track(send(submission, { via: 'nats', traceparent })),
    ),
    bus.respond(subjects.messageGet(), { queue, request: GetMessageQuery }, ({ id }) => track(get(id))),
  ];
  return {
    stop: async () => {
      listening.forEach((each) => each.stop());
      await Promise.allSettled(underWay);
    },
  };
}
