import { addressIn, type MailAddress } from '@multiswarm/contracts';

/** By what a reader names a message, and knows whether it is still to be handled. */
export interface DeliveryTicket {
  seq: number;
  /** Which try this is. */
  attempt: number;
  /** Of the owner of the mailbox. */
  epoch: number;
  /** Of the conversation, under that owner. */
  generation: number;
}

/** `<sequence>.<attempt>.<epoch>.<generation>.<promise>.<priority>.<namespace>.<to>.<from>` */
export function deliveryLabel(
  { seq, attempt, epoch, generation }: DeliveryTicket,
  { qos, priority, namespace, to, from }: MailAddress,
): string {
  return `${seq}.${attempt}.${epoch}.${generation}.${qos}.${priority}.${namespace}.${to}.${from}`;
}

/** The same, read; undefined where it is no label. */
export function readLabel(label: string): { ticket: DeliveryTicket; address: MailAddress } | undefined {
  const [seq, attempt, epoch, generation, qos, priority, namespace, to, from, more] = label.split('.');
  const address = addressIn(qos, priority, namespace, to, from);
  if (address === undefined || more !== undefined) return undefined;
  const ticket = {
    ...{ seq: Number(seq), attempt: Number(attempt) },
    ...{ epoch: Number(epoch), generation: Number(generation) },
  };
  return Object.values(ticket).every(Number.isSafeInteger) ? { ticket, address } : undefined;
}
