import type { Backoff } from '@multiswarm/core';
import { BREAKER_RULES, type BreakerRules } from './breaker';
import { DRAIN_RULES, type DrainRules } from './drain-order';

/** How one mailbox treats its messages. */
export interface MailboxRules {
  /** Unacknowledged messages that it takes; senders are told of it. */
  limit: number;
  /** Tries after which a message is a dead letter. */
  maxAttempts: number;
  /** A message that is neither acknowledged nor extended for so long is tried again. */
  ackWaitMs: number;
  /** A session that says nothing for so long is taken to be gone. */
  sessionMs: number;
  /** Pause before a message is tried again. */
  backoff: Backoff;
  /** How long a promise of room holds. */
  creditMs: number;
  drain: DrainRules;
  breaker: BreakerRules;
}

export const MAILBOX_RULES: MailboxRules = {
  limit: 10_000,
  maxAttempts: 5,
  ackWaitMs: 30_000,
  sessionMs: 60_000,
  backoff: { initialMs: 500, factor: 2, maxMs: 60_000, jitter: 0.2 },
  creditMs: 15_000,
  drain: DRAIN_RULES,
  breaker: BREAKER_RULES,
};
