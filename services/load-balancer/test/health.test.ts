import {
  EndpointHealth,
  HealthEvent,
  HealthPage,
  PlaceReply,
  subjects,
  UnwellSwarms,
  type ForceRequest,
  type LbReport,
  type Placement,
} from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import request from 'supertest';
import { z } from 'zod';
import { heartbeat, item } from './support/builders';
import { World, type Replica } from './support/world';

let world: World;
let one: Replica;
let events: HealthEvent[];
let stopListening: (() => void)[];

beforeEach(async () => {
  world = await World.start();
  events = [];
  const heard = world.bus.subscribe(
    subjects.lbHealthEvent(),
    { schema: HealthEvent },
    (event) => void events.push(event),
  );
  // What every swarm does: it heartbeats when somebody asks who is there.
  const asked = world.bus.subscribe(subjects.census(), { schema: z.unknown() }, () => {
    for (const swarmId of ['a', 'b', 'c'])
      world.bus.publish(subjects.swarmHeartbeat(swarmId), heartbeat({ swarmId, intervalMs: 60_000 }));
  });
  stopListening = [heard, asked].map((each) => () => each.stop());
  one = await world.replica();
});

afterEach(async () => {
  stopListening.forEach((stop) => stop());
  await world.stop();
});

async function health(replica: Replica, swarmId: string): Promise<EndpointHealth> {
  const { body } = await request(replica.app).get(`/v1/endpoints/${swarmId}/health`).expect(200);
  return EndpointHealth.parse(body);
}

const force = (swarmId: string, body: ForceRequest) =>
  request(one.app).post(`/v1/endpoints/${swarmId}/force`).send(body).expect(200);

async function place(count: number): Promise<Placement[]> {
  const items = Array.from({ length: count }, (_, index) => item(`t${index}`));
  const { results } = await world.bus.request(
    subjects.lbPlace(),
    { v: 1, epoch: 1, items },
    { reply: PlaceReply },
  );
  return results.flatMap(({ placement }) => placement ?? []);
}

function fail(swarmId: string, times: number): void {
  const end = {
    reservationId: '',
    swarmId,
    attempt: 1,
    outcome: 'failed',
    type: 'build',
    fault: 'swarm',
  } as const;
  const outcomes: LbReport['outcomes'] = Array.from({ length: times }, (_, index) => ({
    ...end,
    taskId: `failed-${swarmId}-${index}`,
  }));
  world.bus.publish(subjects.lbReport(), { v: 1, outcomes });
}

const soon = (ms: number): string => new Date(Date.now() + ms).toISOString();
const told = (type: string) => events.filter((event) => event.type === type);

test('a swarm that fails gets nothing more; why is told in its health, in an event, in the log and in the metrics', async () => {
  fail('a', 5);
  await eventually(async () => (await health(one, 'a')).state === 'open');
  expect(await health(one, 'a')).toMatchObject({
    ...{ reason: '5 failures in a row', allowance: 0, slots: 4, until: expect.any(String) },
    window: { attempts: 5, failures: 5, success: 0 },
  });
  expect(new Set((await place(8)).map(({ swarmId }) => swarmId))).toEqual(new Set(['b', 'c']));
  await eventually(() => told('health.changed').length === 1);
  expect(told('health.changed')[0]).toMatchObject({
    swarmId: 'a',
    from: 'ready',
    to: 'open',
    reason: '5 failures in a row',
  });
  const { body } = await request(one.app).get('/v1/health').expect(200);
  expect(HealthPage.parse(body)).toMatchObject({
    items: [{ swarmId: 'a' }],
    counts: { open: 1, ready: 2 },
    isPanic: false,
  });
  expect(one.logs().find(({ message }) => message === 'health of a swarm is open')).toMatchObject({
    swarmId: 'a',
  });
  const { text } = await request(one.app).get('/metrics').expect(200);
  expect(text).toMatch(/^multiswarm_health_swarms\{[^}]*state="open"[^}]*\} 1$/m);
  expect(text).toMatch(/^multiswarm_health_changes_total\{[^}]*to="open"[^}]*\} 1$/m);
});

test('what is forced holds on every replica, also on one that starts later, and is written down', async () => {
  const two = await world.replica();
  const { body } = await force('a', { to: 'open', why: 'its disk is slow', requestedBy: 'ann' });
  expect(body).toMatchObject({ swarmId: 'a', to: 'open', requestedBy: 'ann' });
  const seen = { state: 'open', allowance: 0, reason: 'forced open by ann: its disk is slow' };
  expect(await health(one, 'a')).toMatchObject(seen);
  await eventually(async () => (await health(two, 'a')).state === 'open');
  const three = await world.replica();
  expect(await health(three, 'a')).toMatchObject({ ...seen, forced: { why: 'its disk is slow' } });

  await request(two.app).post('/v1/endpoints/a/reset').send({ why: 'new disk' }).expect(200);
  await eventually(async () => (await health(one, 'a')).forced === undefined);
  await eventually(async () => (await health(three, 'a')).allowance === 4);
  const audit = await request(one.app).get('/v1/health/audit').query({ swarm: 'a' }).expect(200);
  expect(audit.body.items).toMatchObject([
    { type: 'health.reset', reason: 'new disk', requestedBy: 'somebody' },
    { type: 'health.forced', to: 'open', reason: 'its disk is slow', requestedBy: 'ann' },
  ]);
});

test('a reset makes every replica forget what it has learned', async () => {
  const two = await world.replica();
  fail('a', 5);
  await eventually(async () => (await health(two, 'a')).state === 'open');
  const asked = { id: 'a', why: 'mended', requestedBy: 'bob' };
  await world.bus.request(subjects.lbHealth('reset'), asked, { reply: z.unknown() });
  for (const replica of [one, two])
    await eventually(async () => (await health(replica, 'a')).state === 'ready');
  expect((await health(two, 'a')).window.attempts).toBe(0);
});

test('orchestrators are told who gets nothing, and when nobody does so any more', async () => {
  const unwell: UnwellSwarms[] = [];
  const heard = world.bus.subscribe(
    subjects.lbUnwell(),
    { schema: UnwellSwarms },
    (news) => void unwell.push(news),
  );
  stopListening.push(() => heard.stop());
  fail('a', 5);
  await eventually(() => unwell.at(-1)?.swarmIds.join() === 'a');
  await request(one.app).post('/v1/endpoints/a/reset').send({}).expect(200);
  await eventually(() => unwell.at(-1)?.swarmIds.length === 0);
});

test('a force ends by itself at its time', async () => {
  await force('a', { to: 'ejected', why: 'a look', until: soon(600) });
  expect(await health(one, 'a')).toMatchObject({ state: 'ejected' });
  await eventually(async () => (await health(one, 'a')).state !== 'ejected');
  await eventually(() => told('health.reset').length === 1);
  expect((await health(one, 'a')).forced).toBeUndefined();
});

test('in a window of maintenance swarms get nothing new, and it is told when it begins and ends', async () => {
  const two = await world.replica();
  const planned = { for: { swarms: ['a', 'b'] }, from: soon(-1_000), until: soon(60_000), why: 'disks' };
  const { body } = await request(one.app).post('/v1/maintenance').send(planned).expect(201);
  const { id } = z.object({ id: z.string() }).parse(body);
  for (const replica of [one, two])
    await eventually(async () => (await health(replica, 'a')).state === 'maintenance');
  expect((await health(one, 'a')).maintenance).toMatchObject({ id, why: 'disks' });
  expect(new Set((await place(4)).map(({ swarmId }) => swarmId))).toEqual(new Set(['c']));
  const listed = await request(two.app).get('/v1/maintenance').expect(200);
  expect(listed.body.items).toMatchObject([{ id, isActive: true }]);
  await eventually(() => told('maintenance.began').length >= 1);

  const gone = await request(two.app).delete(`/v1/maintenance/${id}`).expect(200);
  expect(gone.body).toEqual({ id, wasPlanned: true });
  await eventually(async () => (await health(one, 'a')).state === 'ready');
  const again = await request(two.app).delete(`/v1/maintenance/${id}`).expect(200);
  expect(again.body).toEqual({ id, wasPlanned: false });
});

test.each([
  ['/v1/endpoints/a/force', { to: 'broken', why: 'x' }, '/to'],
  ['/v1/endpoints/a/force', { to: 'open' }, '/why'],
  ['/v1/endpoints/a/force', { to: 'open', why: 'x', until: '2001-01-01T00:00:00Z' }, '/until'],
  [
    '/v1/maintenance',
    { for: {}, from: '2090-01-01T00:00:00Z', until: '2090-01-02T00:00:00Z', why: 'x' },
    '/for',
  ],
  [
    '/v1/maintenance',
    { for: { swarms: ['a'] }, from: '2090-01-02T00:00:00Z', until: '2090-01-01T00:00:00Z', why: 'x' },
    '/until',
  ],
  [
    '/v1/maintenance',
    { for: { swarms: ['a'] }, from: '2001-01-01T00:00:00Z', until: '2001-01-02T00:00:00Z', why: 'x' },
    '/until',
  ],
  [
    '/v1/maintenance',
    {
      for: { swarms: ['a'] },
      from: '2090-01-01T00:00:00Z',
      until: '2090-01-02T00:00:00Z',
      everyMs: 3_600_000,
      why: 'x',
    },
    '/everyMs',
  ],
])('%s refuses %j and points at the fault', async (path, sent, pointer) => {
  const { body } = await request(one.app).post(path).send(sent).expect(400);
  expect(body.errors).toContainEqual(expect.objectContaining({ pointer }));
});

test('of a swarm that nobody knows there is no health to tell', async () => {
  const { body } = await request(one.app).get('/v1/endpoints/nobody/health').expect(404);
  expect(body.code).toBe('swarm-not-found');
});
