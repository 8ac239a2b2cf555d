import type { Bus } from '@multiswarm/bus';
import { z } from 'zod';

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
    // Messages between swarms are read as they come, without a schema.
    connection: rawConnection((subject) => into.push({ subject, schema: z.unknown(), answers: false })),
    rttMs: () => Promise.resolve(0),
    onDisconnect: () => undefined,
    onReconnect: () => undefined,
    publish: () => undefined,
  };
  return bus as Bus; // faces listen, and say at most that they are there
}

function rawConnection(listen: (subject: string) => void): Bus['connection'] {
  const connection: Partial<Bus['connection']> = {
    subscribe: (subject) => {
      if (!subject.startsWith('ms.v1.deliver.')) listen(subject);
      return { unsubscribe: () => undefined } as ReturnType<Bus['connection']['subscribe']>; // nothing else is asked of it
    },
  };
  return connection as Bus['connection']; // those who listen ask nothing else of it
}
