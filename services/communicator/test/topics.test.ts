import { createHttpApp, listen } from '@multiswarm/service';
import { createSwarm, type EventOf, type Swarm } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';
import { eventually } from '@multiswarm/testing';
import request from 'supertest';
import { z } from 'zod';
import { World } from './world';

const logger = createLogger({ service: 'communicator', level: 'silent' });
const Order = z.object({ id: z.number().int() });

let world: World;
let app: ReturnType<typeof createHttpApp>;
let shop: Swarm;
let clerk: Swarm;

beforeAll(async () => {
  world = await World.start();
  const { communicator, telemetry } = await world.replica();
  app = createHttpApp({
    ...{ service: 'communicator', version: '1', title: 'C', checks: {}, telemetry, logger },
    routes: communicator.routes,
  });
  [shop, clerk] = [await swarm('shop'), await swarm('clerk')];
});

afterAll(async () => {
  await Promise.all([shop.stop(), clerk.stop()]);
  await world.stop();
});

async function swarm(id: string, namespace = 'default'): Promise<Swarm> {
  const made = createSwarm({
    ...{
      id,
      region: 'eu',
      slots: 1,
      types: ['*'],
      servers: world.nats.url,
      logger,
      handleSignals: false,
      namespace,
    },
  });
  await made.start();
  return made;
}

type Seen = EventOf<unknown>[];
const topicsOf = (seen: Seen): string[] => seen.map(({ topic }) => topic);

test('who listens hears what matches its pattern, of both promises, in order and with its data', async () => {
  const seen: Seen = [];
  const orders = await clerk.topics.subscribe('orders.*.created', { schema: Order }, (event) => {
    seen.push(event);
  });
  await shop.topics.publish('orders.eu.created', { id: 1 });
  await shop.topics.publish('orders.eu.shipped', { id: 1 });
  await shop.topics.publish('orders.us.created', { id: 'none' });
  await shop.topics.publish('orders.us.created', { id: 2 }, { qos: 'at-most-once' });
  await eventually(() => seen.length === 2);
  expect(seen).toMatchObject([
    { topic: 'orders.eu.created', data: { id: 1 }, from: 'shop', qos: 'at-least-once' },
    { topic: 'orders.us.created', data: { id: 2 }, from: 'shop', qos: 'at-most-once' },
  ]);
  orders.stop();
  await shop.topics.publish('orders.eu.created', { id: 3 });
  await clerk.topics.publish('other', {});
  expect(seen).toHaveLength(2);
});

test('data that does not fit the schema of its publisher is refused, and nothing is published', async () => {
  const seen: Seen = [];
  await clerk.topics.subscribe('typed.>', {}, (event) => void seen.push(event));
  const wrong = { id: 'one' } as unknown as z.input<typeof Order>;
  await expect(shop.topics.publish('typed.a', wrong, { schema: Order })).rejects.toMatchObject({
    ...{ code: 'invalid-request', findings: [{ pointer: '/data/id' }] },
  });
  // @ts-expect-error: the schema says what data is
  await expect(shop.messages.publish('typed.b', 'text', { schema: Order })).rejects.toThrow(/typed\.b/);
  await shop.topics.publish('typed.c', { id: 7 }, { schema: Order });
  await eventually(() => seen.length === 1);
  expect(seen).toMatchObject([{ topic: 'typed.c', data: { id: 7 } }]);
});

test('a replay begins where it is told, has all that is stored, and goes on with what comes', async () => {
  const first = await shop.topics.publish('replay.a', { id: 1 });
  await shop.topics.publish('replay.b', { id: 2 }, { qos: 'at-most-once' });
  await shop.topics.publish('replay.c', { id: 3 });
  const since = new Date(Date.now() + 1).toISOString();
  await eventually(() => new Date().toISOString() > since);
  await shop.topics.publish('replay.d', { id: 4 });
  const [bySeq, byTime, fresh]: [Seen, Seen, Seen] = [[], [], []];
  await clerk.topics.subscribe('replay.>', { from: first.seq! }, (event) => void bySeq.push(event));
  await clerk.topics.subscribe('replay.*', { from: since }, (event) => void byTime.push(event));
  await clerk.topics.subscribe('>', { from: 'new' }, (event) => void fresh.push(event));
  await shop.topics.publish('replay.e', { id: 5 });
  await eventually(() => fresh.length === 1 && byTime.length === 2);
  expect(topicsOf(bySeq)).toEqual(['replay.a', 'replay.c', 'replay.d', 'replay.e']);
  expect(topicsOf(byTime)).toEqual(['replay.d', 'replay.e']);
  expect(topicsOf(fresh)).toEqual(['replay.e']);
  expect(bySeq[0]?.seq).toBe(first.seq);
});

test('what a handler throws costs its event and nothing else; a handler gets one event at a time', async () => {
  const done: unknown[] = [];
  let running = 0;
  await clerk.topics.subscribe('slow', {}, async ({ data }) => {
    running += 1;
    await new Promise((resolve) => setImmediate(resolve));
    expect(running).toBe(1);
    running -= 1;
    if (data === 2) throw new Error('not this one');
    done.push(data);
  });
  for (const data of [1, 2, 3]) await shop.topics.publish('slow', data);
  await eventually(() => done.length === 2);
  expect(done).toEqual([1, 3]);
});

test('a namespace hears itself alone', async () => {
  const other = await swarm('other', 'elsewhere');
  const seen: Seen = [];
  await other.topics.subscribe('>', { from: 1 }, (event) => void seen.push(event));
  await shop.topics.publish('secret', {});
  await other.topics.publish('own', {});
  await eventually(() => seen.length === 1);
  expect(topicsOf(seen)).toEqual(['own']);
  await other.stop();
});

test('over HTTP an event is stored once under its id, and refused where its topic or its size is wrong', async () => {
  const body = { from: 'web', data: { id: 9 }, id: 'order-9' };
  const first = await request(app).post('/v1/topics/orders.web').send(body).expect(202);
  expect(first.body).toMatchObject({ id: 'order-9', topic: 'orders.web', duplicate: false });
  const again = await request(app).post('/v1/topics/orders.web').send(body).expect(202);
  expect(again.body).toEqual({ ...first.body, duplicate: true });
  for (const [topic, from] of [
    ['orders.other', 'web'],
    ['orders.web', 'shop'],
  ]) {
    const other = await request(app)
      .post(`/v1/topics/${topic}`)
      .send({ ...body, from });
    expect(other.body).toMatchObject({ id: 'order-9', duplicate: false });
  }
  await request(app).post('/v1/topics/orders..web').send(body).expect(400);
  const large = { ...body, data: 'x'.repeat(256 * 1024) };
  const refused = await request(app).post('/v1/topics/orders.web').send(large).expect(413);
  expect(refused.body).toMatchObject({ code: 'body-too-large' });
});

test('a reader over HTTP comes back behind the last event that it had', async () => {
  const { seq } = await shop.topics.publish('sse.a', 1);
  await shop.topics.publish('sse.b', 2);
  const server = await listen(app, { host: '127.0.0.1', port: 0, logger });
  const read = async (headers: Record<string, string>, count: number): Promise<string> => {
    const url = `${server.url}/v1/topics/${encodeURIComponent('sse.*')}/events?from=${seq}`;
    const leaving = new AbortController();
    const response = await fetch(url, { headers, signal: leaving.signal });
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body!) {
      text += decoder.decode(chunk as Uint8Array);
      if (text.split('event: event').length > count) break;
    }
    return text;
  };
  try {
    const all = await read({}, 2);
    expect(all).toMatch(new RegExp(`event: event\\nid: ${seq}\\ndata: .*"topic":"sse.a"`));
    const rest = await read({ 'last-event-id': String(seq) }, 1);
    expect(rest).not.toContain('sse.a');
    expect(rest).toContain('"topic":"sse.b"');
  } finally {
    await server.close(0);
  }
});

test('so many replays, and no more', async () => {
  const greedy = await swarm('greedy');
  const subscribe = () => greedy.topics.subscribe('none', { from: 'new' }, () => undefined);
  const all = await Promise.all(Array.from({ length: 32 }, subscribe));
  await expect(subscribe()).rejects.toMatchObject({ code: 'too-many-watchers' });
  all[0]!.stop();
  await eventually(() =>
    subscribe().then(
      () => true,
      () => false,
    ),
  );
  await greedy.stop();
});
