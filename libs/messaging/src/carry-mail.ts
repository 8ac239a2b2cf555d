import { Printed, type Bus } from '@multiswarm/bus';
import { toWire, type Message } from '@multiswarm/contracts';

/**
 * Sends a message at most once, straight to its recipient: it is gone if nobody is subscribed at that moment. Throws `bus-unavailable`
 * while disconnected: nothing was sent then.
 * @param data of the message as JSON, where somebody has printed it already
 */
export function carryMail(bus: Bus, message: Message, domain: string, data?: string): void {
  const { subject, lines, body } = toWire(message, domain, data);
  bus.publish(subject, new Printed(body), { lines });
}
