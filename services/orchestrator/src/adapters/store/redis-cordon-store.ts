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
    put: (region, epoch, cordon) => change(region, epoch, [cordon.swarmId, JSON.stringify(cordon)]),
    remove: (region, epoch, swarmIds) =>
      change(
        region,
        epoch,
        swarmIds.flatMap((swarmId) => [swarmId, '']),
      ),
  };
}
