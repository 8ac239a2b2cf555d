import { LIMITS, MAILBOX_SHARDS, mailboxShardOf, MultiswarmError, type Message } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import { hash } from 'node:crypto';
import type { Outbox } from '../ports';
import { Gate } from './gate';

const COPY_ID_CHARS = 32;

export interface BroadcastCopiesParts {
  outbox: Pick<Outbox, 'store'>;
  mailTryMs: number;
  clock: Clock;
}

/**
 * Stores broadcasts in the mailboxes of their recipients.
 *
 * C1. Data are printed once, and few copies are on their way at the same time: each of them counts among what waits for room in its mailbox.
 * C2. Each part of the mailboxes has places of its own: one whose owner is away holds up its own copies, and no others. All copies of a
 *     broadcast are given up together.
 * C3. Of two broadcasts the copies of the earlier one go first, in each part.
 */
export class BroadcastCopies {
  private readonly gates = Array.from({ length: MAILBOX_SHARDS }, () => new Gate(LIMITS.MAIL_COPIES));

  constructor(private readonly parts: BroadcastCopiesParts) {}

  /** What became of each, in the order of the recipients. */
  store(message: Message, recipients: readonly string[]): Promise<PromiseSettledResult<unknown>[]> {
    const { outbox, clock, mailTryMs } = this.parts;
    const data = JSON.stringify(message.data);
    const endMs = clock.monotonic() + mailTryMs;
    return Promise.allSettled(
      recipients.map((to) => this.gateTo(to).pass(() => outbox.store(copyFor(message, to), { data, endMs }))),
    );
  }

  private gateTo(to: string): Pick<Gate, 'pass'> {
    const gate = this.gates[mailboxShardOf(to)];
    if (gate !== undefined && gate.waits < LIMITS.MAIL_COPIES_WAITING) return gate;
    const text = `${LIMITS.MAIL_COPIES_WAITING} copies of broadcasts (MAIL_COPIES_WAITING) wait here already for the part of the mailboxes to which "${to}" belongs: send it again later`;
    return { pass: () => Promise.reject(new MultiswarmError('mailbox-unavailable', text)) };
  }
}

/** The copy of a broadcast for one recipient. Sent again, it has the same id. Its conversation is that of any message of its sender. */
function copyFor(message: Message, to: string): Message {
  const id = `m-${hash('sha256', `${message.id} ${to}`).slice(0, COPY_ID_CHARS)}`;
  return { ...message, id, to };
}
