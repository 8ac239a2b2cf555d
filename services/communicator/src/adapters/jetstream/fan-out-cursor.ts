import { KeyValueBucket, streamRange, type Bus } from '@multiswarm/bus';
import { buckets, streams } from '@multiswarm/contracts';
import { z } from 'zod';
import type { FanOutCursor } from '../../topic-ports';

const KEY = 'copied';
const VALUE_BYTES = 256;
const BUCKET_BYTES = 64 * 1024;
/** `madeAt`: of the stream whose sequence it is, epoch ms. */
const Kept = z.object({ seq: z.number().int().nonnegative(), madeAt: z.number() });

/** @returns what makes a cursor for each owner: an owner knows the revision that it has written last */
export async function kvCursor(bus: Bus, replicas: number): Promise<() => FanOutCursor> {
  const bucket = new KeyValueBucket(bus.connection, buckets.topicCursors);
  await bucket.make({ history: 1, replicas, maxValueBytes: VALUE_BYTES, maxBytes: BUCKET_BYTES });
  return () => {
    let revision = 0;
    let madeAt = 0;
    const save = async (seq: number): Promise<void> => {
      revision = await bucket.put(KEY, JSON.stringify({ seq, madeAt }), revision);
    };
    return {
      open: async () => {
        const entry = await bucket.get(KEY);
        const kept = entry?.value === undefined ? undefined : Kept.parse(JSON.parse(entry.value));
        const { lastSeq, createdAt } = await streamRange(bus.connection, streams.topics);
        revision = entry?.revision ?? 0;
        madeAt = createdAt;
        const isAnew = kept !== undefined && (kept.madeAt !== createdAt || kept.seq > lastSeq);
        const seq = isAnew ? 0 : (kept?.seq ?? lastSeq);
        await save(seq);
        return { seq, isAnew };
      },
      save,
    };
  };
}
