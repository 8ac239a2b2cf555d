import type { MailCause } from '@multiswarm/contracts';

/** 0 is the most urgent: `critical`, `high`, `normal`, `low`. */
export type Level = 0 | 1 | 2 | 3;
export const LEVELS: readonly Level[] = [0, 1, 2, 3];

/** What went wrong with a message at its recipient, the last time. */
export interface MailFault {
  cause: MailCause;
  message: string;
  atMs: number;
}

/** One message of a mailbox: where it stands, not what it says. Times are wall-clock epoch milliseconds. */
export interface Mail {
  /** Its sequence in the stream: what was stored first has the smaller one. */
  readonly seq: number;
  readonly id: string;
  readonly from: string;
  readonly level: Level;
  /** Messages of one conversation and level are handed over in order. */
  readonly conversation: string;
  readonly bytes: number;
  /** The payload that has its data, where that does not travel with it. */
  readonly payload?: string | undefined;
  readonly storedAtMs: number;
  readonly expiresAtMs: number;
  /** Not handed over before; 0 where it need not wait. */
  readonly deliverAtMs: number;
  /** Tries that have begun at a recipient. */
  attempts: number;
  fault: MailFault | undefined;
}
