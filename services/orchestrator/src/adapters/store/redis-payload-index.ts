import { keys, MultiswarmError } from '@multiswarm/contracts';
import type { Store } from '@multiswarm/store';
import type { PayloadIndex } from '../../payload-ports';

/** References that are read at once. */
const PAGE = 500;

/** The hash of each shard that `encode-batch.ts` writes. */
export function redisPayloadIndex(store: Store): PayloadIndex {
  const strays = async (shard: number, taskIds: readonly string[]): Promise<string[]> => {
    if (taskIds.length === 0) return [];
    const lengths = await store.guard((redis) =>
      Promise.all(taskIds.map((id) => redis.hstrlen(keys.specs(shard), id))),
    );
    return taskIds.filter((_, index) => lengths[index] === 0);
  };
  // Its tasks, and with them its references, are taken away first and come back one by one.
  const refuseImporting = async (shard: number): Promise<void> => {
    const importing = await store.guard((redis) => redis.hexists(keys.shard(shard), 'importing'));
    if (importing === 1)
      throw new MultiswarmError(
        'shard-unavailable',
        `shard ${shard} is being imported: what its tasks refer to is not known`,
      );
  };
  return {
    async *references(shard) {
      await refuseImporting(shard);
      for (let cursor = '0', begun = false; !begun || cursor !== '0'; begun = true) {
        const from = cursor;
        const [next, found] = await store.guard((redis) =>
          redis.hscan(keys.payloadRefs(shard), from, 'COUNT', PAGE),
        );
        cursor = next;
        const page = [];
        for (let at = 0; at + 1 < found.length; at += 2)
          page.push({ taskId: found[at] as string, payloads: (found[at + 1] as string).split(' ') });
        yield page;
      }
      await refuseImporting(shard); // it may have begun meanwhile
    },
    async standing(shard) {
      const [epoch, base, doubt, batchSeq] = await store.guard((redis) =>
        redis.hmget(keys.shard(shard), 'epoch', 'baseEpoch', 'doubtEpoch', 'batchSeq'),
      );
      const since = Math.max(Number(base ?? 0), Number(doubt ?? 0)) * 1_000; // an epoch is at least the time in seconds
      const setBackAt = epoch ? since || undefined : Infinity;
      return { setBackAt, batchSeq: Number(batchSeq ?? 0) };
    },
    strays,
    async removeStrays(shard, taskIds) {
      const gone = await strays(shard, taskIds);
      if (gone.length > 0)
        await store.guard(async (redis) => void (await redis.hdel(keys.payloadRefs(shard), ...gone)));
    },
  };
}
