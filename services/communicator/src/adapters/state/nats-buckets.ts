import { KeyValueBucket, keyValueBuckets, type Bus } from '@multiswarm/bus';
import type { BucketStore } from '../../state-ports';

/** Buckets as KV buckets of NATS. Opening one costs nothing, so none is kept. */
export function natsBuckets({ connection }: Bus): BucketStore {
  return {
    bucket: (id) => new KeyValueBucket(connection, id),
    ids: (prefix) => keyValueBuckets(connection, prefix),
  };
}
