import { nextStored, type Bus } from '@multiswarm/bus';
import { MultiswarmError, streams, subjects } from '@multiswarm/contracts';
import { z } from 'zod';
import type { AttemptMessages } from '../../application/task-streams';

/** The JetStream stream to which swarms send what their attempts say. */
export function busAttemptMessages(bus: Bus): AttemptMessages {
  return {
    next: async (taskId, attempt, seq, certain) => {
      const subject = subjects.attemptStream(taskId, attempt);
      try {
        const message = await nextStored(bus.connection, streams.attempts, subject, seq, { certain });
        return message && { seq: message.seq, at: message.at, text: message.data.toString('utf8') };
      } catch (cause) {
        throw new MultiswarmError('bus-unavailable', 'JetStream does not answer for what attempts say', {
          cause,
        });
      }
    },
    listen: (taskId, heard) => {
      const listening = bus.subscribe(subjects.taskStreams(taskId), { schema: z.unknown() }, heard);
      return () => listening.stop();
    },
  };
}
