import type { Message } from './message';

/** What has to be the same for two messages to be one. */
export type MailName = Pick<Message, 'namespace' | 'to' | 'from' | 'id'>;

/**
 * By what a message is known among those of one mailbox: its sender and the id that he gave it. Two senders may choose the same id.
 * @returns of visible ASCII characters; no two messages have the same one, since no sender has a dot in his name
 */
export function idAtRecipient({ from, id }: Pick<MailName, 'from' | 'id'>): string {
  return `${from}.${id}`;
}

/**
 * By what a message is known among all of a stream: a sender may give the same id to messages for several recipients. Wherever a message that
 * comes again is to be known, this is what is compared, so that no message is taken for another one.
 */
export function mailIdentity({ namespace, to, from, id }: MailName): string {
  return `${namespace}.${to}.${from}.${id}`;
}
