import { keys } from '@multiswarm/contracts';
import { systemClock } from '@multiswarm/core';
import { Leases, Store } from '@multiswarm/store';
import { eventually, startRedis, type TestServer } from '@multiswarm/testing';
import fc from 'fast-check';
import { encodeBatch } from '../src/adapters/store/encode-batch';
import { redisPayloadIndex } from '../src/adapters/store/redis-payload-index';
import { RedisShardStore } from '../src/adapters/store/redis-shard-store';
import { RedisTruthReader } from '../src/adapters/store/redis-truth-reader';
import { eventMessages, numbersOf } from '../src/application/event-batches';
import type { TaskRecord } from '../src/domain/task/record';
import type { TaskPayloads } from '../src/payload-ports';
import type { Batch, ShardStore, Write } from '../src/ports';
import { event, queuedTask, runOf, stepTaskId } from './support/builders';
import { MemoryShardStore } from './support/memory-shard-store';
import { anyAct, everything, ShardAuthor } from './support/shard-author';
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

/** Lease of a shard, and batches under it. */
async function own(
  shard = 0,
  shards: ShardStore = new RedisShardStore(store, 0, systemClock),
): Promise<{
  shards: ShardStore;
  batchOf: (writes: Write[]) => Batch;
  commit: (...writes: Write[]) => Promise<string>;
}> {
  const lease = await new Leases(store).acquire(keys.shard(shard), 'me', 10_000);
  if (!lease.held) throw new Error('the lease is held by another test');
  let { batchSeq } = lease;
  const { epoch } = lease;
  const batchOf = (writes: Write[]): Batch => ({
    shard,
    epoch,
    after: batchSeq,
    batchSeq: (batchSeq += numbersOf(writes)),
    writes,
  });
  return { shards, batchOf, commit: (...writes) => shards.commit(batchOf(writes)) };
}

const created = (record: TaskRecord): Write => ({ kind: 'task', record, isNew: true });
const PROGRESS = { counts: {}, cost: 0, events: 1 };

test('when a root is forgotten no key of Redis names it or any of its tasks any more', async () => {
  const { shards, commit } = await own();
  const runId = 'w0-00000001';
  const run = { ...runOf(runId, { a: [], b: ['a'] }), state: 'succeeded' as const };
  const step = (name: string): TaskRecord => ({
    ...queuedTask(stepTaskId(name), { workflowId: runId, step: name }),
    state: 'succeeded',
    output: 1,
  });
  const before = (await store.redis.keys('*')).sort();
  await commit(
    { kind: 'run', record: { ...run, state: 'running' }, progress: PROGRESS, isNew: true },
    ...['a', 'b'].map((name) => created(step(name))),
    { kind: 'event', event: event(runId, 1) },
  );
  await commit(
    { kind: 'task', record: { ...step('a'), output: 2 }, isNew: false, was: 'succeeded' },
    { kind: 'run', record: run, progress: PROGRESS, isNew: false },
    { kind: 'root-ended', root: runId, expiresAt: 10 },
  );
  const [due] = await shards.expired(0, 10, 10);
  if (!due) throw new Error('nothing is due');
  await commit({ kind: 'forget', ...due });
  await shards.trimOutbox(0, 10);
  expect((await store.redis.keys('*')).filter((key) => !key.endsWith(':outbox')).sort()).toEqual(before);
});

test('what tasks refer to is noted with them, replaced with them and forgotten with them', async () => {
  const { commit } = await own();
  const index = redisPayloadIndex(store);
  const noted = async (): Promise<TaskPayloads[]> => {
    const all: TaskPayloads[] = [];
    for await (const page of index.references(0)) all.push(...page);
    return all;
  };
  const ref = (digit: string) => ({ id: `default.${digit.repeat(64)}`, bytes: 1 });
  const [first, second] = [queuedTask('t0-00000001', { inputRef: ref('1') }), queuedTask('t0-00000002')];
  await commit(created(first), created(second));
  expect(await noted()).toEqual([{ taskId: first.id, payloads: [ref('1').id] }]);
  const ended = (record: TaskRecord): Write => ({
    ...{ kind: 'task', isNew: false, was: 'running' },
    record: { ...record, state: 'succeeded', output: null, outputRef: ref('2') },
  });
  await commit(ended(first), ended(second));
  expect(new Map((await noted()).map(({ taskId, payloads }) => [taskId, payloads]))).toEqual(
    new Map([
      [first.id, [ref('1').id, ref('2').id]],
      [second.id, [ref('2').id]],
    ]),
  );
  expect(await index.strays(0, [first.id, 't0-00000003'])).toEqual(['t0-00000003']);
  await index.removeStrays(0, [first.id]);
  await commit({ kind: 'forget', root: first.id, taskIds: [first.id] });
  expect(await noted()).toEqual([{ taskId: second.id, payloads: [ref('2').id] }]);
});

test('a lone task is forgotten in whatever state it is', async () => {
  const { commit } = await own();
  const ids = ['t0-00000001', 't0-00000002', 't0-00000003'];
  const [waiting, placed, ended] = ids.map((id) => queuedTask(id)) as [TaskRecord, TaskRecord, TaskRecord];
  const before = (await store.redis.keys('*')).sort();
  await commit(
    created(waiting),
    created({ ...placed, state: 'running' }),
    created({ ...ended, state: 'failed' }),
    { kind: 'root-ended', root: ended.id, expiresAt: 1 },
  );
  await commit(...ids.map((root): Write => ({ kind: 'forget', root, taskIds: [root] })));
  expect((await store.redis.keys('*')).sort()).toEqual(before);
});

test('every key of a commit is named to the script and lies in the slot of its shard, as a cluster asks for', async () => {
  const [task, run] = ['t7-00000001', 'w7-00000001'];
  const writes: Write[] = [
    created(queuedTask(task)),
    { kind: 'task', record: { ...queuedTask('t7-00000002'), state: 'running' }, isNew: false, was: 'queued' },
    { kind: 'run', record: runOf(run, { a: [] }), progress: PROGRESS, isNew: true },
    { kind: 'run-progress', runId: run, progress: PROGRESS },
    { kind: 'root-ended', root: task, expiresAt: 1 },
    { kind: 'root-reopened', root: 't7-00000002' },
    { kind: 'count', state: 'queued', by: 1 },
    { kind: 'event', event: event(task, 1) },
    { kind: 'forget', root: 'w7-00000002', taskIds: ['t7-00000003'] },
  ];
  const { batchOf, commit } = await own(7);
  const { keys: named } = encodeBatch(batchOf(writes));
  for (const key of named) expect(key).toContain('{s7}');
  await commit(...writes);
  for (const key of await store.redis.keys('*')) expect(named).toContain(key);
});

test('what is stored can be read with redis-cli', async () => {
  const { commit } = await own();
  const record = queuedTask('t0-00000001', { input: { text: 'é' } }, 5);
  await commit(created({ ...record, events: 2 }), { kind: 'event', event: event(record.id, 1) });
  await commit({
    kind: 'task',
    record: { ...record, state: 'failed', events: 3 },
    isNew: false,
    was: 'queued',
  });
  const read = async (key: string): Promise<unknown> =>
    JSON.parse((await store.redis.hget(key, record.id)) ?? '');
  expect(await read(keys.specs(0))).toEqual({
    spec: { type: 'build', input: { text: 'é' }, traceparent: record.spec.traceparent },
    order: 5_000,
  });
  expect(await read(keys.states(0))).toEqual({ state: 'failed', order: 5_000, events: 3, waitingSince: 5 });
  const [entry] = await store.redis.lrange(keys.history(0, record.id), 0, 0);
  expect(JSON.parse(entry ?? '')).toEqual(event(record.id, 1));
});

test('the outbox holds what is published, to the letter', async () => {
  const { shards, batchOf } = await own(3);
  const big = {
    kind: 'event' as const,
    event: { ...event('t3-00000001', 2), data: { text: 'é"\\'.repeat(200_000) } },
  };
  const batch = batchOf([{ kind: 'event', event: event('t3-00000001', 1) }, big, big]);
  await shards.commit(batch);
  const messages = eventMessages(batch);
  expect(messages.length).toBeGreaterThan(1);
  expect(await shards.outbox(3, 0, 10)).toEqual(messages);
});

test('batches of all shards that are given in one turn leave in one write, whatever becomes of each', async () => {
  const shards = new RedisShardStore(store, 0, systemClock);
  const owners = await Promise.all([...Array(16).keys()].map((shard) => own(shard, shards)));
  await own(5); // a newer epoch
  const { stream } = store.redis;
  const write = jest.spyOn(stream as unknown as { _writev: () => void }, '_writev');
  const commits = owners.map(async ({ commit }, shard) => {
    // As committers do, each for itself.
    await new Promise<void>((resolve) => systemClock.soon(resolve));
    return commit(created(queuedTask(`t${shard}-00000001`)));
  });
  const results = await Promise.all(commits);
  expect(results).toEqual(owners.map((_, shard) => (shard === 5 ? 'stale' : 'committed')));
  expect(write).toHaveBeenCalledTimes(1);
  write.mockRestore();
});

test('a commit that Redis refuses fails for itself: those that leave with it are committed', async () => {
  const shards = new RedisShardStore(store, 0, systemClock);
  const owners = await Promise.all([0, 1, 2].map((shard) => own(shard, shards)));
  await store.redis.set(keys.specs(1), 'not a hash');
  const results = await Promise.allSettled(
    owners.map(({ commit }, shard) => commit(created(queuedTask(`t${shard}-00000001`)))),
  );
  expect(results).toMatchObject([
    { value: 'committed' },
    { reason: { name: 'ReplyError', message: expect.stringContaining('WRONGTYPE') } },
    { value: 'committed' },
  ]);
});

test('a server that has forgotten the script is given it again, and nothing is done twice', async () => {
  const shards = new RedisShardStore(store, 0, systemClock);
  const owners = await Promise.all([0, 1].map((shard) => own(shard, shards)));
  for (let round = 0; round < 3; round += 1) {
    await store.redis.script('FLUSH');
    const results = owners.map(({ commit }) => commit({ kind: 'count', state: 'queued', by: 1 }));
    expect(await Promise.all(results)).toEqual(['committed', 'committed']);
  }
  expect(await store.redis.hget(keys.counts(0), 'queued')).toBe('3');
});

test('a commit counts only when as many replicas have it as are asked for, also when it was applied before', async () => {
  const { commit, batchOf, shards } = await own(0, new RedisShardStore(store, 1, systemClock));
  const tooFew = {
    code: 'store-unavailable',
    message: '0 of 1 replicas of Redis acknowledged the commit',
  };
  const batch = batchOf([created(queuedTask('t0-00000001'))]);
  await expect(shards.commit(batch)).rejects.toMatchObject(tooFew);
  await expect(shards.commit(batch)).rejects.toMatchObject(tooFew);
  await own(0); // a newer epoch: nothing was written, so nobody has to have it
  expect(await commit(created(queuedTask('t0-00000002')))).toBe('stale');
});

describe('with a replica', () => {
  let replica: TestServer;

  beforeEach(async () => {
    replica = await startRedis({ appendfsync: 'no' });
    await store.redis.config('SET', 'repl-diskless-sync-delay', 0);
    await onReplica((redis) => redis.replicaof('127.0.0.1', server.port));
    await eventually(async () => (await store.redis.info('replication')).includes('state=online'));
  });

  afterEach(() => replica.stop());

  async function onReplica<T>(use: (redis: Store['redis']) => Promise<T>): Promise<T> {
    const direct = await Store.connect({ url: replica.url, name: 'test' });
    return use(direct.redis).finally(() => direct.close());
  }

  test('what was committed is there when the answer comes, with one WAIT for all shards of a write', async () => {
    const shards = new RedisShardStore(store, 1, systemClock);
    const owners = await Promise.all([0, 1, 2].map((shard) => own(shard, shards)));
    await store.redis.config('RESETSTAT');
    const writes = owners.map(({ commit }, shard) => commit(created(queuedTask(`t${shard}-00000001`))));
    expect(await Promise.all(writes)).toEqual(['committed', 'committed', 'committed']);
    const stored = await onReplica((redis) =>
      Promise.all([0, 1, 2].map((shard) => redis.hlen(keys.specs(shard)))),
    );
    expect(stored).toEqual([1, 1, 1]);
    expect(await store.redis.info('commandstats')).toContain('cmdstat_wait:calls=1,');
  });

  test('a batch that was applied over a connection that is gone is waited for over the new one', async () => {
    const { batchOf, shards } = await own(0, new RedisShardStore(store, 1, systemClock));
    const batch = batchOf([created(queuedTask('t0-00000001'))]);
    expect(await shards.commit(batch)).toBe('committed');
    await replica.kill('SIGSTOP');
    const other = await Store.connect({ url: server.url, name: 'test' });
    await expect(new RedisShardStore(other, 1, systemClock).commit(batch)).rejects.toMatchObject({
      message: '0 of 1 replicas of Redis acknowledged the commit',
    });
    await replica.kill('SIGCONT');
    expect(await new RedisShardStore(other, 1, systemClock).commit(batch)).toBe('applied');
    await other.close();
  });
});

test('of a task that succeeds nothing is written for dead letters', async () => {
  const record = queuedTask('t0-00000001');
  const changed = (state: TaskRecord['state'], was: TaskRecord['state']): Write => ({
    kind: 'task',
    record: { ...record, state },
    isNew: false,
    was,
  });
  const { batchOf } = await own();
  const lives: Write[][] = [
    [created(record)],
    [changed('assigned', 'queued')],
    [changed('backoff', 'running'), changed('queued', 'backoff')],
    [changed('succeeded', 'running')],
  ];
  for (const writes of lives) {
    const { keys: used } = encodeBatch(batchOf(writes));
    expect(used).not.toContain(keys.deadLetters(0));
    expect(used).not.toContain(keys.deadLetterFacts(0));
  }
});

test('a task that waits, with a key and an input of 100 bytes, takes less than 900 bytes of Redis', async () => {
  const count = 20_000;
  const { shards, commit } = await own();
  const used = async (): Promise<number> =>
    Number(/used_memory:(\d+)/.exec(await store.redis.info('memory'))?.[1]);
  const submitted = (index: number): Write[] => {
    const unique = String(index).padStart(32, '0');
    const record = queuedTask(
      `t0-${unique}`,
      { input: { text: 'x'.repeat(89) }, idempotencyKey: `order-${unique}`, bodyHash: unique },
      1_763_830_066_970 + (index >> 4),
    );
    const queued = { ...record, order: record.order + (index % 16), events: 2 };
    return [{ kind: 'task', record: queued, isNew: true, tells: 2 }];
  };
  const before = await used();
  for (let at = 0; at < count; at += 250)
    await commit(...Array.from({ length: 250 }, (_, index) => submitted(at + index)).flat());
  await shards.trimOutbox(0, count);
  expect(((await used()) - before) / count).toBeLessThan(900);
});

test('whatever is written in whatever batches, Redis holds what one write after the other makes of it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyAct, { minLength: 1, maxLength: 60 }), async (acts) => {
      await store.redis.flushall();
      const memory = new MemoryShardStore();
      const { epoch } = memory.take();
      const { shards, batchOf } = await own();
      await store.redis.hset(keys.shard(0), 'epoch', epoch);
      const author = new ShardAuthor();
      for (const taken of [...acts, { act: 'commit' } as const]) {
        if (taken.act !== 'commit') {
          author.write(taken);
          continue;
        }
        const batch = { ...batchOf(author.writes.splice(0)), epoch };
        expect(await memory.commit(batch)).toBe('committed');
        expect(await shards.commit(batch)).toBe('committed');
        expect(await everything(shards, new RedisTruthReader(store))).toEqual(
          await everything(memory, memory.truth()),
        );
        // What reads would pass over must not pile up either.
        const line = await memory.waiting(0, undefined, 100);
        expect(await store.redis.zcard(keys.waitingTasks(0))).toBe(line.length);
        const letters = await memory.truth().deadLetters(0, undefined, 100);
        expect(await store.redis.zcard(keys.deadLetters(0))).toBe(letters.length);
        expect(await store.redis.hlen(keys.deadLetterFacts(0))).toBe(letters.length);
        const { tasks } = await memory.loadActive(0);
        expect(await store.redis.scard(keys.activeTasks(0))).toBe(tasks.length);
      }
    }),
    { numRuns: 50 },
  );
});
