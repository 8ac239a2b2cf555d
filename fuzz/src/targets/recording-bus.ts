import type { Bus } from '@multiswarm/bus';
import type { z } from 'zod';

/** A subject that a service listens on, and what it takes there. */
export interface Listened {
  subject: string;
  schema: z.ZodType;
  /** Whether it answers. */
  answers: boolean;
}

/** A bus on which nothing travels: it writes down what the faces of services and swarms would listen on. */
export function recordingBus(into: Listened[]): Bus {
  const nothing = { stop: () => undefined };
  const bus: Partial<Bus> = {
    connected: false,
    respond: (subject, { request }) => {
      into.push({ subject, schema: request, answers: true });
      return nothing;
    },
    subscribe: (subject, { schema }) => {
      into.push({ subject, schema, answers: false });
      return nothing;
    },
    rttMs: () => Promise.resolve(0),
    onDisconnect: () => undefined,
    onReconnect: () => undefined,
    publish: () => undefined,
  };
  return bus as Bus; // faces listen, and say at most that they are there
}
