import { connectBus, ensureStream, streamRange } from '@multiswarm/bus';
import { MultiswarmError } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { z } from 'zod';
import { Buses, gate } from './buses';

let buses: Buses;

beforeEach(async () => {
  buses = await Buses.start();
});

afterEach(() => buses.stop());

const Ask = z.object({ n: z.number() });
const lost = { code: 'bus-unavailable', retryable: true };

test('where no server is, connecting fails with the address and the remedy', async () => {
  const { url } = buses.nats;
  await buses.nats.kill('SIGKILL');
  await expect(connectBus({ servers: url, name: 'test' })).rejects.toMatchObject({
    ...lost,
    message: `no NATS server answers at ${url}: start one (nats-server -js) or set NATS_URL`,
  });
});

test('a server that accepts and says nothing does not hold up the start for long', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => void sockets.push(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  await expect(connectBus({ servers: `127.0.0.1:${port}`, name: 'test' })).rejects.toMatchObject(lost);
  sockets.forEach((socket) => socket.destroy());
  await new Promise((resolve) => silent.close(resolve));
});

test('of several servers one is enough', async () => {
  const bus = await buses.connect({ servers: ` 127.0.0.1:1 , ${buses.nats.url}` });
  expect(bus.connected).toBe(true);
  expect(bus.serverVersion).toMatch(/^\d+\.\d+/);
  expect(await bus.rttMs()).toBeGreaterThanOrEqual(0);
});

test('a stream is the same one after its server was started again, however often it was brought to its limits in between', async () => {
  const options = {
    ...{ name: 'EVENTS', subjects: ['events.*'], maxAgeMs: 60_000, maxBytes: 1_000_000 },
    ...{ replicas: 1, dedupWindowMs: 1_000 },
  };
  const bus = await buses.connect();
  await ensureStream(bus.connection, options);
  const { createdAt } = await streamRange(bus.connection, 'EVENTS');
  for (let starts = 0; starts < 2; starts += 1) {
    await buses.nats.kill('SIGKILL');
    await eventually(() => !bus.connected);
    await buses.nats.restart();
    await eventually(() => bus.connected);
    await ensureStream(bus.connection, options);
    expect(await streamRange(bus.connection, 'EVENTS')).toMatchObject({ createdAt });
  }
});

test('a crash of the server rejects what waits, refuses what follows, and after its return all goes on', async () => {
  const client = await buses.connect();
  // What held requests hold would hold up the end of the test, too.
  const server = await buses.connect({ closeGraceMs: 10 });
  const never = gate();
  const heard: number[] = [];
  server.respond('held', { request: Ask }, () => never.opened);
  server.respond('echo', { request: Ask }, async ({ n }) => ({ n }));
  server.subscribe('news', { schema: Ask }, ({ n }) => void heard.push(n));
  let reconnects = 0;
  client.onReconnect(() => (reconnects += 1));
  await server.rttMs();

  const waiting = [1, 2, 3].map((n) => client.request('held', { n }, { reply: Ask, timeoutMs: 60_000 }));
  const outcomes = Promise.allSettled(waiting);
  await client.rttMs();
  await buses.nats.kill('SIGKILL');
  for (const outcome of await outcomes)
    expect(outcome).toMatchObject({
      status: 'rejected',
      reason: { ...lost, message: expect.stringContaining('lost') },
    });

  expect(client.connected).toBe(false);
  await expect(client.request('echo', { n: 1 }, { reply: Ask })).rejects.toMatchObject(lost);
  await expect(client.publishStored('x', 1, { messageId: '1' })).rejects.toMatchObject(lost);
  await expect(client.rttMs()).rejects.toMatchObject(lost);
  await expect(client.services(1)).rejects.toMatchObject(lost);
  expect(() => client.publish('news', { n: 1 })).toThrow(expect.objectContaining(lost));
  expect(reconnects).toBe(0);

  await buses.nats.restart();
  await eventually(() => client.connected && server.connected);
  expect(reconnects).toBe(1);
  await server.rttMs();
  expect(await client.request('echo', { n: 5 }, { reply: Ask })).toEqual({ n: 5 });
  client.publish('news', { n: 6 });
  await eventually(() => heard.length > 0);
  expect(heard).toEqual([6]);
});

test('a listener of reconnects that throws is a fault, and the others are called at this and the next return', async () => {
  const faults: unknown[] = [];
  const client = await buses.connect({ onFault: (error) => faults.push(error) });
  let called = 0;
  client.onReconnect(() => {
    throw new Error('not ready');
  });
  client.onReconnect(() => (called += 1));
  for (const round of [1, 2]) {
    await buses.nats.kill('SIGKILL');
    await eventually(() => !client.connected);
    await buses.nats.restart();
    await eventually(() => called === round);
  }
  expect(faults.filter((fault) => (fault as Error).message === 'not ready')).toHaveLength(2);
});

test('while the server is frozen requests time out, and go through once it goes on', async () => {
  const client = await buses.connect();
  client.respond('echo', { request: Ask }, async ({ n }) => ({ n }));
  await client.rttMs();
  await buses.nats.kill('SIGSTOP');
  await expect(client.request('echo', { n: 1 }, { reply: Ask, timeoutMs: 50 })).rejects.toMatchObject({
    code: 'timeout',
  });
  await buses.nats.kill('SIGCONT');
  expect(await client.request('echo', { n: 2 }, { reply: Ask })).toEqual({ n: 2 });
});

describe('close', () => {
  test('lets handlers finish, which may still ask others, and their answers leave', async () => {
    const client = await buses.connect();
    const server = await buses.connect();
    const { opened, open } = gate();
    const started = gate();
    client.respond('rate', { request: Ask }, async () => ({ n: 10 }));
    server.respond('work', { request: Ask }, async ({ n }) => {
      started.open();
      await opened;
      const rate = await server.request('rate', { n }, { reply: Ask });
      return { n: n * rate.n };
    });
    await Promise.all([client.rttMs(), server.rttMs()]);

    const asked = client.request('work', { n: 4 }, { reply: Ask });
    await started.opened;
    const closed = server.close();
    // Nothing new comes in: where nobody else listens, that is known at once.
    await eventually(() =>
      client.request('work', { n: 5 }, { reply: Ask, timeoutMs: 100 }).then(
        () => false,
        (error: unknown) => error instanceof MultiswarmError && error.code === 'bus-unavailable',
      ),
    );
    open();
    expect(await asked).toEqual({ n: 40 });
    await closed;
    expect(server.connected).toBe(false);
    expect(server.connection.isClosed()).toBe(true);
  });

  test('sends what was published before it', async () => {
    const client = await buses.connect();
    const server = await buses.connect();
    const heard: number[] = [];
    server.subscribe('news', { schema: Ask }, ({ n }) => void heard.push(n));
    await server.rttMs();
    for (let n = 0; n < 1_000; n++) client.publish('news', { n });
    await client.close();
    await eventually(() => heard.length === 1_000);
  });

  test('does not wait for ever for a handler or for a frozen server, and rejects what still waits', async () => {
    const bus = await buses.connect({ closeGraceMs: 50 });
    const never = gate();
    bus.respond('held', { request: Ask }, () => never.opened);
    await bus.rttMs();
    const waiting = bus.request('held', { n: 1 }, { reply: Ask, timeoutMs: 60_000 });
    const rejected = expect(waiting).rejects.toMatchObject(lost);
    await bus.close();
    await rejected;

    const other = await buses.connect({ closeGraceMs: 50 });
    await buses.nats.kill('SIGSTOP');
    await other.close();
    expect(other.connection.isClosed()).toBe(true);
  });

  test('of a disconnected bus ends at once, a second time is the same, and nothing can be sent after it', async () => {
    const bus = await buses.connect({ closeGraceMs: 60_000 });
    await buses.nats.kill('SIGKILL');
    await eventually(() => !bus.connected);
    await Promise.all([bus.close(), bus.close()]);
    await bus.close();
    expect(() => bus.publish('news', 1)).toThrow(expect.objectContaining(lost));
    await expect(bus.request('news', 1, { reply: Ask })).rejects.toMatchObject(lost);
  });
});
