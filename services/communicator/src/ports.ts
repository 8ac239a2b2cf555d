import type { MessageStatus } from '@multiswarm/contracts';
import type { Envelope } from './domain/envelope';

/** Hands mail to whoever is subscribed to it. */
export interface MailCarrier {
  /** Throws `bus-unavailable` while disconnected: nothing was sent then. */
  carry(envelope: Envelope): void;
}

/** What became of a message, for every replica to read. Bounded in number and in age. */
export interface StatusStore {
  record(status: MessageStatus): Promise<void>;
  find(id: string): Promise<MessageStatus | undefined>;
  forget(id: string): Promise<void>;
}

/** Counts a message that was handed in, by its kind and what came of it. */
export type CountMessage = (kind: string, result: string) => void;
