import type { MailAddress } from '@multiswarm/contracts';
import type { MailBody, MailQueue, StoredMail } from '../ports';

/** What is known of a message besides where it stands in its mailbox. */
export interface Shelved {
  readonly seq: number;
  readonly address: MailAddress;
  ack(): void;
  /** Undefined where it was not kept in memory. */
  body: MailBody | undefined;
  bytes: number;
}

/**
 * The messages of a shard. Those that came when there was no room in memory are read again from the stream when they are needed.
 */
export class MailShelf {
  private readonly bySeq = new Map<number, Shelved>();
  private bytesKept = 0;

  constructor(
    private readonly queue: MailQueue,
    private readonly mostBytes: number,
  ) {}

  get size(): number {
    return this.bySeq.size;
  }

  put(stored: StoredMail, address: MailAddress): void {
    const { seq, headers, data } = stored;
    const bytes = data.length;
    const kept = this.bytesKept + bytes <= this.mostBytes;
    if (kept) this.bytesKept += bytes;
    const body = kept ? { headers, data } : undefined;
    this.bySeq.set(seq, { seq, address, ack: () => stored.ack(), body, bytes });
  }

  get(seq: number): Shelved | undefined {
    return this.bySeq.get(seq);
  }

  /** Undefined where the stream has it no more: somebody has removed it there. */
  async body(shelved: Shelved): Promise<MailBody | undefined> {
    return shelved.body ?? (await this.queue.fetch(shelved.seq));
  }

  /** It is done with. */
  take(seq: number): Shelved | undefined {
    const shelved = this.bySeq.get(seq);
    if (shelved === undefined) return undefined;
    this.bySeq.delete(seq);
    if (shelved.body !== undefined) this.bytesKept -= shelved.bytes;
    return shelved;
  }
}
