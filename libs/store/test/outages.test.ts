import { Leases, Store } from '@multiswarm/store';
import { eventually } from '@multiswarm/testing';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { ReplyThief } from './reply-thief';
import { Stores } from './stores';

let stores: Stores;

beforeEach(async () => {
  stores = await Stores.start({ appendfsync: 'always' });
});

afterEach(() => stores.stop());

const unavailable = { code: 'store-unavailable', retryable: true };

test('where no server is, connecting fails with the address and the remedy', async () => {
  const { url } = stores.redis;
  await stores.redis.kill('SIGKILL');
  const faults: unknown[] = [];
  await expect(
    Store.connect({ url, name: 'test', onFault: (error) => faults.push(error) }),
  ).rejects.toMatchObject({
    ...unavailable,
    message: `no Redis server answers at ${url}: start one (redis-server) or set REDIS_URL`,
  });
  expect(faults).toMatchObject([{ code: 'ECONNREFUSED' }]);
});

test('a server that accepts and says nothing does not hold up the start', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => void sockets.push(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  await expect(
    Store.connect({ url: `redis://127.0.0.1:${port}`, name: 'test', silenceMs: 50 }),
  ).rejects.toMatchObject(unavailable);
  sockets.forEach((socket) => socket.destroy());
  await new Promise((resolve) => silent.close(resolve));
});

test('what was under way in a crash is rejected, and not done by itself after the return of the server', async () => {
  const store = await stores.connect();
  await store.guard((redis) => redis.set('counter', 5));
  // Frozen, so that the commands are sent and surely not done when the server dies.
  await stores.redis.kill('SIGSTOP');
  const sent = [...Array(20).keys()].map(() => store.guard((redis) => redis.incr('counter')));
  const outcomes = Promise.allSettled(sent);
  await stores.redis.kill('SIGKILL');
  for (const outcome of await outcomes)
    expect(outcome).toMatchObject({ status: 'rejected', reason: unavailable });

  expect(store.connected).toBe(false);
  await expect(store.guard((redis) => redis.incr('counter'))).rejects.toMatchObject(unavailable);
  await expect(new Leases(store).acquire('k', 'a', 1)).rejects.toMatchObject(unavailable);
  await expect(store.pingMs(() => 0)).rejects.toMatchObject(unavailable);

  let reconnects = 0;
  store.onReconnect(() => (reconnects += 1));
  await stores.redis.restart();
  await eventually(() => store.connected);
  expect(reconnects).toBe(1);
  expect(await store.guard((redis) => redis.get('counter'))).toBe('5');
});

test('what was done while its answer got lost is not done a second time', async () => {
  const thief = await ReplyThief.before(stores.redis.port);
  const store = await stores.connect({ url: `redis://127.0.0.1:${thief.port}` });
  const direct = await stores.connect();

  thief.stealing = true;
  const sent = [store.guard((redis) => redis.incr('counter')), store.guard((redis) => redis.incr('counter'))];
  const outcomes = Promise.allSettled(sent);
  await eventually(async () => (await direct.redis.get('counter')) === '2');
  thief.stealing = false;
  thief.breakConnections();
  for (const outcome of await outcomes)
    expect(outcome).toMatchObject({ status: 'rejected', reason: unavailable });

  await eventually(() => store.connected);
  expect(await store.guard((redis) => redis.incr('counter'))).toBe(3);
  await store.close();
  await thief.stop();
});

test('every acknowledged write is there after a crash, and no write is there twice', async () => {
  const store = await stores.connect();
  let acknowledged = 0;
  let sent = 0;
  const writing = (async () => {
    for (;;) {
      sent += 1;
      await store.guard((redis) => redis.incr('counter'));
      acknowledged += 1;
    }
  })();
  const stopped = expect(writing).rejects.toMatchObject(unavailable);
  await eventually(() => acknowledged > 50);
  await stores.redis.kill('SIGKILL');
  await stopped;
  await stores.redis.restart();
  await eventually(() => store.connected);
  const counter = Number(await store.guard((redis) => redis.get('counter')));
  expect(counter).toBeGreaterThanOrEqual(acknowledged);
  expect(counter).toBeLessThanOrEqual(sent);
});

test('a frozen server is a lost one, and is used again once it goes on', async () => {
  const faults: unknown[] = [];
  const store = await stores.connect({ silenceMs: 50, onFault: (error) => faults.push(error) });
  await stores.redis.kill('SIGSTOP');
  await expect(store.guard((redis) => redis.get('x'))).rejects.toMatchObject(unavailable);
  expect(faults).toMatchObject([{ message: expect.stringContaining('Socket timeout') }]);
  await stores.redis.kill('SIGCONT');
  await eventually(() => store.connected);
  expect(await store.guard((redis) => redis.get('x'))).toBeNull();
});

test.each([
  ['a long silence without an open question', async () => {}],
  [
    'a question that was open in a crash',
    async (store: Store) => {
      await stores.redis.kill('SIGSTOP');
      const asked = expect(store.guard((redis) => redis.get('x'))).rejects.toMatchObject(unavailable);
      await stores.redis.kill('SIGKILL');
      await asked;
      await stores.redis.restart();
      await eventually(() => store.connected);
    },
  ],
])('%s is nothing that the present connection is broken for', async (_name, happen) => {
  const silenceMs = 400;
  const faults: unknown[] = [];
  const store = await stores.connect({ silenceMs, onFault: (error) => faults.push(error) });
  const start = performance.now();
  await happen(store);
  await eventually(() => performance.now() - start > 1.5 * silenceMs);
  expect(store.connected).toBe(true);
  expect(faults).not.toContainEqual(
    expect.objectContaining({ message: expect.stringContaining('Socket timeout') }),
  );
});

test('closing a store whose server is gone or frozen ends', async () => {
  const store = await stores.connect({ silenceMs: 50 });
  const other = await stores.connect();
  await stores.redis.kill('SIGSTOP');
  await store.close();
  await stores.redis.kill('SIGKILL');
  await eventually(() => !other.connected);
  await other.close();
  await other.close();
  await expect(other.guard((redis) => redis.ping())).rejects.toMatchObject(unavailable);
});
