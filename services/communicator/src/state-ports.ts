import type { KeyValueBucket } from '@multiswarm/bus';

/** A bucket of a store whose writes happen where they are told to, or not at all; see `KeyValueBucket`. */
export type Bucket = Pick<
  KeyValueBucket,
  'make' | 'info' | 'get' | 'put' | 'delete' | 'keys' | 'history' | 'watch' | 'forgetDeletions' | 'drop'
>;

export interface BucketStore {
  bucket(id: string): Bucket;
  /** Ids of all buckets that begin so, sorted. */
  ids(prefix: string): Promise<string[]>;
}
