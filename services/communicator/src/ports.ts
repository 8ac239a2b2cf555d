import type { QueuedMail, WireBody } from '@multiswarm/bus';
import type {
  DeadMail,
  DeadMessageFilter,
  MailAddress,
  MailCause,
  Message,
  MessageStatus,
} from '@multiswarm/contracts';
import type { DeadMailBody } from './domain/dead-mail';
import type { Level, MailFault } from './domain/mailbox/mail';

/** Where messages go. */
export interface Outbox {
  /** At most once, to whoever is subscribed. Throws `bus-unavailable` while disconnected: nothing was sent then. */
  carry(message: Message): void;
  /** Into the recipient's mailbox. @throws MultiswarmError `mailbox-full`, `recipient-unknown`, `mailbox-unavailable` */
  store(message: Message): Promise<unknown>;
}

/** What became of a message, for every replica to read. Bounded in bytes and in age. */
export interface StatusStore {
  record(status: MessageStatus): Promise<void>;
  find(id: string): Promise<MessageStatus | undefined>;
}

/** Counts a message that was handed in, by its kind and what came of it. */
export type CountMessage = (kind: string, result: string) => void;

export type MailBody = WireBody;
export type StoredMail = QueuedMail;

/** What the next owner has to know of a message whose tries have failed. */
export interface MailNote {
  attempts: number;
  fault: MailFault;
}

export interface Burial {
  seq: number;
  address: MailAddress;
  body: MailBody;
  cause: MailCause;
  message: string;
  attempts: number;
  diedAtMs: number;
}

/** What the stream has for one mailbox shard, as its owner reads it. */
export interface MailQueue {
  /**
   * Ends whoever reads it otherwise, and reads from the first message on.
   * @param onEnd it is not read any more; to be opened again by whoever still owns it
   */
  open(onMail: (mail: StoredMail, level: Level) => void, onEnd: (error: unknown) => void): Promise<void>;
  stop(): void;
  /** Undefined where it is gone. */
  fetch(seq: number): Promise<MailBody | undefined>;
  /** Keeps it as a dead letter; the same one again is kept once. */
  bury(burial: Burial): Promise<void>;
  notes(): Promise<ReadonlyMap<number, MailNote>>;
  note(seq: number, note: MailNote): Promise<void>;
  forgetNote(seq: number): Promise<void>;
  /** Mailboxes that have been read. */
  names(): Promise<readonly { namespace: string; name: string }[]>;
  name(namespace: string, name: string): Promise<void>;
}

/** By what a reader names a message, and knows whether it is still to be handled. */
export interface DeliveryTicket {
  seq: number;
  attempt: number;
  epoch: number;
  generation: number;
}

/** Hands a message to a session that is not in this process. Throws `bus-unavailable` while disconnected. */
export interface Postman {
  deliver(session: string, ticket: DeliveryTicket, address: MailAddress, body: MailBody): void;
}

/** Messages that were given up. What is kept no more is not there: their retention is that of their stream. */
export interface DeadMailStore {
  /**
   * In the order in which they were given up, from a sequence on.
   * @param filter by namespace and recipient it leaves out what does not fit; by the rest it may
   */
  list(filter: DeadMessageFilter, seq: number): AsyncIterable<DeadMail>;
  read(seq: number): Promise<DeadMailBody | undefined>;
  remove(seq: number): Promise<void>;
}
