import { LIMITS, MultiswarmError } from '@multiswarm/contracts';
import { backoffMs, delay, type Clock, type Random } from '@multiswarm/core';
import type { Bucket, BucketStore } from '../state-ports';

/** A record, and the revision under which it is stored. */
export interface Stored<R> {
  key: string;
  record: R;
  revision: number;
}

export interface LedgerOptions {
  store: BucketStore;
  /** The bucket in which the records are. */
  bucket: string;
  replicas: number;
  clock: Clock;
  random: Random;
  /** Records that nobody has changed for so long are gone. */
  keptMs: number;
}

const PAUSE = { initialMs: 2, factor: 1.5, maxMs: 200, jitter: 0.9 };

/**
 * Records that change by pure transitions, each stored over the revision that it has seen.
 *
 * R1. A change is stored over what the transition was given, or not at all: where others were quicker it is made again from theirs.
 * R2. Changes of one record at one replica follow each other, so that they do not compete.
 * R3. Where nobody knows whether a change was stored, the error says so; it is not made again.
 */
export class Ledger<R extends object> {
  private readonly turns = new Map<string, { last: Promise<unknown>; waiting: number }>();
  private readonly bucket: Bucket;

  constructor(private readonly options: LedgerOptions) {
    this.bucket = options.store.bucket(options.bucket);
  }

  async find(key: string): Promise<Stored<R> | undefined> {
    const entry = await this.bucket.get(key);
    if (entry?.value === undefined) return undefined;
    return { key, revision: entry.revision, record: JSON.parse(entry.value) as R }; // written by `store` alone
  }

  /** All whose keys fit the pattern. */
  async list(filter: string): Promise<Stored<R>[]> {
    const newest = new Map<string, Stored<R>>();
    for (const { key, value, revision } of await this.bucket.history(filter))
      if (value !== undefined) newest.set(key, { key, revision, record: JSON.parse(value) as R });
    return [...newest.values()];
  }

  /**
   * @param transition gets the record, or undefined where there is none; what it returns is stored, unless it is what it got
   * @throws MultiswarmError what the transition throws, `too-much-contention`, `state-unavailable`
   */
  change(key: string, transition: (found: Stored<R> | undefined) => R): Promise<Stored<R>> {
    const turn = this.turns.get(key) ?? { last: Promise.resolve(), waiting: 0 };
    if (turn.waiting >= LIMITS.RECORD_CHANGES_WAITING)
      throw new MultiswarmError(
        'too-much-contention',
        `${turn.waiting} changes wait for those before them (RECORD_CHANGES_WAITING)`,
      );
    this.turns.set(key, turn);
    turn.waiting += 1;
    const mine = turn.last.then(() => this.changeNow(key, transition));
    const done = (): void => {
      turn.waiting -= 1;
      if (turn.waiting === 0) this.turns.delete(key);
    };
    turn.last = mine.then(done, done);
    return mine;
  }

  /** What is there and what comes; see `Bucket.watch`. */
  async watch(
    filter: string,
    after?: number,
  ): Promise<{ entries: AsyncIterable<Stored<R>>; close: () => void }> {
    await this.make();
    const { entries, close } = await this.bucket.watch(filter, after);
    return {
      entries: {
        async *[Symbol.asyncIterator]() {
          for await (const { key, value, revision } of entries)
            if (value !== undefined) yield { key, revision, record: JSON.parse(value) as R };
        },
      },
      close,
    };
  }

  private async changeNow(key: string, transition: (found: Stored<R> | undefined) => R): Promise<Stored<R>> {
    const { clock, random } = this.options;
    for (let tries = 1; tries <= LIMITS.STATE_UPDATE_TRIES; tries++) {
      const found = await this.find(key);
      const record = transition(found);
      if (found?.record === record) return found;
      const revision = await this.store(key, record, found?.revision ?? 0);
      if (revision !== undefined) return { key, record, revision };
      await delay(clock, backoffMs(PAUSE, tries, random));
    }
    throw new MultiswarmError('too-much-contention', 'others changed it each time (STATE_UPDATE_TRIES)');
  }

  /** Undefined where somebody else was quicker. */
  private async store(key: string, record: R, expected: number): Promise<number | undefined> {
    const text = JSON.stringify(record);
    try {
      return await this.bucket.put(key, text, expected);
    } catch (error) {
      const code = error instanceof MultiswarmError ? error.code : undefined;
      if (code === 'revision-conflict') return undefined;
      if (code !== 'state-not-found') throw error;
      await this.make();
      return this.bucket.put(key, text, expected);
    }
  }

  private make(): Promise<void> {
    const { replicas, keptMs } = this.options;
    return this.bucket.make({
      ...{ history: 1, replicas, ttlMs: keptMs },
      maxValueBytes: LIMITS.STATE_VALUE_BYTES,
      maxBytes: LIMITS.STATE_BUCKET_BYTES,
    });
  }
}
