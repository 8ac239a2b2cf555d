import type { Bus } from '@multiswarm/bus';
import { MultiswarmError, subjects, type MailShard } from '@multiswarm/contracts';
import type { Postman } from '../../ports';

/**
 * Hands messages over as they are: headers and body are passed on. The reply subject names the message to its reader: owner's
 * shard, sequence, attempt, epoch, generation.
 */
export function busPostman(bus: Bus, place: MailShard): Postman {
  const settle = subjects.mailbox(place, 'settle');
  return {
    deliver: (
      session,
      { seq, attempt, epoch, generation },
      { qos, priority, namespace, to, from },
      { headers, data },
    ) => {
      if (!bus.connected) throw new MultiswarmError('bus-unavailable', 'not connected to NATS');
      const subject = subjects.mailDelivery(session, qos, priority, namespace, to, from);
      bus.connection.publish(subject, data, {
        reply: `${settle}.${seq}.${attempt}.${epoch}.${generation}`,
        ...(headers === undefined ? {} : { headers: headers.sendable }),
      });
    },
  };
}
