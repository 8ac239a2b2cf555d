import { LIMITS } from '@multiswarm/contracts';
import { createHttpApp } from '@multiswarm/service';
import { createLogger } from '@multiswarm/telemetry';
import { eventually } from '@multiswarm/testing';
import request from 'supertest';
import { FakeSwarm } from './fake-swarm';
import { World } from './world';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

let world: World;
let app: ReturnType<typeof createHttpApp>;
let b: FakeSwarm;

beforeAll(async () => {
  world = await World.start();
  const bus = await world.bus('swarms');
  b = new FakeSwarm(bus, 'b');
  b.beat();
  await bus.rttMs();
  const { communicator, telemetry } = await world.replica();
  const logger = createLogger({ service: 'communicator', level: 'silent' });
  const { routes } = communicator;
  app = createHttpApp({
    service: 'communicator',
    version: '1',
    title: 'Communicator',
    routes,
    checks: {},
    telemetry,
    logger,
  });
});

afterAll(async () => {
  b.stop();
  await world.stop();
});

test('a message over HTTP is accepted, delivered, and found at its location', async () => {
  const sent = await request(app)
    .post('/v1/messages')
    .set('traceparent', TRACE)
    .send({ from: 'operator', to: 'b', kind: 'note', data: ['hello'] })
    .expect(202);
  expect(sent.body).toMatchObject({ from: 'operator', to: 'b', status: 'published', recipients: ['b'] });
  expect(sent.headers['location']).toBe(`/v1/messages/${sent.body.id}`);
  const found = await request(app).get(String(sent.headers['location'])).expect(200);
  expect(found.body).toEqual(sent.body);
  const mail = await eventually(() => b.mail.find(({ message }) => message.id === sent.body.id));
  expect(mail.message.data).toEqual(['hello']);
  expect(mail.headers['traceparent']).toContain('0af7651916cd43dd8448eb211c80319c');
});

test.each([
  ['an unknown recipient', { from: 'a', to: 'bb', kind: 'note' }, 404, 'recipient-unknown'],
  [
    'a mailbox that nobody has',
    { from: 'a', to: 'bb', kind: 'note', qos: 'exactly-once' },
    404,
    'recipient-unknown',
  ],
  [
    'data that needs a store of payloads, where there is none',
    { from: 'a', to: 'b', kind: 'note', data: 'x'.repeat(LIMITS.MESSAGE_BYTES) },
    503,
    'payload-store-unavailable',
  ],
  ['the name of a swarm that is connected', { from: 'b', to: 'b', kind: 'note' }, 403, 'forged-sender'],
  ['an unknown field', { from: 'a', to: 'b', kind: 'note', subject: 's' }, 400, 'invalid-request'],
  ['data that is none of its kind', { from: 'a', to: 'b', kind: 'task-request' }, 400, 'invalid-request'],
  ['no body at all', undefined, 400, 'invalid-request'],
])('%s is answered with problem details', async (_name, body, status, code) => {
  const sending = request(app).post('/v1/messages');
  const answer = await (body === undefined ? sending : sending.send(body)).expect(status);
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.body).toMatchObject({ status, code, type: `urn:multiswarm:error:${code}` });
});

test('broken JSON is answered with the place of the fault', async () => {
  const answer = await request(app)
    .post('/v1/messages')
    .set('content-type', 'application/json')
    .send('{ "from": "a", }')
    .expect(400);
  expect(answer.body).toMatchObject({ code: 'invalid-json', detail: expect.stringContaining('line 1') });
});

test('the status of a message that does not exist is 404, and something that is no id is 400', async () => {
  const missing = await request(app).get('/v1/messages/m-00000000deadbeef').expect(404);
  expect(missing.body).toMatchObject({ code: 'message-not-found' });
  await request(app).get('/v1/messages/nonsense').expect(400);
});
