import {
  LIMITS,
  MultiswarmError,
  stateBucketId,
  StateBucketOptions,
  statePrefix,
  type DeleteState,
  type ListState,
  type MakeStateBucket,
  type NamedStateBucket,
  type ReadState,
  type RemovedState,
  type StateBucketPage,
  type StateBucketView,
  type StateEntry,
  type StateHistory,
  type StateKeyPage,
  type StateRevision,
  type WriteState,
} from '@multiswarm/contracts';
import type { KeyValueEntry } from '@multiswarm/bus';
import type { Clock } from '@multiswarm/core';
import type { Bucket, BucketStore } from '../state-ports';
import { BucketRoom } from './bucket-room';

export interface SharedStateOptions {
  store: BucketStore;
  clock: Clock;
  /** NATS servers that keep each bucket. */
  replicas: number;
}

export interface StateWatch {
  entries: AsyncIterable<StateEntry>;
  close: () => void;
}

/**
 * State that swarms share: values of keys, in buckets of namespaces.
 *
 * S1. A write is acknowledged once a quorum of the bucket has it; without one it is refused with `state-unavailable`.
 * S2. A write with `ifRevision` happens where that is the newest revision of its key, and nowhere else.
 * S3. A bucket that nobody has made is made by its first write. Reads make nothing.
 */
export class SharedState {
  private readonly room: BucketRoom;

  constructor(private readonly options: SharedStateOptions) {
    this.room = new BucketRoom(options.clock);
  }

  /** @throws MultiswarmError `state-not-found` */
  async get({ namespace, bucket, key, revision }: ReadState): Promise<StateEntry> {
    const entry = await this.bucketOf(namespace, bucket).get(key, revision);
    if (entry?.value !== undefined) return toStateEntry(bucket, entry);
    const which = revision === undefined ? '' : ` at revision ${revision}`;
    throw new MultiswarmError('state-not-found', `the bucket "${bucket}" has no key "${key}"${which}`);
  }

  /** @throws MultiswarmError `revision-conflict`, `body-too-large`, `state-full`, `state-unavailable` */
  async put({ namespace, bucket, key, value, ifRevision }: WriteState): Promise<StateRevision> {
    const text = printedValue(value);
    const there = this.bucketOf(namespace, bucket);
    await this.room.assertFor(stateBucketId(namespace, bucket), there, key);
    const revision = await there.put(key, text, ifRevision).catch(async (error: unknown) => {
      if (!isNotFound(error)) throw error;
      if (ifRevision !== undefined && ifRevision > 0) throw changed(key);
      await this.make({ namespace, bucket, options: StateBucketOptions.parse({}) });
      return there.put(key, text, ifRevision);
    });
    return { bucket, key, revision };
  }

  /** Deletes a key, whether it is there or not. @throws MultiswarmError `revision-conflict`, `state-unavailable` */
  async delete({ namespace, bucket, key, ifRevision }: DeleteState): Promise<RemovedState> {
    const there = this.bucketOf(namespace, bucket);
    if (ifRevision === 0 && (await there.get(key))?.value !== undefined) throw changed(key);
    await there.delete(key, ifRevision === 0 ? undefined : ifRevision).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
      if (ifRevision !== undefined && ifRevision > 0) throw changed(key);
    });
    return { bucket, key };
  }

  /** Keys in their order, page by page. */
  async list({ namespace, bucket, filter, limit, cursor = '' }: ListState): Promise<StateKeyPage> {
    const keys = (await this.bucketOf(namespace, bucket).keys(filter)).filter((key) => key > cursor).sort();
    const items = keys.slice(0, limit);
    return { items, next: keys.length > limit ? (items.at(-1) ?? null) : null };
  }

  /** What is kept of one key. @throws MultiswarmError `state-not-found` */
  async history({ namespace, bucket, key }: ReadState): Promise<StateHistory> {
    const entries = await this.bucketOf(namespace, bucket).history(key);
    if (entries.length === 0)
      throw new MultiswarmError('state-not-found', `the bucket "${bucket}" has no key "${key}"`);
    return { items: entries.map((entry) => toStateEntry(bucket, entry)) };
  }

  /** What is there and what comes. A bucket that is not there is made, so that it can be waited for. */
  async watch({ namespace, bucket }: NamedStateBucket, filter: string, after?: number): Promise<StateWatch> {
    const there = this.bucketOf(namespace, bucket);
    if ((await there.info()) === undefined)
      await this.make({ namespace, bucket, options: StateBucketOptions.parse({}) });
    const watch = await there.watch(filter, after);
    return {
      entries: {
        async *[Symbol.asyncIterator]() {
          for await (const entry of watch.entries) yield toStateEntry(bucket, entry);
        },
      },
      close: watch.close,
    };
  }

  /** Makes a bucket; one that is there like this stays. @throws MultiswarmError `state-exists`, `state-full` */
  async make({ namespace, bucket, options }: MakeStateBucket): Promise<StateBucketView> {
    const there = this.bucketOf(namespace, bucket);
    if ((await there.info()) === undefined) {
      await this.assertRoomForBucket(namespace);
      await there.make({
        ...options,
        replicas: this.options.replicas,
        maxValueBytes: LIMITS.STATE_VALUE_BYTES,
        maxBytes: LIMITS.STATE_BUCKET_BYTES,
      });
    }
    const view = await this.bucket({ namespace, bucket });
    if (view.history === options.history && view.ttlMs === options.ttlMs) return view;
    throw new MultiswarmError(
      'state-exists',
      `the bucket "${bucket}" keeps ${view.history} revisions${view.ttlMs === undefined ? '' : ` for ${view.ttlMs} ms`}: use it so, or drop it first`,
    );
  }

  /** @throws MultiswarmError `state-not-found` */
  async bucket({ namespace, bucket }: NamedStateBucket): Promise<StateBucketView> {
    const info = await this.bucketOf(namespace, bucket).info();
    if (!info) throw noBucket(bucket);
    const { ttlMs, ...rest } = info;
    return { namespace, bucket, ...rest, ...(ttlMs === undefined ? {} : { ttlMs }) };
  }

  async buckets({ namespace }: { namespace: string }): Promise<StateBucketPage> {
    const prefix = statePrefix(namespace);
    const ids = await this.options.store.ids(prefix);
    const views = ids.map((id) =>
      this.bucket({ namespace, bucket: id.slice(prefix.length) }).catch((error: unknown) => {
        if (isNotFound(error)) return undefined; // dropped meanwhile
        throw error;
      }),
    );
    return { items: (await Promise.all(views)).filter((view) => view !== undefined) };
  }

  /** Removes a bucket with all that is in it. @throws MultiswarmError `state-not-found` */
  async drop({ namespace, bucket }: NamedStateBucket): Promise<RemovedState> {
    if (!(await this.bucketOf(namespace, bucket).drop())) throw noBucket(bucket);
    return { bucket };
  }

  private bucketOf(namespace: string, bucket: string): Bucket {
    return this.options.store.bucket(stateBucketId(namespace, bucket));
  }

  private async assertRoomForBucket(namespace: string): Promise<void> {
    const ids = await this.options.store.ids(statePrefix(namespace));
    if (ids.length < LIMITS.STATE_BUCKETS) return;
    throw new MultiswarmError(
      'state-full',
      `the namespace "${namespace}" has ${ids.length} buckets, the limit is ${LIMITS.STATE_BUCKETS} (STATE_BUCKETS): drop one`,
    );
  }
}

function printedValue(value: WriteState['value']): string {
  const text = JSON.stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes <= LIMITS.STATE_VALUE_BYTES) return text;
  throw new MultiswarmError(
    'body-too-large',
    `the value has ${bytes} bytes, the limit is ${LIMITS.STATE_VALUE_BYTES} (STATE_VALUE_BYTES): store a reference to it`,
  );
}

/** What somebody else than us has put there may be no JSON: it is shown as text. */
function toStateEntry(bucket: string, { key, revision, value, at }: KeyValueEntry): StateEntry {
  const common = { bucket, key, revision, at: new Date(at).toISOString() };
  return value === undefined
    ? { ...common, deleted: true }
    : { ...common, deleted: false, value: parsed(value) };
}

function parsed(text: string): StateEntry['value'] {
  try {
    return JSON.parse(text) as StateEntry['value']; // JSON and nothing else
  } catch {
    return text;
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof MultiswarmError && error.code === 'state-not-found';
}

function changed(key: string): MultiswarmError {
  return new MultiswarmError('revision-conflict', `the key "${key}" was changed since it was read`);
}

function noBucket(bucket: string): MultiswarmError {
  return new MultiswarmError('state-not-found', `there is no bucket "${bucket}"`);
}
