import { storeMessage } from '@multiswarm/bus';
import { subjects } from '@multiswarm/contracts';
import { connect, createSwarm, PoisonMessage, type Client, type Swarm } from '@multiswarm/sdk';
import { createHttpApp } from '@multiswarm/service';
import { createLogger } from '@multiswarm/telemetry';
import { eventually } from '@multiswarm/testing';
import { MailSender, MailSites } from '@multiswarm/messaging';
import { systemClock } from '@multiswarm/core';
import request from 'supertest';
import { JetStreamDeadMailStore } from '../src/adapters/jetstream/dead-mail-store';
import { DeadMessages } from '../src/application/dead-messages';
import { World, type Replica } from './world';

let world: World;
let replica: Replica;
let client: Client;
const swarms: Swarm[] = [];
const logger = createLogger({ service: 'test', level: 'silent' });

beforeEach(async () => {
  world = await World.start();
  replica = await world.replica();
  client = await connect({ bus: await world.bus('client'), requestedBy: 'ops' });
});

afterEach(async () => {
  await client.close();
  await Promise.all(swarms.splice(0).map((swarm) => swarm.stop()));
  await world.stop();
});

async function join(id: string, prepare: (swarm: Swarm) => void = () => undefined): Promise<Swarm> {
  const swarm = createSwarm({
    ...{ id, region: 'local', slots: 1, servers: world.nats.url, handleSignals: false, logger },
  });
  swarm.handle('noop', () => null);
  prepare(swarm);
  swarms.push(swarm);
  await swarm.start();
  return swarm;
}

/** A recipient for whom everything is poison until it is healed, and so many messages that it has given up. */
async function poisoned(count: number): Promise<{ got: number[]; heal: () => void }> {
  const got: number[] = [];
  let isWell = false;
  await join('b', ({ messages }) =>
    messages.on('work', ({ data }) => {
      if (!isWell) throw new PoisonMessage('it cannot be read');
      got.push((data as { n: number }).n);
    }),
  );
  const a = await join('a');
  for (let n = 0; n < count; n += 1)
    await a.messages.send({
      ...{ to: 'b', kind: 'work', data: { n }, qos: 'at-least-once', priority: 'high', conversation: 'c' },
    });
  await eventually(async () => (await client.deadMessages.list()).counts?.total === count);
  return { got, heal: () => void (isWell = true) };
}

test('what was given up is listed page by page with counts, read, sent again in order, and gone then', async () => {
  const { got, heal } = await poisoned(5);
  const first = await client.deadMessages.list({ limit: 3, cause: 'poison' });
  expect(first.items.map(({ kind, to }) => `${kind} ${to}`)).toEqual(Array(3).fill('work b'));
  expect(first.counts).toMatchObject({ total: 5, byCause: [{ name: 'poison', count: 5 }] });
  const rest = await client.deadMessages.list({ limit: 3, cause: 'poison', cursor: Number(first.next) });
  expect([rest.items.length, rest.next]).toEqual([2, null]);
  expect((await client.deadMessages.list({ cause: 'expired' })).items).toEqual([]);
  expect((await client.deadMessages.list({ to: 'c' })).items).toEqual([]);

  const [one] = first.items;
  expect(await client.deadMessages.get(one?.seq ?? 0)).toMatchObject({
    ...{ cause: 'poison', message: 'it cannot be read', attempts: 1, data: { n: 0 }, redrives: 0 },
  });
  const some = await client.deadMessages.redrive({ filter: { to: 'b' }, limit: 4, dryRun: true });
  expect([some.done, some.dryRun, some.next]).toEqual([4, true, String(rest.items[1]?.seq)]);
  const foretold = await client.deadMessages.redrive({ all: true, dryRun: true });
  expect((await client.deadMessages.list()).counts?.total).toBe(5);

  heal();
  const sent = await client.deadMessages.redrive({ all: true, reason: 'mended' });
  expect([sent.done, sent.refused, sent.next]).toEqual([5, 0, null]);
  expect(sent.items.map(({ newId }) => newId)).toEqual(foretold.items.map(({ newId }) => newId));
  await eventually(() => got.length === 5);
  expect(got).toEqual([0, 1, 2, 3, 4]);
  expect((await client.deadMessages.redrive({ seqs: [one?.seq ?? 0] })).unchanged).toBe(1);
  expect((await client.deadMessages.list()).counts?.total).toBe(0);
});

test('one that is given up again says how often it was sent by hand, by whom and why', async () => {
  await poisoned(1);
  const [before] = (await client.deadMessages.list()).items;
  await client.deadMessages.redrive({ all: true, reason: 'try' });
  const after = await eventually(async () => (await client.deadMessages.list()).items[0]);
  expect(after).toMatchObject({
    ...{ redrives: 1, priority: 'high', conversation: 'c' },
    redriven: { times: 1, of: before?.id, by: 'ops', reason: 'try' },
  });
});

test('killed between sending again and taking away: nothing is lost, and the next one sends the same message', async () => {
  const { got, heal } = await poisoned(2);
  heal();
  const { bus } = replica;
  const store = new JetStreamDeadMailStore(bus, 'hub');
  const sender = new MailSender({ bus, sites: new MailSites(bus), clock: systemClock });
  const outbox = { store: (message: Parameters<MailSender['store']>[0]) => sender.store(message) };
  const killed = Object.assign(Object.create(store) as JetStreamDeadMailStore, {
    remove: () => Promise.reject(new Error('killed')),
  });
  const dying = new DeadMessages({ store: killed, outbox, clock: systemClock, logger });
  await dying.redrive({ all: true, dryRun: false, requestedBy: 'ops' });
  expect((await client.deadMessages.list()).counts?.total).toBe(2);
  expect((await client.deadMessages.redrive({ all: true })).done).toBe(2);
  await eventually(() => got.length === 2);
  expect(got).toEqual([0, 1]);
  expect((await client.deadMessages.list()).counts?.total).toBe(0);
});

test('a message that had its effect before it was given up has none when it is sent again', async () => {
  const b = await join('b', ({ messages }) =>
    messages.onExactlyOnce(
      'add',
      (): number => 0,
      (sum, { data }) => sum + Number(data),
    ),
  );
  const a = await join('a');
  const id = 'm-000000000001';
  const sent = { to: 'b', kind: 'add', qos: 'exactly-once', conversation: 'sum' } as const;
  await a.messages.send({ ...sent, data: 1, id });
  await eventually(async () => (await b.messages.state('sum')) === 1);
  // As its owner keeps it where whoever handled it has died each time, before he could say so.
  const dead = {
    ...{ 'ce-id': id, 'ce-type': 'multiswarm.message.add', 'ce-conversation': 'sum', 'ms-seq': '1' },
    ...{ 'ms-cause': 'recipient-lost', 'ms-attempts': '5', 'ms-died-at': new Date(0).toISOString() },
    ...{ 'ms-qos': 'exactly-once', 'ms-priority': 'normal', 'ms-from': 'a' },
  };
  const subject = subjects.deadMail('hub', 'default', 'b');
  await storeMessage(replica.bus.connection, subject, '1', { headers: dead });
  expect((await client.deadMessages.redrive({ all: true })).done).toBe(1);
  await a.messages.send({ ...sent, data: 10 });
  await eventually(async () => Number(await b.messages.state('sum')) >= 11);
  expect(await b.messages.state('sum')).toBe(11);
});

test('over HTTP it is the same, and a number that is none is told', async () => {
  await poisoned(1);
  const app = createHttpApp({
    ...{ service: 'communicator', version: '1', title: 'Communicator', checks: {}, logger },
    ...{ routes: replica.communicator.routes, telemetry: replica.telemetry },
  });
  const { body: page } = await request(app).get('/v1/dead-messages?to=b').expect(200);
  const [item] = page.items as { seq: number }[];
  expect(page.counts).toMatchObject({ total: 1, byRecipient: [{ name: 'b', count: 1 }] });
  await request(app).get(`/v1/dead-messages/${item?.seq}`).expect(200);
  const missing = await request(app).get('/v1/dead-messages/999').expect(404);
  expect(missing.body).toMatchObject({ code: 'message-not-found' });
  await request(app).post('/v1/dead-messages/redrive').send({}).expect(400);
  const dry = await request(app)
    .post('/v1/dead-messages/purge')
    .send({ all: true, dryRun: true })
    .expect(200);
  expect(dry.body).toMatchObject({ dryRun: true, done: 1 });
  await request(app).post('/v1/dead-messages/redrive').send({ all: true }).expect(200);
});
