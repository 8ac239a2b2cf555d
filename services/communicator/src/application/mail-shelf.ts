import type { MailAddress } from '@multiswarm/contracts';
import type { MailBody, MailQueue, StoredMail } from '../ports';

/** Bytes of memory that are left for messages; shared by all shards of a replica. */
export interface MailRoom {
  left: number;
}

/** What is known of a message besides where it stands in its mailbox. */
export interface Shelved {
  readonly seq: number;
  readonly address: MailAddress;
  readonly stored: StoredMail;
  /** Of its body and headers; 0 where they were not kept in memory. */
  readonly bytesKept: number;
}

/**
 * The messages of a shard. Those that came when there was no room in memory are read again from the stream when they are needed.
 */
export class MailShelf {
  private readonly bySeq = new Map<number, Shelved>();

  constructor(
    private readonly queue: MailQueue,
    private readonly room: MailRoom,
  ) {}

  get size(): number {
    return this.bySeq.size;
  }

  put(stored: StoredMail, address: MailAddress): void {
    const { seq, bytes } = stored;
    const kept = bytes <= this.room.left;
    if (kept) this.room.left -= bytes;
    else stored.drop();
    this.bySeq.set(seq, { seq, address, stored, bytesKept: kept ? bytes : 0 });
  }

  get(seq: number): Shelved | undefined {
    return this.bySeq.get(seq);
  }

  /** Undefined where it was not kept in memory. */
  kept({ stored, bytesKept }: Shelved): MailBody | undefined {
    return bytesKept > 0 ? stored : undefined;
  }

  /** Undefined where the stream has it no more: somebody has removed it there. */
  async body(shelved: Shelved): Promise<MailBody | undefined> {
    return this.kept(shelved) ?? (await this.queue.fetch(shelved.seq));
  }

  /** It is done with. */
  take(seq: number): Shelved | undefined {
    const shelved = this.bySeq.get(seq);
    if (shelved === undefined) return undefined;
    this.bySeq.delete(seq);
    this.room.left += shelved.bytesKept;
    return shelved;
  }

  /** The memory of all that is left is free for others. */
  clear(): void {
    for (const seq of [...this.bySeq.keys()]) this.take(seq);
  }
}
