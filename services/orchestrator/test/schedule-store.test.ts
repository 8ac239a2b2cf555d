import { keys, LIMITS } from '@multiswarm/contracts';
import { Leases, Store } from '@multiswarm/store';
import { startRedis, type TestServer } from '@multiswarm/testing';
import { redisScheduleStore } from '../src/adapters/store/redis-schedule-store';
import { newState } from '../src/domain/schedule/schedule';
import type { ScheduleStore, StoredSchedule } from '../src/schedule-ports';
import { MemoryScheduleStore } from './support/memory-schedule-store';

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

const of = (name: string, namespace = 'shop') => ({ namespace, name });
const given = (name: string, namespace = 'shop'): Omit<StoredSchedule, 'revision'> => ({
  ...of(name, namespace),
  body: {
    ...{ cron: '0 2 * * *', timeZone: 'UTC', overlap: 'skip', jitterMs: 0, catchUpMs: 60_000 },
    workflow: { definition: 'report' },
    ...{ createdAt: '2026-01-01T00:00:00Z', updatedAt: '2026-01-01T00:00:00Z', requestedBy: 'ann' },
  },
  state: newState(1_000),
});

/** What both stores do: each is told who is in office by the lease that it knows. */
const kinds: [string, () => Promise<{ schedules: ScheduleStore; office(): Promise<number> }>][] = [
  [
    'memory',
    () => {
      const schedules = new MemoryScheduleStore();
      return Promise.resolve({ schedules, office: () => Promise.resolve((schedules.epoch += 1)) });
    },
  ],
  [
    'redis',
    () => {
      const leases = new Leases(store);
      const office = async (): Promise<number> => {
        await store.redis.hset(keys.schedulerLease(), 'owner', '');
        return (await leases.acquire(keys.schedulerLease(), 'one', 5_000)).epoch;
      };
      return Promise.resolve({ schedules: redisScheduleStore(store), office });
    },
  ],
];

describe.each(kinds)('schedules in %s', (_kind, open) => {
  test('one is created once, read as it was given, and deleted once', async () => {
    const { schedules } = await open();
    const revision = await schedules.create(given('nightly'), 5_000);
    expect(await schedules.create({ ...given('nightly'), state: newState(9) }, 1)).toBeUndefined();
    expect(await schedules.get(of('nightly'))).toEqual({ ...given('nightly'), revision });
    expect(await schedules.get(of('nightly', 'other'))).toBeUndefined();
    expect(await schedules.remove(of('nightly'))).toBe(true);
    expect(await schedules.remove(of('nightly'))).toBe(false);
    expect(await schedules.get(of('nightly'))).toBeUndefined();
    expect(await schedules.soonest(10)).toEqual([]);
  });

  test('of two that change what they have both read one does, and so it is with one that was made anew', async () => {
    const { schedules } = await open();
    const revision = (await schedules.create(given('nightly'), 5_000))!;
    const body = { ...given('nightly').body, workflow: { definition: 'other' } };
    const change = { state: newState(2_000), wakeAt: 6_000, body };
    const results = await Promise.all([
      schedules.change(of('nightly'), { ...change, revision }),
      schedules.change(of('nightly'), { ...change, revision }),
    ]);
    expect(results.filter((each) => each !== undefined)).toHaveLength(1);
    const read = await schedules.get(of('nightly'));
    expect(read).toMatchObject({ state: { cursor: 2_000 }, body });
    await schedules.remove(of('nightly'));
    await schedules.create(given('nightly'), 5_000);
    for (let old = 1; old <= read!.revision; old += 1)
      expect(await schedules.change(of('nightly'), { ...change, revision: old })).toBeUndefined();
    expect(await schedules.change(of('none'), { ...change, revision: 1 })).toBeUndefined();
  });

  test('a scheduler that is not in office any more changes nothing', async () => {
    const { schedules, office } = await open();
    const revision = (await schedules.create(given('nightly'), 5_000))!;
    const first = await office();
    const second = await office();
    const change = { state: newState(2_000), wakeAt: undefined };
    await expect(schedules.change(of('nightly'), { ...change, revision }, first)).rejects.toMatchObject({
      code: 'stale-epoch',
    });
    expect(await schedules.get(of('nightly'))).toMatchObject({ revision, state: { cursor: 1_000 } });
    expect(await schedules.change(of('nightly'), { ...change, revision }, second)).toBeGreaterThan(revision);
    expect(await schedules.soonest(10)).toEqual([]);
  });

  test('those with something to do come by when that is', async () => {
    const { schedules } = await open();
    await schedules.create(given('b'), 7_000);
    await schedules.create(given('a/deep'), 5_000);
    await schedules.create(given('never'), undefined);
    const revision = (await schedules.create(given('c', 'x'), 9_000))!;
    await schedules.change(of('c', 'x'), { revision, state: newState(1), wakeAt: 6_000 });
    expect(await schedules.soonest(2)).toEqual([
      { ...of('a/deep'), at: 5_000 },
      { ...of('c', 'x'), at: 6_000 },
    ]);
    expect(await schedules.soonest(10)).toHaveLength(3);
  });

  test('lists go by namespace and name, page by page', async () => {
    const { schedules } = await open();
    for (const [name, namespace] of [
      ['b', 'shop'],
      ['a/deep', 'shop'],
      ['z', 'alpha'],
      ['a', 'shop-2'],
    ] as const)
      await schedules.create(given(name, namespace), undefined);
    const first = await schedules.list(undefined, undefined, 2);
    expect(first.items.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual(['alpha/z', 'shop-2/a']);
    const rest = await schedules.list(undefined, first.last, 2);
    expect(rest).toMatchObject({ items: [{ name: 'a/deep' }, { name: 'b' }], last: undefined });
    const { workflow: _workflow, ...head } = given('b').body;
    expect((await schedules.list('shop', undefined, 10)).items).toEqual([
      { ...of('a/deep'), body: head, state: newState(1_000) },
      { ...of('b'), body: head, state: newState(1_000) },
    ]);
  });
});

test('a schedule too many is refused with the name of the limit', async () => {
  const fill = "for at = 1, tonumber(ARGV[1]) do redis.call('ZADD', KEYS[1], 0, 'n/' .. at) end";
  await store.redis.eval(fill, 1, keys.schedules(), LIMITS.SCHEDULES);
  await expect(redisScheduleStore(store).create(given('one-more'), 1)).rejects.toMatchObject({
    code: 'invalid-request',
    message: expect.stringContaining('(SCHEDULES)'),
  });
});
