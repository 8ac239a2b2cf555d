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
  /** Epoch ms by the clock of the server: a stream that counts from an earlier number again gives a number to another message. 0 where it is not told. */
  storedAtMs: number;
}

/** `<sequence>.<attempt>.<epoch>.<generation>.<stored at>.<promise>.<priority>.<namespace>.<to>.<from>` */
export function deliveryLabel(
  { seq, attempt, epoch, generation, storedAtMs }: DeliveryTicket,
  { qos, priority, namespace, to, from }: MailAddress,
): string {
  return `${seq}.${attempt}.${epoch}.${generation}.${storedAtMs}.${qos}.${priority}.${namespace}.${to}.${from}`;
}

/** Sequence, attempt, epoch and generation: no version says less. */
const LEAST_NUMBERS = 4;
/** A later version may say more. */
const MOST_NUMBERS = 16;

/** The same, read: of a version that says less, or more. Undefined where it is no label. */
export function readLabel(label: string): { ticket: DeliveryTicket; address: MailAddress } | undefined {
  const numbers = [0, 0, 0, 0, 0];
  let at = 0;
  for (let n = 0; n < MOST_NUMBERS; n++) {
    const end = label.indexOf('.', at);
    const number = end > at ? Number(label.slice(at, end)) : NaN;
    if (!Number.isSafeInteger(number)) {
      if (n < LEAST_NUMBERS) return undefined;
      break;
    }
    numbers[n] = number;
    at = end + 1;
  }
  const address = addressOf(label.slice(at));
  const [seq = 0, attempt = 0, epoch = 0, generation = 0, storedAtMs = 0] = numbers;
  return address && { ticket: { seq, attempt, epoch, generation, storedAtMs }, address };
}

let last: { text: string; address: MailAddress } | undefined;

/** One sender often sends many messages. */
function addressOf(text: string): MailAddress | undefined {
  if (text === last?.text) return last.address;
  const [qos, priority, namespace, to, from, more] = text.split('.');
  const address = more === undefined ? addressIn(qos, priority, namespace, to, from) : undefined;
  if (address !== undefined) last = { text, address };
  return address;
}
