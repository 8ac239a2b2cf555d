import {
  asMultiswarmError,
  LIMITS,
  type MailSettle,
  type MailSettled,
  type MailTake,
  type MailTaken,
  type MultiswarmError,
} from '@multiswarm/contracts';
import { deferred, delay, type Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';

/** The owners of mailboxes, as a reader asks them. */
export interface MailboxDesk {
  take(request: MailTake): Promise<MailTaken>;
  settle(report: MailSettle): Promise<MailSettled>;
}

/** A connection to a reader. */
export interface Outlet {
  /** False once the connection is over. */
  send(delivery: MailTaken['messages'][number]): boolean;
  /** Resolves once there is room for more; false once the connection is over. */
  room(): Promise<boolean>;
  /** The owner of the mailbox does not answer; told once until he does again. */
  trouble(error: MultiswarmError): void;
  readonly ended: AbortSignal;
}

export interface FeedOptions {
  namespace: string;
  mailbox: string;
  /** One for each connection. */
  session: string;
  /** Messages that the reader may have at the same time. */
  credits: number;
}

type Verbs = Partial<Pick<MailSettle, 'acks' | 'naks' | 'released' | 'extended'>>;

const WAIT_MS = LIMITS.MAIL_WAIT_MS;
const AGAIN_MS = 250;

/**
 * Carries a mailbox to one reader for as long as its connection lasts.
 *
 * F1. One take counts at a time: what an earlier one brings comes again with the next, which says what has come.
 * F2. No more is taken before what was taken has left: a slow reader costs one answer of memory.
 * F3. With the connection the session ends: what was not sent goes back untried, then what was not settled goes back.
 */
export class MailboxFeed {
  /** What was sent and is not settled, with the number of the time that it was sent. */
  private readonly sent = new Map<number, number>();
  private sendings = 0;
  private credits: number;
  private changed = deferred<undefined>();

  constructor(
    private readonly options: FeedOptions,
    private readonly parts: { desk: MailboxDesk; clock: Clock; logger: Logger },
  ) {
    this.credits = options.credits;
  }

  /** The first take, before anything is promised to the reader. @throws MultiswarmError as `MailboxDesk.take` */
  async begin(): Promise<Pick<MailTaken, 'ackWaitMs' | 'depth'>> {
    const { ackWaitMs, depth } = await this.take({ window: 0, waitMs: 0 });
    return { ackWaitMs, depth };
  }

  /** From now on so many messages at the same time. */
  allow(credits: number): void {
    this.credits = credits;
    this.changed.resolve(undefined);
  }

  /** Tells what became of messages. What fails may be told again. @throws MultiswarmError as `MailboxDesk.settle` */
  async settle(verbs: Verbs): Promise<MailSettled> {
    const { acks = [], naks = [], released = [] } = verbs;
    const left = [...acks, ...naks.map(({ seq }) => seq), ...released].map(
      (seq) => [seq, this.sent.get(seq)] as const,
    );
    const settled = await this.parts.desk.settle(this.report(verbs));
    // One that has come again meanwhile is there.
    for (const [seq, sending] of left) if (this.sent.get(seq) === sending) this.sent.delete(seq);
    return settled;
  }

  /** Runs until the connection is over. */
  async run(outlet: Outlet): Promise<void> {
    const stop = (): void => this.changed.resolve(undefined);
    outlet.ended.addEventListener('abort', stop, { once: true });
    try {
      while (!outlet.ended.aborted) if (!(await this.carry(outlet))) break;
    } finally {
      await this.leave();
    }
  }

  /** @returns whether the connection is open */
  private async carry(outlet: Outlet): Promise<boolean> {
    const taken = await this.next(outlet);
    if (taken === undefined) return !outlet.ended.aborted;
    for (const seq of taken.gone ?? []) this.sent.delete(seq);
    for (const delivery of taken.messages) {
      if (!outlet.send(delivery)) return false;
      this.sent.set(delivery.seq, (this.sendings += 1));
      if (!(await outlet.room())) return false;
    }
    return true;
  }

  /** F1. Undefined where there is nothing to carry. */
  private async next(outlet: Outlet): Promise<MailTaken | undefined> {
    this.changed = deferred();
    if (outlet.ended.aborted) return undefined;
    let told = false;
    for (;;) {
      const taken = this.take({ window: this.credits, waitMs: WAIT_MS });
      try {
        return await Promise.race([taken, this.changed.promise]);
      } catch (error) {
        if (!told) outlet.trouble(asMultiswarmError(error));
        told = true;
        if (!(await paused(this.parts.clock, outlet.ended))) return undefined;
      } finally {
        taken.catch(() => undefined); // one that does not count any more
      }
    }
  }

  private take({ window, waitMs }: { window: number; waitMs: number }): Promise<MailTaken> {
    const { namespace, mailbox, session } = this.options;
    const holding = [...this.sent.keys()];
    const most = LIMITS.MAIL_TAKEN;
    return this.parts.desk.take({ namespace, mailbox, session, most, waitMs, window, holding });
  }

  /** F3. */
  private async leave(): Promise<void> {
    try {
      await this.take({ window: 0, waitMs: 0 });
      await this.parts.desk.settle({ ...this.report({}), leaves: true });
    } catch (error) {
      // The owner finds out by himself, from its silence.
      const { mailbox, session } = this.options;
      this.parts.logger.debug('a reader has left, and the owner was not told', { mailbox, session, error });
    }
  }

  private report(verbs: Verbs): MailSettle {
    const { namespace, mailbox, session } = this.options;
    return { acks: [], naks: [], released: [], extended: [], ...verbs, namespace, mailbox, session };
  }
}

/** False where the connection ended meanwhile. */
function paused(clock: Clock, ended: AbortSignal): Promise<boolean> {
  return delay(clock, AGAIN_MS, ended).then(
    () => true,
    () => false,
  );
}
