import { keys } from '@multiswarm/contracts';
import { Leases, Store } from '@multiswarm/store';
import { startRedis, type TestServer } from '@multiswarm/testing';
import { encodeBatch } from '../src/adapters/store/encode';
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
    return Promise.resolve({ store: memory, take: () => Promise.resolve(memory.take()) });
  });
});

describe('the store in Redis', () => {
  shardStoreContract(() => {
    const leases = new Leases(store);
    const take = async (): Promise<{ epoch: number; batchSeq: number }> => {
      const lease = await leases.acquire(keys.shard(0), 'me', 10_000);
      if (!lease.held) throw new Error('the lease is held by another test');
      return { epoch: lease.epoch, batchSeq: lease.batchSeq };
    };
    return Promise.resolve({ store: new RedisShardStore(store, 0), take });
  });
});

async function take(): Promise<{ shards: RedisShardStore; commit: (...writes: Write[]) => Promise<string> }> {
  const lease = await new Leases(store).acquire(keys.shard(0), 'me', 10_000);
  if (!lease.held) throw new Error('the lease is held by another test');
  const shards = new RedisShardStore(store, 0);
  let { batchSeq } = lease;
  const { epoch } = lease;
  return {
    shards,
    commit: (...writes) => shards.commit({ shard: 0, epoch, batchSeq: (batchSeq += 1), writes }),
  };
}

test('when a root is forgotten no key of Redis names it or any of its tasks any more', async () => {
  const { shards, commit } = await take();
  const runId = 'w0-00000001';
  const run = { ...runOf(runId, { a: [], b: ['a'] }), state: 'succeeded' as const };
  const step = (name: string): TaskRecord => ({
    ...queuedTask(stepTaskId(name), { workflowId: runId, step: name }),
    state: 'succeeded',
    output: 1,
  });
  const progress = { counts: {}, cost: 0 };
  const before = (await store.redis.keys('*')).sort();
  await commit(
    { kind: 'run', record: { ...run, state: 'running' }, progress, isNew: true },
    ...['a', 'b'].map((name): Write => ({ kind: 'task', record: step(name), isNew: true })),
    { kind: 'event', event: event(runId, 1) },
    { kind: 'run', record: run, progress, isNew: false },
    { kind: 'root-ended', root: runId, expiresAt: 10 },
  );
  const [due] = await shards.expired(0, 10, 10);
  if (!due) throw new Error('nothing is due');
  await commit({ kind: 'forget', ...due });
  await shards.trimOutbox(0, 10);
  expect((await store.redis.keys('*')).filter((key) => !key.endsWith(':outbox')).sort()).toEqual(before);
});

test('every key of a commit lies in the slot of its shard, so that one script may touch them in a cluster', () => {
  const writes: Write[] = [
    { kind: 'task', record: queuedTask('t7-00000001'), isNew: true },
    { kind: 'run', record: runOf('w7-00000001', { a: [] }), progress: { counts: {}, cost: 0 }, isNew: true },
    { kind: 'run-progress', runId: 'w7-00000001', progress: { counts: {}, cost: 0 } },
    { kind: 'root-ended', root: 't7-00000001', expiresAt: 1 },
    { kind: 'count', state: 'queued', by: 1 },
    { kind: 'event', event: event('t7-00000001', 1) },
    { kind: 'forget', root: 'w7-00000001', taskIds: ['t7-00000001'] },
  ];
  const names = encodeBatch({ shard: 7, epoch: 1, batchSeq: 1, writes }).map(([, key]) => key);
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) expect(name).toContain('{s7}');
});

test('counts of a batch are summed, and those that cancel out are not written', () => {
  const count = (state: string, by: number): Write => ({ kind: 'count', state, by });
  const writes = [count('queued', 1), count('queued', -1), count('assigned', 1), count('assigned', 1)];
  expect(encodeBatch({ shard: 0, epoch: 1, batchSeq: 1, writes })).toEqual([
    ['HINCRBY', keys.counts(0), 'assigned', 2],
  ]);
});

test('a commit counts only when as many replicas have it as are asked for', async () => {
  const lease = await new Leases(store).acquire(keys.shard(0), 'me', 10_000);
  const shards = new RedisShardStore(store, 1);
  const writes: Write[] = [{ kind: 'task', record: queuedTask('t0-00000001'), isNew: true }];
  const batch = { shard: 0, epoch: lease.epoch, batchSeq: 1, writes };
  await expect(shards.commit(batch)).rejects.toMatchObject({
    code: 'store-unavailable',
    message: '0 of 1 replicas of Redis acknowledged the commit',
  });
});

test('lists give all of one millisecond, page by page, each once and newest first', async () => {
  const { commit } = await take();
  const ids = Array.from({ length: 25 }, (_, index) => `t0-${String(index).padStart(8, '0')}`);
  await commit(
    ...ids.map((id): Write => ({ kind: 'task', record: { ...queuedTask(id), createdAt: 5 }, isNew: true })),
  );
  await commit({ kind: 'task', record: { ...queuedTask('t0-99999999'), createdAt: 4 }, isNew: true });
  const truth = new RedisTruthReader(store);
  const listed: string[] = [];
  let before: { at: number; id: string } | undefined;
  for (;;) {
    const page = await truth.recent('tasks', 0, before, 4);
    listed.push(...page.map(({ id }) => id));
    before = page.at(-1);
    if (!before) break;
  }
  expect(listed).toEqual([...ids.reverse(), 't0-99999999']);
});
