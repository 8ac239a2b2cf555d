import { keys, MultiswarmError } from '@multiswarm/contracts';
import type { Store } from '@multiswarm/store';

/** `SHARDS` is fixed by the first start: ids embed their shard. A start with another value is refused. */
export async function pinShards(store: Store, shards: number): Promise<void> {
  const stored = await store.guard(async (redis) => {
    await redis.hsetnx(keys.meta(), 'shards', shards);
    return Number(await redis.hget(keys.meta(), 'shards'));
  });
  if (stored === shards) return;
  const message = `this data was made with SHARDS=${stored}, not ${shards}: start with SHARDS=${stored}`;
  throw new MultiswarmError('invalid-configuration', message, {
    findings: [{ pointer: '/SHARDS', code: 'shards', message }],
  });
}
