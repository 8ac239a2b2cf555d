import { LIMITS, MultiswarmError } from '@multiswarm/contracts';
import type { Clock, Ids } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { MailboxFeed, type FeedOptions, type MailboxDesk, type Outlet } from '../../application/mailbox-feed';

export interface ConnectionParts {
  desk: MailboxDesk;
  clock: Clock;
  ids: Ids;
  logger: Logger;
}

export interface Opened {
  feed: MailboxFeed;
  /** What its reader is told first. */
  about: { reader: string; credits: number; ackWaitMs: number; depth: number };
  /** Runs until the connection is over. */
  run: (outlet: Outlet) => Promise<void>;
}

/** Mailboxes that are carried over connections: no more than `MAILBOX_STREAMS` at a time. */
export class MailboxConnections {
  private open = 0;

  constructor(private readonly parts: ConnectionParts) {}

  /** @throws MultiswarmError `too-many-watchers`, `mailbox-unavailable`, `mailbox-full` (of readers) */
  async begin(asked: Omit<FeedOptions, 'session'>): Promise<Opened> {
    if (this.open >= LIMITS.MAILBOX_STREAMS)
      throw new MultiswarmError(
        'too-many-watchers',
        `${this.open} connections carry mailboxes here already (MAILBOX_STREAMS): ask another communicator, or later`,
      );
    const session = `stream-${this.parts.ids.next()}`;
    const feed = new MailboxFeed({ ...asked, session }, this.parts);
    this.open += 1;
    const end = (): void => void (this.open -= 1);
    try {
      const { ackWaitMs, depth } = await feed.begin();
      return {
        feed,
        about: { reader: session, credits: asked.credits, ackWaitMs, depth },
        run: (outlet) => feed.run(outlet).finally(end),
      };
    } catch (error) {
      end();
      throw error;
    }
  }
}
