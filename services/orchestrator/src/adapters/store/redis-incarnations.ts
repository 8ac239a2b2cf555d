import { join } from 'node:path';
import { keys } from '@multiswarm/contracts';
import { loadScript, type Store } from '@multiswarm/store';
import type { Incarnations } from '../../application/incarnation';

const beginScript = loadScript(join(__dirname, '..', '..', '..', 'lua', 'begin-incarnation.lua'));

/** In the hash of the shard, beside its epoch. */
export function redisIncarnations(store: Store): Incarnations {
  return {
    of: async (shard) => {
      const [base, since, renewal] = await store.guard((redis) =>
        redis.hmget(keys.shard(shard), 'attemptBase', 'baseEpoch', 'renewal'),
      );
      return {
        attemptBase: Number(base ?? 0),
        since: since ? Number(since) : undefined,
        isAskedFor: renewal !== null,
      };
    },
    begin: async (shard, { epoch, batchSeq }, next) => {
      const args = [epoch, batchSeq, next.batchSeq, next.attemptBase];
      return (await store.run(beginScript, [keys.shard(shard)], args)) === 1;
    },
    doubt: async (shard, epoch) => {
      await store.guard((redis) => redis.hset(keys.shard(shard), 'doubtEpoch', epoch));
    },
    askFor: async (shard) => {
      await store.guard((redis) => redis.hset(keys.shard(shard), 'renewal', 1));
    },
  };
}
