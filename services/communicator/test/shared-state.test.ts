import { createHttpApp, listen } from '@multiswarm/service';
import { createSwarm, type Swarm } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';
import { eventually } from '@multiswarm/testing';
import request from 'supertest';
import { z } from 'zod';
import { World } from './world';

const logger = createLogger({ service: 'communicator', level: 'silent' });
const Plan = z.object({ steps: z.number().int() });

let world: World;
let app: ReturnType<typeof createHttpApp>;
let writer: Swarm;
let reader: Swarm;

beforeAll(async () => {
  world = await World.start();
  const { communicator, telemetry } = await world.replica();
  const { routes } = communicator;
  app = createHttpApp({
    service: 'communicator',
    version: '1',
    title: 'C',
    routes,
    checks: {},
    telemetry,
    logger,
  });
  writer = await swarm('writer');
  reader = await swarm('reader');
});

afterAll(async () => {
  await Promise.all([writer.stop(), reader.stop()]);
  await world.stop();
});

async function swarm(id: string): Promise<Swarm> {
  const made = createSwarm({
    ...{ id, region: 'eu', slots: 1, types: ['*'], servers: world.nats.url, logger, handleSignals: false },
  });
  await made.start();
  return made;
}

test('what one swarm writes another one reads, typed by the schema', async () => {
  const plan = writer.sharedState.bucket('plan', Plan);
  const revision = await plan.put('main', { steps: 1 });
  expect(await reader.sharedState.bucket('plan', Plan).get('main')).toMatchObject({
    value: { steps: 1 },
    revision,
  });
  expect(await reader.sharedState.bucket('plan').get('other')).toBeUndefined();
  // @ts-expect-error the schema says what may be written
  await expect(plan.put('main', { steps: 'many' })).rejects.toMatchObject({ code: 'invalid-request' });
  await expect(plan.put('main', { steps: 2 }, { ifRevision: revision + 1 })).rejects.toMatchObject({
    code: 'revision-conflict',
  });
});

test('updates of many at once are all in the result, and the history has them in order', async () => {
  const add = (by: Swarm): Promise<unknown> =>
    by.sharedState.bucket('sums', z.number()).update('total', (total = 0) => total + 1);
  await Promise.all(Array.from({ length: 20 }, (_, index) => add(index % 2 ? writer : reader)));
  const bucket = reader.sharedState.bucket('sums', z.number());
  expect((await bucket.get('total'))?.value).toBe(20);
  expect((await bucket.history('total')).map(({ value }) => value)).toEqual([13, 14, 15, 16, 17, 18, 19, 20]);
  expect(await bucket.update('total', () => undefined)).toMatchObject({ value: 20 });
});

test('a watcher is told of what comes, from a bucket that nobody had made', async () => {
  const watch = await reader.sharedState.bucket('news').watch('a.*');
  const seen: unknown[] = [];
  const reading = (async () => {
    for await (const { key, value } of watch) seen.push([key, value]);
  })();
  const news = writer.sharedState.bucket('news');
  await news.put('a.1', 'first');
  await news.put('b.1', 'not seen');
  await news.delete('a.1');
  await eventually(() => seen.length === 2);
  watch.close();
  await reading;
  expect(seen).toEqual([
    ['a.1', 'first'],
    ['a.1', undefined],
  ]);
  expect(await news.keys()).toEqual(['b.1']);
});

test('over HTTP the revision is the ETag, and a write can be held against it', async () => {
  const made = await request(app).put('/v1/state/http').send({ history: 2 }).expect(200);
  expect(made.body).toMatchObject({ bucket: 'http', history: 2, replicas: 1 });
  await request(app).put('/v1/state/http').send({ history: 3 }).expect(409);
  const key = '/v1/state/http/a.b';
  const put = await request(app)
    .put(key)
    .set('if-none-match', '*')
    .send({ value: [1] })
    .expect(200);
  await request(app)
    .put(key)
    .set('if-none-match', '*')
    .send({ value: [2] })
    .expect(412);
  const got = await request(app).get(key).expect(200);
  expect(got.headers['etag']).toBe(put.headers['etag']);
  expect(got.body).toMatchObject({ key: 'a.b', value: [1], deleted: false });
  await request(app)
    .put(key)
    .set('if-match', '"999"')
    .send({ value: [2] })
    .expect(412);
  await request(app)
    .put(key)
    .set('if-match', String(got.headers['etag']))
    .send({ value: [2] })
    .expect(200);
  await request(app)
    .put(key)
    .set('if-match', 'nonsense')
    .send({ value: [2] })
    .expect(400);
  const earlier = await request(app).get(key).query({ revision: got.body.revision }).expect(200);
  expect(earlier.body.value).toEqual([1]);
  const history = await request(app).get(`${key}/history`).expect(200);
  expect(history.body.items.map(({ value }: { value: unknown }) => value)).toEqual([[1], [2]]);
  await request(app).put('/v1/state/http/z').send({ value: null }).expect(200);
  const page = await request(app).get('/v1/state/http').query({ limit: 1 }).expect(200);
  expect(page.body).toEqual({ items: ['a.b'], next: 'a.b' });
  const rest = await request(app).get('/v1/state/http').query({ cursor: page.body.next }).expect(200);
  expect(rest.body).toEqual({ items: ['z'], next: null });
  await request(app).delete(key).set('if-match', '"1"').expect(412);
  await request(app).delete(key).expect(200);
  await request(app).get(key).expect(404);
  const buckets = await request(app).get('/v1/state').expect(200);
  expect(buckets.body.items.map(({ bucket }: { bucket: string }) => bucket)).toContain('http');
  await request(app).delete('/v1/state/http').expect(200);
  await request(app).delete('/v1/state/http').expect(404);
  const elsewhere = await request(app).get('/v1/state').query({ namespace: 'other' }).expect(200);
  expect(elsewhere.body.items).toEqual([]);
});

test('a value that is too large, a key that is none, and a key too many are refused', async () => {
  const large = 'x'.repeat(256 * 1024);
  const refused = await request(app).put('/v1/state/http2/k').send({ value: large }).expect(413);
  expect(refused.body.code).toBe('body-too-large');
  await request(app).put('/v1/state/http2/a..b').send({ value: 1 }).expect(400);
});

test('changes are streamed over HTTP, and a reader that comes back goes on behind what it has seen', async () => {
  const first = await writer.sharedState.bucket('sse').put('k', 1);
  await writer.sharedState.bucket('sse').put('k', 2);
  const server = await listen(app, { host: '127.0.0.1', port: 0, logger });
  const read = async (headers: Record<string, string>, until: string): Promise<string> => {
    const leaving = new AbortController();
    const url = `${server.url}/v1/state/sse/%3E/watch`;
    const response = await fetch(url, { headers, signal: leaving.signal });
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes(until)) break;
    }
    leaving.abort();
    return text;
  };
  expect(await read({}, '"value":2')).not.toContain('"value":1');
  const again = await read({ 'last-event-id': String(first) }, '"value":2');
  expect(again).toContain(`id: ${first + 1}`);
  expect(again).toContain('event: put');
  await server.close(0);
});
