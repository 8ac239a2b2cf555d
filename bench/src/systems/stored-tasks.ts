import { isTerminal, keys } from '@multiswarm/contracts';
import { systemClock } from '@multiswarm/core';
import { Leases, Store } from '@multiswarm/store';
import { RedisShardStore } from '../../../services/orchestrator/src/adapters/store/redis-shard-store';
import type { Write } from '../../../services/orchestrator/src/ports';
import { bornBefore, SHARDS, taskAt } from './population';

/** Tasks that are written in one batch. */
const BATCH = 250;
const LEASE_MS = 600_000;
const RETENTION_MS = 7 * 24 * 3_600_000;
const OWNER = 'bench';

/** Writes many tasks into an empty Redis as the owners of their shards would: as they were submitted, then as they have become. */
export async function storeTasks(redisUrl: string, count: number): Promise<void> {
  const store = await Store.connect({ url: redisUrl, name: OWNER });
  try {
    const shardStore = new RedisShardStore(store, 0, systemClock);
    const leases = new Leases(store);
    const from = bornBefore(count, Date.now());
    await Promise.all(
      Array.from({ length: SHARDS }, (_, shard) => fill(shardStore, leases, { shard, count, from })),
    );
  } finally {
    await store.close();
  }
}

async function fill(
  store: RedisShardStore,
  leases: Leases,
  { shard, count, from }: { shard: number; count: number; from: number },
): Promise<void> {
  const lease = await leases.acquire(keys.shard(shard), OWNER, LEASE_MS);
  if (!lease.held) throw new Error(`shard ${shard} has an owner: the Redis is not empty`);
  const { epoch } = lease;
  let { batchSeq } = lease;
  const commit = async (writes: Write[]): Promise<void> => {
    const result = await store.commit({ shard, epoch, after: batchSeq, batchSeq: (batchSeq += 1), writes });
    if (result !== 'committed') throw new Error(`a batch was ${result}`);
  };
  for (let first = shard; first < count; first += SHARDS * BATCH) {
    const tasks = [];
    for (let n = first; n < Math.min(count, first + SHARDS * BATCH); n += SHARDS) tasks.push(taskAt(n, from));
    await commit(tasks.map(({ submitted }): Write => ({ kind: 'task', record: submitted, isNew: true })));
    await commit(tasks.flatMap(({ now }) => (isTerminal(now.state) ? ended(now) : [])));
  }
  await leases.release(keys.shard(shard), epoch);
}

function ended(record: ReturnType<typeof taskAt>['now']): Write[] {
  return [
    { kind: 'task', record, isNew: false, was: 'queued' },
    { kind: 'root-ended', root: record.id, expiresAt: record.since + RETENTION_MS },
  ];
}
