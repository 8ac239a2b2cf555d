import { keys, NamespaceSettings } from '@multiswarm/contracts';
import type {
  Cordon,
  CordonStore,
  Handover,
  NamespaceEntry,
  NamespaceStore,
} from '../../../services/orchestrator/src/ports';
import type { SimProcess } from '../world/process';
import type { RedisServer } from '../world/redis-server';
import type { LeaseTable } from '../world/sim-leases';
import { copy } from './copy';

/** What Redis holds beside shards and leases. */
export class SettingsTables {
  readonly namespaces = new Map<string, NamespaceEntry>();
  readonly cordons = new Map<string, Map<string, Cordon>>();
  readonly handovers = new Map<string, string>();

  constructor(namespaces: ReadonlyMap<string, NamespaceSettings>) {
    for (const [namespace, settings] of namespaces)
      this.namespaces.set(namespace, { namespace, settings, revision: 1 });
  }
}

export function namespaceStore(
  process: SimProcess,
  redis: RedisServer,
  { namespaces }: SettingsTables,
): NamespaceStore {
  const get = (namespace: string): NamespaceEntry =>
    namespaces.get(namespace) ?? { namespace, settings: NamespaceSettings.parse({}), revision: 0 };
  return {
    get: (namespace) => redis.call(process, `namespace ${namespace}`, () => copy(get(namespace))),
    put: (namespace, settings, ifRevision) =>
      redis.call(process, `put namespace ${namespace}`, () => {
        const { revision } = get(namespace);
        if (ifRevision !== undefined && ifRevision !== revision) return 'conflict';
        namespaces.set(namespace, { namespace, settings: copy(settings), revision: revision + 1 });
        return revision + 1;
      }),
    all: () => redis.call(process, 'namespaces', () => copy([...namespaces.values()])),
  };
}

/** Written only under the epoch of the region's lease; see change-cordons.lua. */
export function cordonStore(
  process: SimProcess,
  redis: RedisServer,
  { cordons }: SettingsTables,
  leases: LeaseTable,
): CordonStore {
  const of = (region: string): Map<string, Cordon> => {
    const known = cordons.get(region) ?? new Map<string, Cordon>();
    cordons.set(region, known);
    return known;
  };
  const change = (
    region: string,
    epoch: number,
    apply: (known: Map<string, Cordon>) => void,
  ): Promise<boolean> =>
    redis.call(process, `cordons of ${region}`, () => {
      if (leases.get(keys.regionLease(region)).epoch !== epoch) return false;
      apply(of(region));
      return true;
    });
  return {
    load: (region) => redis.call(process, `cordons of ${region}`, () => copy([...of(region).values()])),
    find: (swarmId) =>
      redis.call(process, `cordon of ${swarmId}`, () => {
        for (const [region, known] of cordons) {
          const cordon = known.get(swarmId);
          if (cordon) return { region, cordon: copy(cordon) };
        }
        return undefined;
      }),
    put: (region, epoch, cordon) => change(region, epoch, (known) => known.set(cordon.swarmId, copy(cordon))),
    remove: (region, epoch, swarmIds) =>
      change(region, epoch, (known) => swarmIds.forEach((id) => known.delete(id))),
  };
}

export function handover(process: SimProcess, redis: RedisServer, { handovers }: SettingsTables): Handover {
  return {
    put: (shard, id, text) =>
      redis.call(process, `hand over ${id}`, () => void handovers.set(`${shard} ${id}`, text)),
    take: (shard, id) =>
      redis.call(process, `take ${id}`, () => {
        const text = handovers.get(`${shard} ${id}`);
        handovers.delete(`${shard} ${id}`);
        return text;
      }),
  };
}
