import { LIMITS, MultiswarmError } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { Bucket } from '../state-ports';

/** For so long a count of keys is taken to be right: a bucket may go beyond its limit by what is made within it. */
const COUNTED_FOR_MS = 1_000;
/** Buckets whose counts are kept in mind. */
export const COUNTED_BUCKETS = 1_000;

interface Count {
  keys: number;
  at: number;
}

/** Keeps buckets from growing beyond `STATE_KEYS`, without a question to the store for each write. */
export class BucketRoom {
  private readonly counts = new Map<string, Count>();

  constructor(
    private readonly clock: Clock,
    private readonly mostKeys: number = LIMITS.STATE_KEYS,
  ) {}

  /** @throws MultiswarmError `state-full` where the key would be one too many */
  async assertFor(id: string, bucket: Bucket, key: string): Promise<void> {
    if ((await this.keys(id, bucket)) < this.mostKeys) return;
    const there = await bucket.get(key);
    if (there?.value !== undefined) return;
    await bucket.forgetDeletions(LIMITS.STATE_DELETIONS_MS);
    this.counts.delete(id);
    if ((await this.keys(id, bucket)) < this.mostKeys) return;
    throw new MultiswarmError(
      'state-full',
      `the bucket has ${this.mostKeys} keys already (STATE_KEYS): delete some, or use another bucket`,
    );
  }

  private async keys(id: string, bucket: Bucket): Promise<number> {
    const now = this.clock.monotonic();
    const known = this.counts.get(id);
    if (known && now - known.at < COUNTED_FOR_MS) return known.keys;
    const keys = (await bucket.info())?.keys ?? 0;
    this.counts.delete(id);
    this.counts.set(id, { keys, at: now });
    const [oldest] = this.counts.keys();
    if (this.counts.size > COUNTED_BUCKETS && oldest !== undefined) this.counts.delete(oldest);
    return keys;
  }
}
