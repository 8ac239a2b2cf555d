import { DeliverPolicy, jetstream, jetstreamManager, type ConsumerMessages } from '@nats-io/jetstream';
import { Kvm, type KV, type KvEntry } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { MultiswarmError } from '@multiswarm/contracts';
import { systemClock, systemRandom, type Clock, type Random } from '@multiswarm/core';
import { ConditionalWrites, OPERATION } from './conditional';
import { isNobodyThere, isNoBucket, keyValueFault } from './faults';

/** One revision of one key. */
export interface KeyValueEntry {
  key: string;
  revision: number;
  /** Undefined where the key was deleted. */
  value: string | undefined;
  /** When it was stored, epoch ms by the clock of the server. */
  at: number;
}

export interface KeyValueOptions {
  /** Revisions that are kept of each key. */
  history: number;
  replicas: number;
  maxValueBytes: number;
  maxBytes: number;
  /** Keys that nobody has written for so long are gone. */
  ttlMs?: number | undefined;
}

export interface BucketParts {
  /** How long it waits for each answer; 5 s unless told. */
  timeoutMs?: number;
  clock?: Clock;
  random?: Random;
}

export interface KeyValueInfo {
  history: number;
  replicas: number;
  ttlMs: number | undefined;
  /** Also deleted ones, while their deletion is kept. */
  keys: number;
  bytes: number;
  /** The newest one of the bucket. */
  revision: number;
}

const TIMEOUT_MS = 5_000;
/** Entries that wait for a slow reader; the server keeps the others. */
const PREFETCHED = 64;
/** As in `streams.ts`: a reader notices within twice half of it that its server has forgotten it. */
const PULL_EXPIRES_MS = 3_000;

/**
 * A KV bucket of NATS (ADR-8 of nats-architecture-and-design): what the server's Raft log of one stream has.
 *
 * K1. Reads come from the leader of the bucket: direct get, which any replica answers, is off.
 * K2. A write is answered once a quorum has it. Without an answer it may have happened or not, and the error says which of it is sure.
 * K3. A write with an expected revision happens where that is the newest of its key, and nowhere else.
 */
export class KeyValueBucket {
  private kv: KV | undefined;

  private readonly conditional: ConditionalWrites;
  private readonly timeoutMs: number;

  constructor(
    private readonly connection: NatsConnection,
    readonly name: string,
    { timeoutMs = TIMEOUT_MS, clock = systemClock, random = systemRandom }: BucketParts = {},
  ) {
    this.timeoutMs = timeoutMs;
    this.conditional = new ConditionalWrites(connection, `KV_${name}`, { timeoutMs, clock, random });
  }

  /** Makes the bucket, unless it is there: then it stays as it is. @throws MultiswarmError `state-unavailable`, `feature-not-available` */
  async make({ history, replicas, maxValueBytes, maxBytes, ttlMs }: KeyValueOptions): Promise<void> {
    await this.told('the bucket could not be made', async () => {
      this.kv = await this.manager.create(this.name, {
        ...{ history, replicas, maxValueSize: maxValueBytes, max_bytes: maxBytes, allow_direct: false },
        ...(ttlMs === undefined ? {} : { ttl: ttlMs }),
      });
    });
  }

  /** Undefined where there is no such bucket. */
  info(): Promise<KeyValueInfo | undefined> {
    return this.told('the bucket could not be looked up', async () => {
      const manager = await jetstreamManager(this.connection, { checkAPI: false, timeout: this.timeoutMs });
      const found = await manager.streams.info(this.stream).catch((error: unknown) => {
        if (isNoBucket(error)) return undefined;
        throw error;
      });
      if (!found) return undefined;
      const { config, state } = found;
      return {
        history: config.max_msgs_per_subject,
        replicas: config.num_replicas,
        ttlMs: config.max_age > 0 ? config.max_age / 1_000_000 : undefined,
        keys: state.num_subjects ?? 0,
        bytes: state.bytes,
        revision: state.last_seq,
      };
    });
  }

  /** The newest revision of a key, or an earlier one; undefined where there is none (also where there is no bucket). */
  get(key: string, revision?: number): Promise<KeyValueEntry | undefined> {
    return this.told('it could not be read', async () => {
      const kv = await this.opened();
      try {
        const entry = await kv.get(key, revision === undefined ? undefined : { revision });
        return entry === null ? undefined : toEntry(entry);
      } catch (error) {
        if (isNoBucket(error)) return undefined;
        throw error;
      }
    });
  }

  /**
   * @param expected the revision that must be the newest of the key; 0: the key must not be there
   * @returns the new revision
   * @throws MultiswarmError `revision-conflict`, `state-not-found` (no such bucket), `state-full`, `state-unavailable`
   */
  put(key: string, value: string, expected?: number): Promise<number> {
    return this.written('it could not be written', async (kv) => {
      if (expected === undefined) return kv.put(key, value);
      return this.conditional.store(this.subject(key), value, expected);
    });
  }

  /** Leaves a deletion behind, which watchers see. @throws as `put` */
  delete(key: string, expected?: number): Promise<void> {
    return this.written('it could not be deleted', async (kv) => {
      if (expected === undefined) await kv.delete(key);
      else await this.conditional.store(this.subject(key), '', expected, { [OPERATION]: 'DEL' });
    });
  }

  /** Keys that are there, in no order. */
  keys(filter = '>'): Promise<string[]> {
    return this.told('keys could not be listed', async () => {
      const found: string[] = [];
      for await (const key of await (await this.opened()).keys(filter)) found.push(key);
      return found;
    }).catch(nothingWithoutBucket<string>);
  }

  /** The revisions of keys that are kept, oldest first, deletions among them. */
  history(filter: string): Promise<KeyValueEntry[]> {
    return this.told('the history could not be read', async () => {
      const found: KeyValueEntry[] = [];
      for await (const entry of await (await this.opened()).history({ key: filter }))
        found.push(toEntry(entry));
      return found;
    }).catch(nothingWithoutBucket<KeyValueEntry>);
  }

  /**
   * What is there and what comes, in the order of revisions, for ever until `close` is called; a reader that is slow is waited for.
   * Each key's newest revision comes for sure; older ones as far as the bucket keeps them.
   * @param after begins behind this revision; undefined: with the newest revision of each key
   */
  async watch(
    filter: string,
    after?: number,
  ): Promise<{ entries: AsyncIterable<KeyValueEntry>; close: () => void }> {
    const prefix = `$KV.${this.name}.`;
    const messages: ConsumerMessages = await this.told('it could not be watched', async () => {
      const start =
        after === undefined
          ? { deliver_policy: DeliverPolicy.LastPerSubject }
          : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: after + 1 };
      const consumer = await jetstream(this.connection).consumers.get(this.stream, {
        ...start,
        filter_subjects: `${prefix}${filter}`,
      });
      return consumer.consume({ max_messages: PREFETCHED, expires: PULL_EXPIRES_MS });
    });
    return {
      entries: {
        async *[Symbol.asyncIterator]() {
          for await (const message of messages) {
            const isDeleted = message.headers?.has(OPERATION) ?? false;
            yield {
              key: message.subject.slice(prefix.length),
              revision: message.seq,
              value: isDeleted ? undefined : message.string(),
              at: message.time.getTime(),
            };
          }
        },
      },
      // close() awaits the end of the loop that iterates it; called from inside that loop it would wait for itself.
      close: () => messages.stop(),
    };
  }

  /** Removes deletions that are older, for good. */
  async forgetDeletions(olderThanMs: number): Promise<void> {
    await this.told('deletions could not be removed', async () => {
      const kv = await this.opened();
      // It has this method, which its interface leaves out.
      await (kv as KV & { purgeDeletes(olderMs: number): Promise<unknown> }).purgeDeletes(olderThanMs);
    });
  }

  /** Removes the bucket with all that is in it. @returns whether there was one */
  drop(): Promise<boolean> {
    return this.told('the bucket could not be removed', async () => {
      try {
        return await (await this.opened()).destroy();
      } catch (error) {
        if (isNoBucket(error)) return false;
        throw error;
      }
    });
  }

  private subject(key: string): string {
    return `$KV.${this.name}.${key}`;
  }

  private get stream(): string {
    return `KV_${this.name}`;
  }

  private get manager(): Kvm {
    return new Kvm(jetstream(this.connection, { timeout: this.timeoutMs }));
  }

  private async opened(): Promise<KV> {
    this.kv ??= await this.manager.open(this.name, { allow_direct: false });
    return this.kv;
  }

  /** Where nobody answers for the bucket there may be none: that is another fault than one without a quorum. */
  private async written<T>(doing: string, write: (kv: KV) => Promise<T>): Promise<T> {
    try {
      return await write(await this.opened());
    } catch (error) {
      if (isNobodyThere(error) && (await this.info()) === undefined)
        throw new MultiswarmError('state-not-found', `${doing}: there is no such bucket`, { cause: error });
      throw keyValueFault(error, doing);
    }
  }

  private async told<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw keyValueFault(error, doing);
    }
  }
}

/** Names of all KV buckets that begin so. @throws MultiswarmError `state-unavailable` */
export async function keyValueBuckets(connection: NatsConnection, prefix: string): Promise<string[]> {
  const begin = `KV_${prefix}`;
  const found: string[] = [];
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    for await (const name of manager.streams.names('>'))
      if (name.startsWith(begin)) found.push(name.slice('KV_'.length));
  } catch (error) {
    throw keyValueFault(error, 'buckets could not be listed');
  }
  return found.sort();
}

function nothingWithoutBucket<T>(error: unknown): T[] {
  if (error instanceof MultiswarmError && error.code === 'state-not-found') return [];
  throw error;
}

function toEntry(entry: KvEntry): KeyValueEntry {
  const { key, revision, operation, created } = entry;
  return { key, revision, value: operation === 'PUT' ? entry.string() : undefined, at: created.getTime() };
}
