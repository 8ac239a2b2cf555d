import { Printed, type Bus } from '@multiswarm/bus';
import { toWire, type Message } from '@multiswarm/contracts';

/**
 * Sends a message at most once, straight to its recipient: it is gone if nobody is subscribed at that moment. Throws `bus-unavailable`
 * while disconnected: nothing was sent then.
 */
export function carryMail(bus: Bus, message: Message, domain: string): void {
  const { subject, headers, body } = toWire(message, domain);
  bus.publish(subject, new Printed(body), { headers });
}
