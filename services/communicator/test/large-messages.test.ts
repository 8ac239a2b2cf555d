import { ensureStream, PayloadBucket, type Bus } from '@multiswarm/bus';
import { DeadMessagePage, LIMITS, streams, subjects } from '@multiswarm/contracts';
import { systemClock, systemIds } from '@multiswarm/core';
import { PoisonMessage, type Swarm } from '@multiswarm/sdk';
import { createHttpApp } from '@multiswarm/service';
import { createLogger } from '@multiswarm/telemetry';
import { eventually } from '@multiswarm/testing';
import request from 'supertest';
import { World } from './world';

const LARGE = 'x'.repeat(LIMITS.MESSAGE_BYTES * 2);
let world: World;
let bus: Bus;
let app: ReturnType<typeof createHttpApp>;
let writer: Swarm;
const got: unknown[] = [];

beforeAll(async () => {
  world = await World.start();
  bus = await world.bus('test');
  await ensureStream(bus.connection, {
    ...{ name: streams.payloads, replicas: 1, refusesWhenFull: true, isStore: true },
    subjects: [subjects.allPayloadParts(), subjects.allPayloadDescriptions()],
    ...{ maxAgeMs: 0, maxBytes: 64 * 1024 * 1024, dedupWindowMs: 1_000 },
  });
  const { communicator, telemetry } = await world.replica();
  await eventually(() => communicator.served.length === 16);
  const logger = createLogger({ service: 'communicator', level: 'silent' });
  app = createHttpApp({
    ...{ service: 'communicator', version: '1', title: 'Communicator', checks: {}, logger, telemetry },
    routes: communicator.routes,
  });
  writer = await world.swarm('writer');
  await world.swarm('reader', ({ messages }) => {
    messages.on('doc', ({ data }) => {
      got.push(data);
      return { size: typeof data === 'string' ? data.length : 0, copy: data };
    });
    messages.on('poison', () => {
      throw new PoisonMessage('never');
    });
  });
});

afterAll(() => world.stop());

/** Payloads that are kept for messages: the last words of their subjects. */
const notes = async (): Promise<string[]> => {
  const asked = JSON.stringify({ subjects_filter: subjects.allMailPayloads('hub') });
  const info = await bus.connection.request(`$JS.API.STREAM.INFO.${streams.mailPayloads}`, asked);
  const { state } = info.json<{ state: { subjects?: Record<string, number> } }>();
  return Object.keys(state.subjects ?? {}).map((subject) => subject.split('.').at(-1) ?? '');
};

test('large data reaches handlers whole, at each promise, and so do large answers; nothing is kept after that', async () => {
  await writer.messages.send({ to: 'reader', kind: 'doc', data: `stored ${LARGE}`, qos: 'at-least-once' });
  await writer.messages.send({ to: 'reader', kind: 'doc', data: `carried ${LARGE}` });
  await writer.messages.broadcast({ kind: 'doc', data: `to all ${LARGE}`, qos: 'at-least-once' });
  await eventually(() => got.length === 3);
  expect(new Set(got)).toEqual(new Set([`stored ${LARGE}`, `carried ${LARGE}`, `to all ${LARGE}`]));
  const answer = await writer.messages.request({
    to: 'reader',
    kind: 'doc',
    data: LARGE,
    qos: 'at-least-once',
  });
  expect(answer).toEqual({ size: LARGE.length, copy: LARGE });
  await eventually(async () => (await notes()).length === 0);
});

test('what is sent behind large data, without waiting for it, comes behind it', async () => {
  got.length = 0;
  const send = (data: string): Promise<unknown> =>
    writer.messages.send({ to: 'reader', kind: 'doc', data, qos: 'at-least-once' });
  await Promise.all([send('1'), send(`2 ${LARGE}`), send('3'), send(`4 ${LARGE}`), send('5')]);
  await eventually(() => got.length === 5);
  expect(got.map((text) => String(text).slice(0, 1))).toEqual(['1', '2', '3', '4', '5']);
});

test('over HTTP large data is stored too, and who pulls is told where it is', async () => {
  const pull = { reader: 'r', waitMs: 5_000 };
  await request(app).post('/v1/mailboxes/puller/pull').send({ reader: 'r' }).expect(200);
  const submission = { from: 'operator', to: 'puller', kind: 'note', qos: 'at-least-once' };
  await request(app)
    .post('/v1/messages')
    .send({ ...submission, data: LARGE })
    .expect(202);
  const { body } = await request(app).post('/v1/mailboxes/puller/pull').send(pull).expect(200);
  const [{ seq, message }] = (
    body as { messages: [{ seq: number; message: { dataRef: { id: string; bytes: number } } }] }
  ).messages;
  const store = new PayloadBucket(bus.connection, systemClock, systemIds);
  expect((await store.fetch(message.dataRef)).toString()).toBe(JSON.stringify(LARGE));
  expect((await request(app).get(`/v1/payloads/${message.dataRef.id}`).expect(200)).body).toBe(LARGE);
  const unknown = await request(app).get(`/v1/payloads/default.${'0'.repeat(64)}`);
  expect(unknown.body).toMatchObject({ status: 404, code: 'payload-not-found' });
  expect(await notes()).toHaveLength(1);
  await request(app)
    .post('/v1/mailboxes/puller/ack')
    .send({ reader: 'r', seqs: [seq] })
    .expect(200);
  await eventually(async () => (await notes()).length === 0);
  const nowhere = { id: `default.${'0'.repeat(64)}`, bytes: 300_000 };
  const missing = await request(app)
    .post('/v1/messages')
    .send({ ...submission, dataRef: nowhere });
  expect(missing.body).toMatchObject({ status: 404, code: 'payload-not-found' });
  const foreign = {
    ...submission,
    dataRef: { ...message.dataRef, id: message.dataRef.id.replace('default', 'other') },
  };
  expect((await request(app).post('/v1/messages').send(foreign)).body).toMatchObject({
    code: 'invalid-request',
  });
});

test('a dead message keeps its payload, takes it along when it is sent again, and lets it go when it is purged', async () => {
  const { id } = await writer.messages.send({
    to: 'reader',
    kind: 'poison',
    data: LARGE,
    qos: 'at-least-once',
  });
  const dead = (): Promise<{ seq: number; id: string; dataRef?: { bytes: number } }[]> =>
    request(app)
      .get('/v1/dead-messages')
      .then(({ body }) => (body as { items: [] }).items);
  const [first] = await eventually(async () => {
    const items = await dead();
    return items.length === 1 && items;
  });
  expect(first).toMatchObject({ id, dataRef: { bytes: LARGE.length + 2 } });
  expect(await notes()).toEqual([id]);
  await request(app).post('/v1/dead-messages/redrive').send({ all: true }).expect(200);
  const [again] = await eventually(async () => {
    const items = await dead();
    return items.length === 1 && items[0]?.id !== id && items;
  });
  await eventually(async () => (await notes()).join() === again?.id);
  await request(app).post('/v1/dead-messages/purge').send({ all: true }).expect(200);
  expect(await notes()).toEqual([]);
});

test('the same data, under the same id, for two recipients is kept until both have it', async () => {
  const same = { from: 'operator', id: 'm-00000001', kind: 'note', qos: 'at-least-once', data: LARGE };
  const pull = { reader: 'r', waitMs: 5_000 };
  for (const name of ['p', 'q']) {
    await request(app).post(`/v1/mailboxes/${name}/pull`).send({ reader: 'r' }).expect(200);
    await request(app)
      .post('/v1/messages')
      .send({ ...same, to: name })
      .expect(202);
  }
  for (const [name, left] of [
    ['p', 1],
    ['q', 0],
  ] as const) {
    const { body } = await request(app).post(`/v1/mailboxes/${name}/pull`).send(pull).expect(200);
    const { messages } = body as { messages: { seq: number; message: { to: string } }[] };
    expect(messages).toMatchObject([{ message: { to: name, id: same.id } }]);
    const seqs = messages.map(({ seq }) => seq);
    await request(app).post(`/v1/mailboxes/${name}/ack`).send({ reader: 'r', seqs }).expect(200);
    await eventually(async () => (await notes()).length === left);
  }
});

test('what comes again keeps its data while it waits or is dead, and not once it was handled', async () => {
  const again = async (message: { kind: string; id: string; to?: string }, times: number): Promise<void> => {
    for (let n = 0; n < times; n += 1)
      await (message.to === undefined
        ? writer.messages.broadcast({ ...message, data: LARGE, qos: 'at-least-once' })
        : writer.messages.send({ ...message, to: message.to, data: LARGE, qos: 'at-least-once' }));
  };
  got.length = 0;
  for (const to of ['reader', undefined]) {
    const doc = { kind: 'doc', id: to === undefined ? 'm-00000011' : 'm-00000012', ...(to ? { to } : {}) };
    const handled = got.length + 1;
    await again(doc, 1);
    await eventually(() => got.length === handled);
    await eventually(async () => (await notes()).length === 0);
    await again(doc, 2);
    await eventually(async () => (await notes()).length === 0);
  }
  const dead = { kind: 'poison', id: 'm-00000013', to: 'reader' };
  await again(dead, 1);
  await eventually(
    async () =>
      (await bus.request(subjects.deadMessage('list'), {}, { reply: DeadMessagePage })).items.length === 1,
  );
  const waits = { kind: 'doc', id: 'm-00000014', to: 'puller' };
  await again(waits, 1);
  await again(dead, 2);
  await again(waits, 2);
  await again({ kind: 'doc', id: 'm-00000012', to: 'reader' }, 1);
  await eventually(async () => (await notes()).length === 2);
  expect((await notes()).sort()).toEqual([dead.id, waits.id]);
  expect(got).toHaveLength(2);
});

test('what is larger than a payload may be is refused before anything is sent', async () => {
  const data = 'x'.repeat(LIMITS.PAYLOAD_BYTES);
  await expect(
    writer.messages.send({ to: 'reader', kind: 'doc', data, qos: 'at-least-once' }),
  ).rejects.toMatchObject({
    code: 'payload-too-large',
  });
});
