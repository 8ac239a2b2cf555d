import { LIMITS } from '@multiswarm/contracts';
import { MailReader, MailSites } from '@multiswarm/messaging';
import { MailSettling } from '../messages/mail-settling';
import { Inbox, UNREADABLE_MAIL, type Arrived, type Handled } from '../messages/inbox';
import type { Door } from '../sharing/door';
import { EventHandlers } from './event-handlers';

/** With the number of its session it must still be a name. */
const READER_CHARS = LIMITS.NAME_CHARS - 16;
/** Messages that one member of a group has at the same time: the others are to have some, too. */
const WINDOW = 32;

/** This swarm's part in reading a mailbox that a group has together. */
export class GroupMailbox {
  readonly handlers = new EventHandlers();
  private readonly inbox = new Inbox((waiting) => this.handle(waiting));
  private readonly reader: MailReader;

  constructor(
    private readonly door: Door,
    readonly group: string,
  ) {
    const { bus, options } = door;
    const { namespace, swarmId, clock, ids, log } = options;
    const reader = (this.reader = new MailReader({
      ...{ bus, sites: new MailSites(bus), clock, namespace, mailbox: group, window: WINDOW },
      reader: `${swarmId}-${ids.next()}`.slice(-READER_CHARS),
      onMail: (delivery) =>
        this.inbox.add({ message: delivery.message, settling: new MailSettling(delivery, reader) }),
      onFault: (error) => log.debug('the mailbox of a group is not reached', { group, error }),
      onUnreadable: (error) => log.error(UNREADABLE_MAIL, { group, error }),
    }));
  }

  start(): void {
    this.reader.start();
  }

  /** Gives back what is not handled yet. */
  stop(): Promise<void> {
    return this.reader.stop();
  }

  private async handle([first]: readonly Arrived[]): Promise<Handled> {
    if (first === undefined) return { done: 0 };
    const { message } = first;
    try {
      await this.handlers.run(message);
      return { done: 1 };
    } catch (error) {
      const { group } = this;
      const { id: messageId, attempt } = message;
      this.door.options.log.warn('an event was not handled', { group, messageId, attempt, error });
      return { done: 0, failed: error };
    }
  }
}
