import type { Bus, Listening } from '@multiswarm/bus';
import { groups } from '@multiswarm/contracts';
import type { z } from 'zod';

/** One subject that swarms ask on: its schema, and who answers. */
export interface Endpoint {
  subject: string;
  listen(bus: Bus, track: <T>(answer: Promise<T>) => Promise<T>): Listening;
}

export function endpoint<S extends z.ZodType>(
  subject: string,
  request: S,
  answer: (body: z.output<S>) => Promise<unknown>,
): Endpoint {
  return {
    subject,
    listen: (bus, track) =>
      bus.respond(subject, { queue: groups.communicator, request }, (body) => track(answer(body))),
  };
}

/** Answers requests on all of them; one replica of the group gets each. `stop` resolves when those under way are answered. */
export function listenOn(bus: Bus, endpoints: readonly Endpoint[]): { stop(): Promise<void> } {
  const underWay = new Set<Promise<unknown>>();
  const track = <T>(answer: Promise<T>): Promise<T> => {
    underWay.add(answer);
    const done = (): void => void underWay.delete(answer);
    answer.then(done, done);
    return answer;
  };
  const listening = endpoints.map((each) => each.listen(bus, track));
  return {
    stop: async () => {
      listening.forEach((each) => each.stop());
      await Promise.allSettled(underWay);
    },
  };
}
