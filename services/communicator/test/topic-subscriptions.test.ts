import { createHttpApp } from '@multiswarm/service';
import { RetryLater, type EventOf, type Swarm } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';
import { eventually } from '@multiswarm/testing';
import request from 'supertest';
import { z } from 'zod';
import { World, type Replica } from './world';

const logger = createLogger({ service: 'communicator', level: 'silent' });
const LIMIT = 40;

type Api = ReturnType<typeof createHttpApp>;

let world: World;
let app: Api;
let shop: Swarm;
let clerk: Swarm;

beforeAll(async () => {
  world = await World.start();
  app = apiOf(await world.replica({ rules: { limit: LIMIT } }));
  [shop, clerk] = [await world.swarm('shop'), await world.swarm('clerk')];
});

afterAll(() => world.stop());

function apiOf({ communicator, telemetry }: Replica): Api {
  return createHttpApp({
    ...{ service: 'communicator', version: '1', title: 'C', checks: {}, telemetry, logger },
    routes: communicator.routes,
  });
}

async function subscribe(mailbox: string, pattern: string, more: object = {}): Promise<{ id: string }> {
  const asked = { pattern, mailbox, ...more };
  return (await request(app).post('/v1/topic-subscriptions').send(asked).expect(201)).body as { id: string };
}

async function publish(topic: string, count: number, first = 0): Promise<void> {
  for (let data = first; data < first + count; data += 1) await shop.topics.publish(topic, data);
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** Takes all that is in a mailbox, and acknowledges it, until so many have come; what its topic events carry. */
async function drain(mailbox: string, count: number): Promise<unknown[]> {
  const got: unknown[] = [];
  const post = async (verb: string, body: object): Promise<Record<string, unknown>> => {
    const url = `/v1/mailboxes/${mailbox}/${verb}`;
    return (
      await request(app)
        .post(url)
        .send({ reader: 'r1', ...body })
        .expect(200)
    ).body as Record<string, unknown>;
  };
  await eventually(
    async () => {
      const taken = await post('pull', { most: 20, waitMs: 500 });
      const messages = taken['messages'] as { seq: number; message: { data: { data: unknown } } }[];
      got.push(...messages.map(({ message }) => message.data.data));
      if (messages.length > 0) await post('ack', { seqs: messages.map(({ seq }) => seq) });
      return got.length >= count;
    },
    { timeoutMs: 15_000 },
  );
  return got;
}

test('a mailbox that nobody has read gets each event once, and none from before or after', async () => {
  await publish('mail.a', 1, -1);
  const first = await subscribe('archive', 'mail.>');
  expect(await subscribe('archive', 'mail.>')).toMatchObject({ id: first.id });
  const second = await subscribe('archive', 'mail.*');
  await publish('mail.a', 3);
  expect(await drain('archive', 3)).toEqual([0, 1, 2]);
  const list = await request(app).get('/v1/topic-subscriptions').expect(200);
  expect(list.body.items).toMatchObject(
    [first, second].sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ id }) => ({ id, mailbox: 'archive' })),
  );
  for (const { id } of [first, second])
    await request(app).delete(`/v1/topic-subscriptions/${id}`).expect(200);
  await request(app).delete(`/v1/topic-subscriptions/${first.id}`).expect(404);
  await publish('mail.a', 1, 3);
  await subscribe('archive', 'mail.last');
  await publish('mail.last', 1, 4);
  expect(await drain('archive', 1)).toEqual([4]);
});

test('a subscription may begin earlier: all comes in order and once, also while more is published', async () => {
  await publish('late.a', 150);
  const half = new Date(Date.now() + 1).toISOString();
  await eventually(() => new Date().toISOString() > half);
  const more = publish('late.b', 100, 150);
  await subscribe('by-seq', 'late.*', { from: 1 });
  await subscribe('by-time', 'late.>', { from: half });
  expect(await drain('by-seq', 250)).toEqual(range(250));
  await more;
  expect(await drain('by-time', 100)).toEqual(range(250).slice(150));
});

test('what a full mailbox cannot take waits, holds up nobody, and comes when there is room', async () => {
  await subscribe('slow', 'full.>');
  await subscribe('quick', 'full.>');
  await publish('full.a', LIMIT + 30);
  expect(await drain('quick', LIMIT + 30)).toEqual(range(LIMIT + 30));
  const { items } = (await request(app).get('/v1/topic-subscriptions').expect(200)).body as {
    items: { mailbox: string; behind: boolean }[];
  };
  expect(items.find(({ mailbox }) => mailbox === 'slow')).toMatchObject({ behind: true });
  await publish('full.a', 10, LIMIT + 30);
  expect(await drain('slow', LIMIT + 40)).toEqual(range(LIMIT + 40));
});

test('each of many gets every event, one of a group gets it, and what a handler throws is tried again', async () => {
  const seen: Record<string, EventOf<{ n: number }>[]> = { shop: [], clerk: [], first: [], second: [] };
  const schema = z.object({ n: z.number() });
  const into = (name: string) => (event: EventOf<{ n: number }>) => void seen[name]?.push(event);
  await shop.messages.subscribe('job.*', { mode: 'each', schema }, into('shop'));
  let isFirst = true;
  const own = await clerk.topics.subscribe('job.>', { mode: 'each', schema }, (event) => {
    if (isFirst) {
      isFirst = false;
      throw new RetryLater(10);
    }
    into('clerk')(event);
  });
  const group = { mode: 'group', group: 'workers', schema } as const;
  await shop.topics.subscribe('job.>', group, into('first'));
  const second = await clerk.topics.subscribe('job.>', group, into('second'));
  for (const n of range(20)) await (n % 2 === 0 ? shop : clerk).topics.publish('job.a', { n });
  const numbers = (name: string, from?: string): number[] =>
    (seen[name] ?? []).filter((event) => from === undefined || event.from === from).map(({ data }) => data.n);
  await eventually(() => numbers('shop').length === 20 && numbers('clerk').length === 20);
  await eventually(() => numbers('first').length + numbers('second').length === 20);
  expect([...numbers('first'), ...numbers('second')].sort((a, b) => a - b)).toEqual(range(20));
  for (const name of ['shop', 'clerk'])
    for (const from of ['shop', 'clerk'])
      expect(numbers(name, from)).toEqual(numbers(name, from).sort((a, b) => a - b));
  expect(seen['shop']?.[0]).toMatchObject({ topic: 'job.a', namespace: 'default', qos: 'at-least-once' });
  // Whoever has left the group leaves its events to the others.
  second.stop();
  await own.unsubscribe();
  for (const n of range(5)) await shop.messages.publish('job.a', { n: 20 + n });
  await eventually(() => numbers('first').length + numbers('second').length === 25);
  await eventually(() => numbers('shop').length === 25);
  expect(numbers('clerk')).toHaveLength(20);
});

test('what cannot be subscribed to is refused, and says why', async () => {
  const bad = { pattern: 'orders..new', mailbox: 'archive' };
  const refused = await request(app).post('/v1/topic-subscriptions').send(bad).expect(400);
  expect(refused.body).toMatchObject({
    code: 'invalid-request',
    detail: expect.stringMatching(/pattern: .*orders\.\*\.created/) as string,
  });
  const nothing = (): void => undefined;
  const invalid = { code: 'invalid-request' };
  await expect(shop.topics.subscribe('a.>.b', { mode: 'each' }, nothing)).rejects.toMatchObject(invalid);
  await expect(shop.topics.subscribe('a', { mode: 'group' }, nothing)).rejects.toMatchObject(invalid);
  await expect(shop.topics.subscribe('a', { mode: 'group', group: 'shop' }, nothing)).rejects.toMatchObject(
    invalid,
  );
});

test('where the one that copies dies, the next one goes on: nothing is lost, and the order stays', async () => {
  const own = await World.start();
  try {
    const first = await own.replica();
    const [from, to] = [await own.swarm('from'), await own.swarm('to')];
    const got: unknown[] = [];
    await to.topics.subscribe('>', { mode: 'each' }, ({ data }) => void got.push(data));
    for (const data of range(20)) await from.topics.publish('n', data);
    await eventually(() => got.length > 5, { timeoutMs: 10_000 });
    first.communicator.drop();
    await own.replica();
    for (const data of range(10)) await from.topics.publish('n', 20 + data);
    await eventually(() => new Set(got).size === 30, { timeoutMs: 15_000 });
    // The owner of the mailbox has died as well: what it had not heard was handled may come again.
    expect([...new Set(got)]).toEqual(range(30));
  } finally {
    await own.stop();
  }
});
