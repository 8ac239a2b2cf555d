import { keys } from '@multiswarm/contracts';
import { ManualClock, systemClock } from '@multiswarm/core';
import { Leases, Store } from '@multiswarm/store';
import { startRedis, type TestServer } from '@multiswarm/testing';
import { encodeBatch } from '../src/adapters/store/encode-batch';
import { RedisShardStore } from '../src/adapters/store/redis-shard-store';
import { RedisTruthReader } from '../src/adapters/store/redis-truth-reader';
import type { TaskRecord } from '../src/domain/task/record';
import type { Write } from '../src/ports';
import { event, queuedTask, runOf, stepTaskId } from './support/builders';
import { MemoryShardStore } from './support/memory-shard-store';
import { shardStoreContract } from './support/shard-store-contract';

let server: TestServer;
let store: Store;

beforeAll(async () => {
  server = await startRedis({ appendfsync: 'no' });
  store = await Store.connect({ url: server.url, name: 'test' });
});

beforeEach(() => store.redis.flushall());

afterAll(async () => {
  await store.close();
  await server.stop();
});

describe('the store in memory', () => {
  shardStoreContract(() => {
    const memory = new MemoryShardStore();
    const take = (shard: number) => Promise.resolve(memory.take(shard));
    return Promise.resolve({ store: memory, truth: memory.truth(), take });
  });
});

describe('the store in Redis', () => {
  shardStoreContract(() =>
    Promise.resolve({
      store: new RedisShardStore(store, 0, systemClock),
      truth: new RedisTruthReader(store),
      take: async (shard) => {
        const lease = await new Leases(store).acquire(keys.shard(shard), 'me', 10_000);
        if (!lease.held) throw new Error('the lease is held by another test');
        return { epoch: lease.epoch, batchSeq: lease.batchSeq };
      },
    }),
  );
});
