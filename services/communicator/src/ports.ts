import type { QueuedMail, WireBody } from '@multiswarm/bus';
import type {
  DeadMail,
  DeadMessageFilter,
  MailAddress,
  MailCause,
  MailForward,
  MailForwarded,
  MailHome,
  MailHomesPage,
  MailName,
  Message,
  MessageStatus,
  MessageSubmission,
  PayloadRef,
} from '@multiswarm/contracts';
import type { DeliveryTicket, Stored, Storing } from '@multiswarm/messaging';
import type { DeadMailBody } from './domain/dead-mail';
import type { Level, MailFault } from './domain/mailbox/mail';

/** Where messages go. */
export interface Outbox {
  /** At most once, to whoever is subscribed. Throws `bus-unavailable` while disconnected: nothing was sent then. */
  carry(message: Message): void;
  /** What is too large to travel is stored, and referred to. */
  checkIn(submission: MessageSubmission): Promise<MessageSubmission>;
  /** Into the recipient's mailbox. @throws MultiswarmError `mailbox-full`, `recipient-unknown`, `mailbox-unavailable` */
  store(message: Message, storing?: Storing): Promise<Pick<Stored, 'breaker'>>;
}

/** What became of a message, for every replica to read. Bounded in bytes and in age. */
export interface StatusStore {
  record(status: MessageStatus): Promise<void>;
  find(id: string): Promise<MessageStatus | undefined>;
}

/** Counts a message that was handed in, by its kind and what came of it. */
export type CountMessage = (kind: string, result: string) => void;

/** Counts what became of stored messages, for those who watch the process. */
export interface CountMail {
  delivered(bytes: number): void;
  failed(cause: MailCause): void;
  dead(cause: MailCause): void;
}

export type MailBody = WireBody;
export type StoredMail = QueuedMail;

/** What the next owner has to know of a message whose tries have failed. */
export interface MailNote {
  /** Of the message, at its recipient (`idAtRecipient`): a stream that counts from an earlier number again gives its number to another one. */
  id: string;
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
   * @returns true once all that there was has come; false where that takes too long, and it goes on to come
   */
  open(onMail: (mail: StoredMail, level: Level) => void, onEnd: (error: unknown) => void): Promise<boolean>;
  stop(): void;
  /** Undefined where it is gone. */
  fetch(seq: number): Promise<MailBody | undefined>;
  /** Keeps it as a dead letter; the same one again is kept once. */
  bury(burial: Burial): Promise<void>;
  notes(): Promise<ReadonlyMap<number, MailNote>>;
  note(seq: number, note: MailNote): Promise<void>;
  forgetNote(seq: number): Promise<void>;
  /** A message that has a payload begins its time as a dead letter. */
  keepPayload(payload: string, mail: MailName): Promise<void>;
  /** It has ended. */
  releasePayload(payload: string, mail: MailName): Promise<void>;
  /** Where the mailboxes are read that are known here. */
  homes(): Promise<readonly MailHome[]>;
  /** Whether it is one of them, or was made since they were asked for. */
  isNamed(namespace: string, mailbox: string): Promise<boolean>;
  keepHome(home: MailHome): Promise<void>;
  /** Stores a message that came from another domain; the same one, forwarded as often, is kept once. */
  storeForwarded(message: Message, hops: number): Promise<void>;
  /** What came last from a domain for a mailbox. */
  came(home: MailHome, origin: string): Promise<Came | undefined>;
  noteCame(home: MailHome, origin: string, came: Came): Promise<void>;
}

/** What came last from one domain for one mailbox. */
export interface Came {
  /** Of the owner over there. */
  epoch: number;
  /** Of messages, with how often they were forwarded. */
  ids: string[];
}

/** The header of a message that says how often it was forwarded to another domain. */
export const HOPS = 'ms-hops';

/** The owners of mailbox shards in other JetStream domains. */
export interface DomainPost {
  /** To the owner in the domain of `batch.home`. @throws MultiswarmError where it is not known whether he has it */
  forward(shard: number, batch: MailForward): Promise<MailForwarded>;
  /** What a domain has claimed. @throws MultiswarmError */
  homes(domain: string, shard: number, after: string): Promise<MailHomesPage>;
  /** Tells all of them. Without a connection nothing is said: they ask once they are heard again. */
  announce(home: MailHome): void;
}

/**
 * Brings a payload of a message from another domain into this one, or finds it here.
 * @returns false where it is not here yet: to be asked again
 */
export type FetchPayload = (ref: PayloadRef, origin: string) => Promise<boolean>;

/** Counts messages for another domain by what came of it. */
export type CountForwarded = (domain: string, result: string, messages: number) => void;

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
  /** The payload of one that was removed. */
  releasePayload(payload: string, mail: MailName): Promise<void>;
}
