import { Leases, type Store } from '@multiswarm/store';
import { eventually } from '@multiswarm/testing';
import fc from 'fast-check';
import { Stores } from './stores';

const KEY = 'ms:{s3}:shard';
const LONG_MS = 60_000;
const FROM = 9_000_000_000;
const [E1, E2] = [FROM + 1, FROM + 2];

let stores: Stores;
let store: Store;
let leases: Leases;

beforeAll(async () => {
  stores = await Stores.start();
  store = await stores.connect();
  leases = new Leases(store);
});

afterAll(() => stores.stop());
beforeEach(() => begin());

/** Later than any clock, so that epochs grow one by one. */
async function begin(): Promise<void> {
  await store.redis.flushall();
  await store.redis.hset(KEY, 'epoch', FROM, 'owner', '', 'leaseUntil', 0);
}

/** Milliseconds of the clock of Redis, by which leases end. */
async function redisNow(): Promise<number> {
  const [seconds, micros] = await store.redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

/** Until the lease, whoever has it, has run out by the clock of Redis. */
async function expired(): Promise<void> {
  const until = Number(await store.redis.hget(KEY, 'leaseUntil'));
  await eventually(async () => (await redisNow()) > until, { describe: 'the end of the lease' });
}

test('of many who ask at the same time exactly one holds the lease, and the others learn who and how long', async () => {
  const others = await Promise.all([stores.connect(), stores.connect()]);
  const asked = [...Array(30).keys()].map((n) =>
    new Leases([store, ...others][n % 3]!).acquire(KEY, `owner-${n}`, LONG_MS),
  );
  const results = await Promise.all(asked);
  const held = results.flatMap((result, n) => (result.held ? [`owner-${n}`] : []));
  expect(held).toHaveLength(1);
  for (const result of results) {
    expect(result.epoch).toBe(E1);
    if (result.held) continue;
    expect(result.owner).toBe(held[0]);
    expect(result.remainingMs).toBeGreaterThan(LONG_MS - 20_000);
    expect(result.remainingMs).toBeLessThanOrEqual(LONG_MS);
  }
});

test('an owner that asks again gets a new epoch, which fences its own older writes', async () => {
  expect(await leases.acquire(KEY, 'a', LONG_MS)).toEqual({ held: true, epoch: E1, batchSeq: 0 });
  expect(await leases.acquire(KEY, 'a', LONG_MS)).toEqual({ held: true, epoch: E2, batchSeq: 0 });
  expect(await leases.renew(KEY, E1, LONG_MS)).toBe(false);
  expect(await leases.renew(KEY, E2, LONG_MS)).toBe(true);
});

test('a lease that was not renewed goes to whoever asks next, and its old holder cannot renew it', async () => {
  await leases.acquire(KEY, 'a', 1);
  await expired();
  expect(await leases.acquire(KEY, 'b', LONG_MS)).toMatchObject({ held: true, epoch: E2 });
  expect(await leases.renew(KEY, E1, LONG_MS)).toBe(false);
  expect(await leases.acquire(KEY, 'a', LONG_MS)).toMatchObject({ held: false, epoch: E2, owner: 'b' });
});

test('a lease that ran out and that nobody took may be renewed: nothing was written in between', async () => {
  await leases.acquire(KEY, 'a', 1);
  await expired();
  expect(await leases.renew(KEY, E1, LONG_MS)).toBe(true);
  expect(await leases.acquire(KEY, 'b', LONG_MS)).toMatchObject({ held: false, owner: 'a' });
});

test('renewing counts from the moment of renewal', async () => {
  await leases.acquire(KEY, 'a', LONG_MS);
  const before = await redisNow();
  await leases.renew(KEY, E1, 5_000);
  const until = Number(await store.redis.hget(KEY, 'leaseUntil'));
  expect(until).toBeGreaterThanOrEqual(before + 5_000);
  expect(until).toBeLessThanOrEqual((await redisNow()) + 5_000);
});

test('a lease that is given back is free at once, and is not held any more', async () => {
  await leases.acquire(KEY, 'a', LONG_MS);
  expect(await leases.release(KEY, E1)).toBe(true);
  expect(await leases.renew(KEY, E1, LONG_MS)).toBe(false);
  expect(await leases.acquire(KEY, 'b', LONG_MS)).toMatchObject({ held: true, epoch: E2 });
});

test('giving back what is not held any more changes nothing', async () => {
  await leases.acquire(KEY, 'a', 1);
  await expired();
  await leases.acquire(KEY, 'b', LONG_MS);
  expect(await leases.release(KEY, E1)).toBe(false);
  expect(await leases.acquire(KEY, 'c', LONG_MS)).toMatchObject({ held: false, owner: 'b' });
  expect(await leases.renew(KEY, E2, LONG_MS)).toBe(true);
});

test('what was never taken can neither be renewed nor given back', async () => {
  expect(await leases.renew(KEY, 0, LONG_MS)).toBe(false);
  expect(await leases.release(KEY, E1)).toBe(false);
  expect(await store.redis.hget(KEY, 'owner')).toBe('');
});

test('the number of the last batch survives a change of owner', async () => {
  await leases.acquire(KEY, 'a', LONG_MS);
  await store.redis.hset(KEY, 'batchSeq', 41);
  await leases.release(KEY, E1);
  expect(await leases.acquire(KEY, 'b', LONG_MS)).toEqual({ held: true, epoch: E2, batchSeq: 41 });
});

test('an epoch is never earlier than the clock of Redis says, also where what is stored is of an earlier time', async () => {
  const key = 'ms:{s5}:shard';
  const before = Math.floor((await redisNow()) / 1_000);
  const first = await leases.acquire(key, 'a', LONG_MS);
  expect(first.epoch).toBeGreaterThanOrEqual(before);
  await store.redis.hset(key, 'epoch', 3, 'batchSeq', 7, 'owner', ''); // a backup of long ago
  const again = await leases.acquire(key, 'a', LONG_MS);
  expect(again).toMatchObject({ held: true, batchSeq: 7 });
  expect(again.epoch).toBeGreaterThanOrEqual(first.epoch);
});

test('leases of different keys do not touch each other', async () => {
  await leases.acquire(KEY, 'a', LONG_MS);
  expect(await leases.acquire('ms:{s4}:shard', 'b', LONG_MS)).toMatchObject({ held: true });
});

/** What a lease is, in a few lines. Time is a flag: either the lease still runs, or it has run out. */
class Model {
  epoch = FROM;
  owner = '';
  running = false;

  acquire(owner: string, ranOut: boolean): object {
    if (this.running && this.owner !== owner) return { held: false, epoch: this.epoch, owner: this.owner };
    this.epoch += 1;
    this.owner = owner;
    this.running = !ranOut;
    return { held: true, epoch: this.epoch };
  }

  renew(epoch: number, ranOut: boolean): boolean {
    if (epoch !== this.epoch || this.owner === '') return false;
    this.running = !ranOut;
    return true;
  }

  release(epoch: number): boolean {
    if (epoch !== this.epoch) return false;
    this.owner = '';
    this.running = false;
    return true;
  }
}

test('whatever several owners do, in whatever order, the lease behaves like its model', async () => {
  const ranOut = fc.boolean();
  // How many epochs ago: mostly the present one.
  const ago = fc.constantFrom(0, 0, 0, 1, 2);
  const step = fc.oneof(
    fc.record({ act: fc.constant('acquire' as const), owner: fc.constantFrom('a', 'b', 'c'), ranOut }),
    fc.record({ act: fc.constant('renew' as const), ago, ranOut }),
    fc.record({ act: fc.constant('release' as const), ago }),
  );
  type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
  const perform = async (model: Model, taken: Step): Promise<void> => {
    if (taken.act === 'release') {
      const epoch = model.epoch - taken.ago;
      expect(await leases.release(KEY, epoch)).toBe(model.release(epoch));
      return;
    }
    const ttlMs = taken.ranOut ? 1 : LONG_MS;
    let done: boolean;
    if (taken.act === 'acquire') {
      const result = await leases.acquire(KEY, taken.owner, ttlMs);
      expect(result).toMatchObject(model.acquire(taken.owner, taken.ranOut));
      done = result.held;
    } else {
      const epoch = model.epoch - taken.ago;
      done = await leases.renew(KEY, epoch, ttlMs);
      expect(done).toBe(model.renew(epoch, taken.ranOut));
    }
    if (done && taken.ranOut) await expired();
  };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      await begin();
      const model = new Model();
      for (const taken of steps) await perform(model, taken);
    }),
    { numRuns: 60 },
  );
});
