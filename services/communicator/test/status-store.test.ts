import { MessageStatus } from '@multiswarm/contracts';
import { Store } from '@multiswarm/store';
import { startRedis, type TestServer } from '@multiswarm/testing';
import { RedisStatusStore } from '../src/adapters/store/redis-status-store';

let redis: TestServer;
let store: Store;

beforeAll(async () => {
  redis = await startRedis();
  store = await Store.connect({ url: redis.url, name: 'test' });
});

beforeEach(() => store.redis.flushall());

afterAll(async () => {
  await store.close();
  await redis.stop();
});

const AT = Date.UTC(2026, 0, 1);

function statusOf(id: string, acceptedAtMs = AT): MessageStatus {
  const about = { from: 'a', to: 'b', kind: 'event', qos: 'at-most-once', status: 'published' };
  const recipients = { recipients: ['b'], recipientCount: 1 };
  return MessageStatus.parse({
    id,
    ...about,
    ...recipients,
    acceptedAt: new Date(acceptedAtMs).toISOString(),
  });
}

const found = async (statuses: RedisStatusStore, ids: string[]): Promise<string[]> => {
  const all = await Promise.all(ids.map((id) => statuses.find(id)));
  return all.flatMap((status) => (status ? [status.id] : []));
};

test('a status comes back as it was recorded, and an unknown one does not', async () => {
  const statuses = new RedisStatusStore(store);
  await statuses.record(statusOf('m-1'));
  expect(await statuses.find('m-1')).toEqual(statusOf('m-1'));
  expect(await statuses.find('m-2')).toBeUndefined();
});

test('above the limit the oldest statuses are forgotten', async () => {
  const statuses = new RedisStatusStore(store, { keepMs: 60_000, keepMax: 3 });
  const ids = ['m-1', 'm-2', 'm-3', 'm-4', 'm-5'];
  for (const [index, id] of ids.entries()) await statuses.record(statusOf(id, AT + index));
  expect(await found(statuses, ids)).toEqual(['m-3', 'm-4', 'm-5']);
});

test('statuses that are too old are forgotten when new ones come', async () => {
  const statuses = new RedisStatusStore(store, { keepMs: 1_000, keepMax: 100 });
  await statuses.record(statusOf('m-old', AT));
  await statuses.record(statusOf('m-young', AT + 999));
  await statuses.record(statusOf('m-new', AT + 1_001));
  expect(await found(statuses, ['m-old', 'm-young', 'm-new'])).toEqual(['m-young', 'm-new']);
});

test('when no more messages come, everything expires by itself', async () => {
  const statuses = new RedisStatusStore(store, { keepMs: 50_000, keepMax: 100 });
  await statuses.record(statusOf('m-1'));
  const keys = await store.redis.keys('*');
  expect(keys).toHaveLength(2);
  for (const key of keys) expect(await store.redis.pttl(key)).toBeGreaterThan(40_000);
});

test('forgetting takes one status away and leaves nothing of it', async () => {
  const statuses = new RedisStatusStore(store);
  await statuses.record(statusOf('m-1'));
  await statuses.forget('m-1');
  expect(await statuses.find('m-1')).toBeUndefined();
  expect(await store.redis.keys('*')).toEqual([]);
});
