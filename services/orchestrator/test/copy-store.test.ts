import { keys, type ShardImportReply } from '@multiswarm/contracts';
import { Store } from '@multiswarm/store';
import { startRedis, type TestServer } from '@multiswarm/testing';
import { redisCopyStore } from '../src/adapters/store/redis-copy-store';
import type { RedisShardInspector } from '../src/adapters/store/redis-shard-inspector';
import type { CopyStore } from '../src/application/copy/copy-store';

const SHARD = 0;
const RUN = 'run-1';
const [MINE, THEIRS] = [5, 6];
const NUMBERS = { epoch: 900, attemptBase: 70, batchSeq: 1_000 };
const DONE: ShardImportReply = { run: RUN, state: 'done', seq: 3, tasks: 2, runs: 1 };

let server: TestServer;
let store: Store;
let copies: CopyStore;

beforeAll(async () => {
  server = await startRedis({ appendfsync: 'no' });
  store = await Store.connect({ url: server.url, name: 'test' });
  copies = redisCopyStore(store, {} as RedisShardInspector);
});
afterAll(async () => {
  await store.close();
  await server.stop();
});

/** A shard with tasks and histories of them, marked with a run, of the owner `MINE`. */
beforeEach(async () => {
  const { redis } = store;
  await redis.flushall();
  await redis.hset(keys.shard(SHARD), { epoch: MINE, batchSeq: 8, importing: RUN });
  for (let n = 0; n < 2_500; n += 1) {
    await redis.zadd(keys.tasks(SHARD), n, `t0-${n}`);
    if (n < 1_500) await redis.rpush(keys.history(SHARD, `t0-${n}`), '{}');
  }
  await redis.hset(keys.specs(SHARD), { 't0-1': '{}' });
});

const has = (field: string): Promise<string | null> => store.redis.hget(keys.shard(SHARD), field);

test('a shard is cleared by its owner, whose mark stays until the import is given up', async () => {
  expect(await copies.clear(SHARD, MINE, RUN, false)).toBe(true);
  expect(await store.redis.keys('*')).toEqual([keys.shard(SHARD)]);
  expect(await has('importing')).toBe(RUN);
  expect(await copies.clear(SHARD, MINE, RUN, true)).toBe(true);
  expect([await has('importing'), await has('batchSeq')]).toEqual([null, '8']);
});

test.each([
  ['of an earlier epoch', MINE - 1, RUN],
  ['for another run', MINE, 'run-2'],
])('nothing is deleted by an owner %s', async (_who, epoch, run) => {
  const before = (await store.redis.keys('*')).length;
  expect(await copies.clear(SHARD, epoch, run, true)).toBe(false);
  expect([(await store.redis.keys('*')).length, await has('importing')]).toEqual([before, RUN]);
});

test('an owner that loses the shard while it clears it deletes nothing of what the next one takes in', async () => {
  const { redis } = store;
  const zscan = redis.zscan.bind(redis);
  let scans = 0;
  // The shard changes hands between two steps.
  jest.spyOn(redis, 'zscan').mockImplementation(async (key, cursor) => {
    if (++scans === 2) await redis.hset(keys.shard(SHARD), 'epoch', THEIRS);
    return zscan(key, cursor, 'COUNT', 500);
  });
  expect(await copies.clear(SHARD, MINE, RUN, true)).toBe(false);
  jest.restoreAllMocks();
  expect(await redis.zcard(keys.tasks(SHARD))).toBe(2_500);
  expect(await redis.hlen(keys.specs(SHARD))).toBe(1);
  expect(await has('importing')).toBe(RUN);
});

test('an import is done once: said again it is done, by another owner it is not', async () => {
  expect(await copies.unmark(SHARD, THEIRS, NUMBERS, DONE)).toBe(false);
  expect(await copies.imported(SHARD)).toBeUndefined();
  expect(await copies.unmark(SHARD, MINE, NUMBERS, DONE)).toBe(true);
  // The epoch is that of the copy now, and the answer may have got lost.
  expect(await copies.unmark(SHARD, MINE, NUMBERS, DONE)).toBe(true);
  expect(await copies.imported(SHARD)).toEqual(DONE);
  expect([await has('epoch'), await has('batchSeq'), await has('importing')]).toEqual(['900', '1000', null]);
  expect(await copies.clear(SHARD, 900, RUN, true)).toBe(false);
});
