import { keys, LIMITS, NamespaceSettings } from '@multiswarm/contracts';
import { Leases, Store } from '@multiswarm/store';
import { startRedis, type TestServer } from '@multiswarm/testing';
import { pinShards } from '../src/adapters/store/meta';
import { redisCordonStore } from '../src/adapters/store/redis-cordon-store';
import { redisNamespaceStore } from '../src/adapters/store/redis-namespace-store';
import type { Cordon } from '../src/ports';

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

describe('settings of namespaces', () => {
  const settings = (given: object = {}): NamespaceSettings => NamespaceSettings.parse(given);

  test('one that nobody has set has the defaults and revision 0, and is in no list', async () => {
    const namespaces = redisNamespaceStore(store);
    expect(await namespaces.get('a')).toEqual({ namespace: 'a', settings: settings(), revision: 0 });
    expect(await namespaces.all()).toEqual([]);
  });

  test('what was set is read as it was, under revisions that count up, listed by name', async () => {
    const namespaces = redisNamespaceStore(store);
    const rich = settings({
      weight: 2,
      fairnessWeights: { 'customer:1': 3 },
      limit: { concurrency: 0 },
      limits: { 'customer:*': { rate: { tasks: 1, perMs: 10 } } },
    });
    expect(await namespaces.put('b', settings())).toBe(1);
    expect(await namespaces.put('b', rich)).toBe(2);
    expect(await namespaces.put('a', settings({ weight: 5 }))).toBe(1);
    expect(await namespaces.get('b')).toEqual({ namespace: 'b', settings: rich, revision: 2 });
    expect((await namespaces.all()).map(({ namespace, revision }) => [namespace, revision])).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    expect(JSON.parse((await store.redis.hget(keys.namespaces(), 'a')) ?? '')).toEqual({
      revision: 1,
      settings: settings({ weight: 5 }),
    });
  });

  test('of many who change the same revision one wins, and the others are told', async () => {
    const namespaces = redisNamespaceStore(store);
    const put = (revision: number) =>
      Promise.all([1, 2, 3].map((weight) => namespaces.put('a', settings({ weight }), revision)));
    expect((await put(0)).sort()).toEqual([1, 'conflict', 'conflict']);
    expect((await put(1)).sort()).toEqual([2, 'conflict', 'conflict']);
    expect(await namespaces.put('a', settings(), 7)).toBe('conflict');
    expect(await namespaces.put('new', settings(), 1)).toBe('conflict');
    expect(await namespaces.put('a', settings())).toBe(3);
  });

  test('settings of another version are read with the defaults of this one, and keep what it does not know', async () => {
    const text = '{"revision":4,"settings":{"weight":3,"addedLater":true}}';
    await store.redis.hset(keys.namespaces(), 'a', text);
    expect(await redisNamespaceStore(store).get('a')).toEqual({
      namespace: 'a',
      settings: { ...settings({ weight: 3 }), addedLater: true },
      revision: 4,
    });
  });

  test('there are no more of them than the limit, which is named; those that are set can be changed', async () => {
    const filled = Array.from({ length: LIMITS.NAMESPACES }, (_, index) => [
      `n${index}`,
      '{"revision":1,"settings":{}}',
    ]);
    await store.redis.hset(keys.namespaces(), ...filled.flat());
    const namespaces = redisNamespaceStore(store);
    await expect(namespaces.put('one-more', settings())).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining('NAMESPACES'),
    });
    expect(await namespaces.put('n7', settings())).toBe(2);
    expect(await store.redis.hlen(keys.namespaces())).toBe(LIMITS.NAMESPACES);
  });
});

describe('cordons of a region', () => {
  const cordon = (swarmId: string, kind: Cordon['kind'] = 'cordon'): Cordon => ({
    swarmId,
    kind,
    reason: 'é "quoted"',
    at: 5,
  });
  const lead = async (region = 'eu'): Promise<number> =>
    (await new Leases(store).acquire(keys.regionLease(region), 'me', 10_000)).epoch;

  test('the last one of a swarm stands until it is removed, in its region only', async () => {
    const cordons = redisCordonStore(store);
    const epoch = await lead();
    expect(await cordons.load('eu')).toEqual([]);
    expect(await cordons.put('eu', epoch, cordon('a'))).toBe(true);
    expect(await cordons.put('eu', epoch, cordon('b'))).toBe(true);
    expect(await cordons.put('eu', epoch, cordon('a', 'drain'))).toBe(true);
    const loaded = await cordons.load('eu');
    expect(loaded).toHaveLength(2);
    expect(loaded).toEqual(expect.arrayContaining([cordon('a', 'drain'), cordon('b')]));
    expect(await cordons.load('us')).toEqual([]);
    expect(await cordons.find('a')).toEqual({ region: 'eu', cordon: cordon('a', 'drain') });
    expect(await cordons.find('nobody')).toBeUndefined();
    expect(await cordons.remove('eu', epoch, ['a', 'nobody'])).toBe(true);
    expect(await cordons.load('eu')).toEqual([cordon('b')]);
    expect(await cordons.remove('eu', epoch, [])).toBe(true);
  });

  test('under an older epoch nothing is changed', async () => {
    const cordons = redisCordonStore(store);
    const old = await lead();
    await cordons.put('eu', old, cordon('a'));
    const epoch = await lead();
    expect(await cordons.put('eu', old, cordon('a', 'uncordon'))).toBe(false);
    expect(await cordons.put('eu', epoch + 1, cordon('b'))).toBe(false);
    expect(await cordons.remove('eu', old, ['a'])).toBe(false);
    expect(await cordons.load('eu')).toEqual([cordon('a')]);
    expect(await cordons.put('us', epoch, cordon('a'))).toBe(false);
  });
});

describe('the layout of the data', () => {
  test('the first start fixes it, and others with the same one are welcome', async () => {
    await Promise.all([pinShards(store, 4), pinShards(store, 4)]);
    await expect(pinShards(store, 4)).resolves.toBeUndefined();
    await expect(pinShards(store, 8)).rejects.toMatchObject({
      code: 'invalid-configuration',
      message: 'this data was made with SHARDS=4, not 8: start with SHARDS=4',
      findings: [{ pointer: '/SHARDS' }],
    });
  });

  test.each([
    ['an older version that wrote none', {}],
    ['an older version', { format: 2 }],
    ['a later version', { format: 99 }],
  ])('data of %s is refused, since its tasks would not be found', async (_whose, format) => {
    await store.redis.hset(keys.meta(), { shards: 4, ...format });
    await expect(pinShards(store, 4)).rejects.toMatchObject({
      code: 'invalid-configuration',
      message: expect.stringContaining('this version reads 3'),
    });
    expect(await store.redis.hgetall(keys.meta())).toEqual(
      Object.fromEntries(
        Object.entries({ shards: 4, ...format }).map(([name, value]) => [name, String(value)]),
      ),
    );
  });
});
