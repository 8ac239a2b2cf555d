import { keys } from '@multiswarm/contracts';
import type { Store } from '@multiswarm/store';
import type { Handover } from '../../ports';

/** Longer than any replica waits for another; what nobody takes goes away by itself. */
const KEEP_S = 60;

export function redisHandover(store: Store): Handover {
  return {
    put: async (shard, id, text) => {
      await store.guard((redis) => redis.set(keys.handover(shard, id), text, 'EX', KEEP_S));
    },
    take: async (shard, id) => {
      const text = await store.guard((redis) => redis.getdel(keys.handover(shard, id)));
      return text ?? undefined;
    },
  };
}
