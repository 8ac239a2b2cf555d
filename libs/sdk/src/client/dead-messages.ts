import type {
  DeadMessageDetail,
  DeadMessagePage,
  DeadMessageReply,
  ListDeadMessages,
  SettleDeadMessages,
} from '@multiswarm/contracts';
import type { z } from 'zod';
import { OPERATIONS } from './operations';
import type { Port } from './port';

type DeadMessageFilter = Partial<ListDeadMessages>;
/** Which ones (`seqs`, `filter` or `all`), who asks and why. */
type SettleDeadMessagesRequest = z.input<typeof SettleDeadMessages>;

/** Messages that were given up, until they are redriven or purged or their retention has passed. Over HTTP it needs `communicatorUrl`. */
export interface DeadMessagesClient {
  /** Oldest first; the first page says how many there are, by cause and by recipient. */
  list(filter?: DeadMessageFilter): Promise<DeadMessagePage>;
  /** Throws `message-not-found` where there is none of that number. */
  get(seq: number): Promise<DeadMessageDetail>;
  /** Puts them back into the mailboxes of their recipients. Each is answered by itself; a repetition is the same message. */
  redrive(request: SettleDeadMessagesRequest): Promise<DeadMessageReply>;
  /** Takes them away for good. */
  purge(request: SettleDeadMessagesRequest): Promise<DeadMessageReply>;
}

/** Hundreds of messages are put into mailboxes one after the other. */
const REDRIVE_MS = 60_000;

/** Messages that were given up. */
export function deadMessagesOf(port: Port): DeadMessagesClient {
  return {
    list: (filter = {}) => port.ask(OPERATIONS.listDeadMessages, filter, { waitMs: REDRIVE_MS }),
    get: (seq) => port.ask(OPERATIONS.getDeadMessage, { seq }),
    redrive: (request) =>
      port.ask(OPERATIONS.redriveDeadMessages, { ...port.by(), ...request }, { waitMs: REDRIVE_MS }),
    purge: (request) =>
      port.ask(OPERATIONS.purgeDeadMessages, { ...port.by(), ...request }, { waitMs: REDRIVE_MS }),
  };
}
