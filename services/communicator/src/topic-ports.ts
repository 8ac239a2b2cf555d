import type { KeyValueBucket, Topics } from '@multiswarm/bus';
import type { Message } from '@multiswarm/contracts';

/** Where events are published, and stored ones are read; see `Topics`. */
export type TopicLink = Pick<Topics, 'publish' | 'replay'>;
/** Where whoever copies events reads them; see `Topics`. */
export type EventSource = Pick<Topics, 'replay' | 'between' | 'range'>;

/** Where subscriptions are kept; see `KeyValueBucket`. */
export type SubscriptionBucket = Pick<
  KeyValueBucket,
  'put' | 'delete' | 'watch' | 'info' | 'keys' | 'forgetDeletions'
>;

/** Makes a mailbox known that nobody has read yet, so that it takes messages. */
export type MakeMailbox = (namespace: string, mailbox: string) => Promise<void>;

/** Stores messages in mailboxes; the same one again, with the same id, is kept once while the stream knows ids. */
export interface MailPoster {
  /** @throws MultiswarmError `mailbox-full`, `recipient-unknown`, `mailbox-unavailable`, `bus-unavailable`, `timeout` */
  post(message: Message): Promise<unknown>;
  makeMailbox: MakeMailbox;
}

/** How far events have been copied. */
export interface FanOutCursor {
  /**
   * The sequence up to which all is done; that of the newest event where nothing was ever copied. `isAnew`: the stream is another one
   * than before, and its sequences say nothing about the old ones.
   */
  open(): Promise<{ seq: number; isAnew: boolean }>;
  /** @throws MultiswarmError `revision-conflict` where somebody else has written it since */
  save(seq: number): Promise<void>;
}
