import { join } from 'node:path';
import { keys } from '@multiswarm/contracts';
import { loadScript, type Store } from '@multiswarm/store';
import type { Cordon, CordonStore } from '../../ports';

const changeScript = loadScript(join(__dirname, '..', '..', '..', 'lua', 'change-cordons.lua'));

/** Cordons of a region: one hash, JSON by swarm, written only under the epoch of its coordinator. */
export function redisCordonStore(store: Store): CordonStore {
  const change = async (region: string, epoch: number, changes: string[]): Promise<boolean> =>
    (await store.run(changeScript, [keys.regionLease(region), keys.cordons(region)], [epoch, ...changes])) ===
    1;
  return {
    load: async (region) => {
      const stored = await store.guard((redis) => redis.hgetall(keys.cordons(region)));
      return Object.values(stored).map((text) => JSON.parse(text) as Cordon);
    },
    find: (swarmId) =>
      store.guard(async (redis) => {
        for (const region of await redis.smembers(keys.cordonedRegions())) {
          const text = await redis.hget(keys.cordons(region), swarmId);
          if (text !== null) return { region, cordon: JSON.parse(text) as Cordon };
        }
        return undefined;
      }),
    put: async (region, epoch, cordon) => {
      // First, and by itself: a region without cordons in the set does no harm, one with cordons outside of it would.
      await store.guard((redis) => redis.sadd(keys.cordonedRegions(), region));
      return change(region, epoch, [cordon.swarmId, JSON.stringify(cordon)]);
    },
    remove: (region, epoch, swarmIds) =>
      change(
        region,
        epoch,
        swarmIds.flatMap((swarmId) => [swarmId, '']),
      ),
  };
}
