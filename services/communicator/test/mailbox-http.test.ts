import { createHttpApp } from '@multiswarm/service';
import { createLogger } from '@multiswarm/telemetry';
import { eventually } from '@multiswarm/testing';
import request from 'supertest';
import { World } from './world';

let world: World;
let app: ReturnType<typeof createHttpApp>;

beforeAll(async () => {
  world = await World.start();
  const { communicator, telemetry } = await world.replica({ rules: { limit: 4 } });
  await eventually(() => communicator.served.length === 16);
  const logger = createLogger({ service: 'communicator', level: 'silent' });
  app = createHttpApp({
    ...{ service: 'communicator', version: '1', title: 'Communicator', checks: {}, logger, telemetry },
    routes: communicator.routes,
  });
});

afterAll(() => world.stop());

interface Taken {
  messages: { seq: number; message: { data: unknown; attempt: number } }[];
  depth: number;
}

/** On a busy machine a lease may run out for a moment: 503 says to try again. */
async function post(path: string, body: object): Promise<Record<string, unknown>> {
  const answer = await eventually(async () => {
    const given = await request(app)
      .post(`/v1/mailboxes/inbox/${path}`)
      .send({ reader: 'r1', ...body });
    return given.status === 503 ? undefined : given;
  });
  expect([answer.status, answer.body]).toEqual([200, expect.anything()]);
  return answer.body as Record<string, unknown>;
}

async function pull(body: object = {}): Promise<Taken> {
  return (await post('pull', { waitMs: 5_000, ...body })) as unknown as Taken;
}

const send = (n: number): request.Test =>
  request(app)
    .post('/v1/messages')
    .send({ from: 'operator', to: 'inbox', kind: 'work', data: n, qos: 'at-least-once' });

test('a reader takes messages, acknowledges, gives back and refuses them; what is unknown is told', async () => {
  expect(await pull({ waitMs: 0 })).toMatchObject({ messages: [], depth: 0 });
  await send(1).expect(202);
  await send(2).expect(202);
  const [first] = (await pull()).messages;
  expect(first?.message).toMatchObject({ data: 1, attempt: 1 });
  expect(await post('release', { seqs: [first?.seq, 999] })).toEqual({ unknown: [999] });
  expect((await pull()).messages[0]?.message).toMatchObject({ data: 1, attempt: 1 });
  expect(await post('extend', { seqs: [first?.seq] })).toEqual({ unknown: [] });
  expect(await post('nak', { naks: [{ seq: first?.seq, delayMs: 0 }] })).toEqual({ unknown: [] });
  const [again] = (await pull()).messages;
  expect(again?.message).toMatchObject({ data: 1, attempt: 2 });
  expect(await post('ack', { seqs: [again?.seq] })).toEqual({ unknown: [] });
  expect(await post('ack', { seqs: [again?.seq] })).toEqual({ unknown: [again?.seq] });
  const [last] = (await pull()).messages;
  expect(last?.message).toMatchObject({ data: 2 });
  await post('ack', { seqs: [last?.seq] });
});

test('mailboxes tell what is in them, and a full one refuses with its depth', async () => {
  await pull({ waitMs: 0 });
  const refused = await eventually(async () => {
    const answer = await send(0);
    return answer.status === 429 && answer;
  });
  expect(refused.body).toMatchObject({
    ...{ code: 'mailbox-full', depth: 4, limit: 4 },
    detail: expect.stringMatching(/holds 4 of 4/) as string,
  });
  expect(refused.headers['retry-after']).toBe('2');
  const one = await request(app).get('/v1/mailboxes/inbox').expect(200);
  expect(one.body).toMatchObject({ mailbox: 'inbox', depth: 4, inHand: 0, limit: 4, breaker: 'closed' });
  const all = await request(app).get('/v1/mailboxes').expect(200);
  expect(all.body).toEqual({ mailboxes: [one.body] });
  await request(app).get('/v1/mailboxes/nobody').expect(404);
  const { messages } = await pull({ most: 10 });
  expect(await post('ack', { seqs: messages.map(({ seq }) => seq) })).toEqual({ unknown: [] });
  expect(messages).toHaveLength(4);
  const empty = await request(app).get('/v1/mailboxes/inbox').expect(200);
  expect(empty.body).toMatchObject({ depth: 0, inHand: 0 });
});

test('the statistics of each link are what a recount says', async () => {
  const reader = 'r2';
  const at = (path: string): string => `/v1/mailboxes/counted/${path}`;
  await request(app).post(at('pull')).send({ reader }).expect(200);
  for (const data of ['ack', 'poison', 'again', 'ack too'])
    await request(app)
      .post('/v1/messages')
      .send({
        from: 'a',
        to: 'counted',
        kind: 'work',
        data,
        qos: 'at-least-once',
        conversation: `for-${data[0]}`,
      })
      .expect(202);
  let bytes = 0;
  for (let left = 5; left > 0; left -= 1) {
    const taken = await request(app).post(at('pull')).send({ reader, waitMs: 5_000 }).expect(200);
    const [{ seq, message }] = (
      taken.body as { messages: [{ seq: number; message: { data: string; attempt: number } }] }
    ).messages;
    const refused = message.data === 'poison' || (message.data === 'again' && message.attempt === 1);
    if (!refused) bytes += JSON.stringify(message.data).length;
    if (refused)
      await request(app)
        .post(at('nak'))
        .send({ reader, naks: [{ seq, delayMs: 0, poison: message.data === 'poison' }] });
    else
      await request(app)
        .post(at('ack'))
        .send({ reader, seqs: [seq] });
  }
  const seen = await eventually(async () => {
    const { body } = await request(app).get('/v1/communication/metrics?to=counted').expect(200);
    const { links } = body as { links: { from: string; dead: number; delivered: number; bytes: number }[] };
    return links.some(({ from, dead }) => from === 'a' && dead === 1) && body;
  });
  const { links, ...all } = seen as { links: unknown[]; delivered: number };
  expect(links).toMatchObject([
    {
      ...{ from: 'a', delivered: 3, bytes, dead: 1, failedTries: 2, expired: 0, breaker: 'closed' },
      latencyMs: { p50: expect.any(Number) as number },
    },
  ]);
  expect(all).toMatchObject({ linkCount: 1, unanswered: [], other: { delivered: 0 } });
  expect(all.delivered).toBeGreaterThanOrEqual(3);
});
