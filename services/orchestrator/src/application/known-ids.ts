import { delay, type Clock } from '@multiswarm/core';
import { IdFilter } from '../domain/task/id-filter';
import type { ShardStore } from '../ports';

/** Ids that a filter has room for (two bytes each): at least, at most, and in relation to those that are there already. */
const ROOM = { least: 16_384, most: 4_194_304, growth: 2 };
const RETRY_MS = { first: 200, most: 5_000 };

export interface KnownIdsParts {
  shard: number;
  store: Pick<ShardStore, 'ids' | 'idCount'>;
  clock: Clock;
  /** Resolves when all that was given to be committed before is committed. */
  committed: () => Promise<unknown>;
  isClosed: () => boolean;
  onFault: (error: unknown) => void;
}

/**
 * Which ids cannot be in a shard: nearly every submission has a key that nobody has used before, and need not ask Redis.
 *
 * I1. An id that was given to this owner, or committed by one before, is never said to be new. Until all that are stored have
 *     been read, none is.
 * I2. A filter that is full is replaced by one that has room again, and is without the ids that were deleted. What is under way
 *     to Redis when that begins is waited for before it is read, and what comes later is added.
 * I3. With more ids than a filter may have room for there is none: then Redis is asked.
 */
export class KnownIds {
  private filter: IdFilter | undefined;
  private next: IdFilter | undefined;
  private count = 0;

  constructor(private readonly parts: KnownIdsParts) {}

  isNew(id: string): boolean {
    return this.filter !== undefined && !this.filter.mayHave(id);
  }

  add(id: string): void {
    this.count += 1;
    this.next?.add(id);
    if (!this.filter) return;
    this.filter.add(id);
    if (this.count > this.filter.capacity) void this.learn(); // I2
  }

  /** Reads what is stored; to be called once, when the owner serves. */
  async learn(): Promise<void> {
    const { clock, isClosed, onFault } = this.parts;
    this.filter = undefined;
    for (let wait = RETRY_MS.first; !isClosed(); wait = Math.min(RETRY_MS.most, wait * 2)) {
      try {
        this.filter = await this.read();
        return;
      } catch (error) {
        if (isClosed()) return;
        onFault(error);
        await delay(clock, wait);
      } finally {
        this.next = undefined;
      }
    }
  }

  private async read(): Promise<IdFilter | undefined> {
    const { shard, store, committed, isClosed } = this.parts;
    const stored = await store.idCount(shard);
    const room = Math.max(ROOM.least, stored * ROOM.growth);
    if (room > ROOM.most) return undefined; // I3
    this.count = stored;
    const next = (this.next = new IdFilter(room));
    await committed();
    for await (const page of store.ids(shard)) {
      if (isClosed()) return undefined;
      for (const id of page) next.add(id);
    }
    return next;
  }
}
