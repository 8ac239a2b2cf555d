import {
  Endpoint,
  EndpointPage,
  keys,
  PlaceReply,
  RouteReply,
  subjects,
  type PolicyTable,
} from '@multiswarm/contracts';
import { Store } from '@multiswarm/store';
import { eventually } from '@multiswarm/testing';
import request from 'supertest';
import { heartbeat, item } from './support/builders';
import { World, type Replica } from './support/world';

let world: World;
let one: Replica;

beforeEach(async () => {
  world = await World.start();
  one = await world.replica();
});
afterEach(() => world.stop());

const gpu = { swarmId: 'gpu_swarm', address: 'gpu.endpoint', region: 'us-east', weight: 2, costPerHour: 5 };

function register(body: object, replica = one): request.Test {
  return request(replica.app).post('/v1/endpoints').send(body);
}

async function seen(replica: Replica, id: string): Promise<Endpoint | undefined> {
  const { status, body } = await request(replica.app).get(`/v1/endpoints/${id}`);
  return status === 200 ? Endpoint.parse(body) : undefined;
}

test('registering is idempotent, replacing gives a new revision, and If-Match guards both', async () => {
  const created = await register(gpu).expect(201);
  expect(created.headers).toMatchObject({ etag: '"1"', location: '/v1/endpoints/gpu_swarm' });
  expect(created.body).toMatchObject({
    ...gpu,
    kind: 'external',
    slots: 100,
    freeSlots: 100,
    state: 'ready',
    revision: 1,
  });
  expect((await register(gpu).expect(200)).headers['etag']).toBe('"1"');
  expect((await register({ ...gpu, slots: 3 }).expect(200)).body).toMatchObject({ slots: 3, revision: 2 });
  await register(gpu).set('if-match', '"1"').expect(412);
  await register(gpu).set('if-none-match', '*').expect(412);
  await register(gpu).set('if-match', '"2"').expect(200);
  await request(one.app).delete('/v1/endpoints/gpu_swarm').set('if-match', '"1"').expect(412);
  await request(one.app).delete('/v1/endpoints/gpu_swarm').expect(200);
  const gone = await request(one.app).get('/v1/endpoints/gpu_swarm').expect(404);
  expect(gone.body.code).toBe('endpoint-not-found');
  await request(one.app).delete('/v1/endpoints/gpu_swarm').expect(404);
});

test.each([
  ['a negative price', { ...gpu, costPerHour: -1 }, '/costPerHour'],
  ['no slots', { ...gpu, slots: 0 }, '/slots'],
  ['NaN, which JSON writes as null', { ...gpu, weight: Number.NaN }, '/weight'],
  ['no address', { ...gpu, address: '' }, '/address'],
  ['a misspelt field', { ...gpu, cost: 1 }, '/cost'],
])('%s is refused with its place', async (_what, body, pointer) => {
  const refused = await register(body).expect(400);
  expect(refused.body).toMatchObject({ code: 'invalid-request', errors: [{ pointer }] });
  expect(await seen(one, 'gpu_swarm')).toBeUndefined();
});

test('10 MB of labels are refused before they are read', async () => {
  const labels = Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`l${at}`, 'x'.repeat(100)]));
  expect((await register({ ...gpu, labels }).expect(413)).body.code).toBe('body-too-large');
});

test('the id of a swarm that heartbeats is refused', async () => {
  world.bus.publish(subjects.swarmHeartbeat('gpu_swarm'), heartbeat({ swarmId: 'gpu_swarm' }));
  await eventually(async () => (await seen(one, 'gpu_swarm')) !== undefined);
  const refused = await register(gpu).expect(409);
  expect(refused.body).toMatchObject({ code: 'endpoint-conflict', errors: [{ pointer: '/swarmId' }] });
});

test('a request is routed to it with its address, and its slot comes back once', async () => {
  await register({ ...gpu, slots: 1 });
  const { body } = await request(one.app).post('/v1/route').send({ requirements: {} }).expect(200);
  const routed = RouteReply.parse(body);
  expect(routed).toMatchObject({ swarmId: 'gpu_swarm', address: 'gpu.endpoint' });
  await request(one.app).post('/v1/route').send({}).expect(503);
  expect((await seen(one, 'gpu_swarm'))?.freeSlots).toBe(0);
  const { reservationId, swarmId } = routed;
  const report = { reservationId, swarmId, success: true, responseTimeMs: 12 };
  await request(one.app).post('/v1/reports').send(report).expect(202);
  await eventually(async () => (await seen(one, 'gpu_swarm'))?.freeSlots === 1);
  await request(one.app).post('/v1/reports').send(report).expect(202);
  expect((await seen(one, 'gpu_swarm'))?.freeSlots).toBe(1);
});

test('a reservation is given back through any replica', async () => {
  await register({ ...gpu, slots: 1 });
  const two = await world.replica();
  const { body } = await request(one.app).post('/v1/route').send({}).expect(200);
  await request(two.app)
    .delete(`/v1/reservations/${RouteReply.parse(body).reservationId}`)
    .expect(202);
  await eventually(async () => (await seen(one, 'gpu_swarm'))?.freeSlots === 1);
});

test('tasks are never placed on it, and requests can ask for one kind', async () => {
  await register(gpu);
  const place = async () => {
    const body = { v: 1, epoch: 1, items: [item('t1')] };
    return (await world.bus.request(subjects.lbPlace(), body, { reply: PlaceReply })).results[0];
  };
  expect((await place())?.waiting).toMatchObject({ reason: 'no-swarm' });
  world.bus.publish(subjects.swarmHeartbeat('s'), heartbeat({ swarmId: 's', intervalMs: 60_000 }));
  await eventually(async () => (await seen(one, 's')) !== undefined);
  expect((await place())?.placement?.swarmId).toBe('s');
  const route = async (kind: string) =>
    (await request(one.app).post('/v1/route').send({ kind }).expect(200)).body.swarmId as string;
  expect(await route('external')).toBe('gpu_swarm');
  expect(await route('swarm')).toBe('s');
});

test('lists are paged and filtered', async () => {
  await register({ ...gpu, capabilities: ['cuda'], labels: { tier: 'gold' } });
  await register({ ...gpu, swarmId: 'cpu_swarm', capabilities: [] });
  await register({ ...gpu, swarmId: 'edge_swarm', region: 'us-west' });
  world.bus.publish(subjects.swarmHeartbeat('s'), heartbeat({ swarmId: 's', intervalMs: 60_000 }));
  await eventually(async () => (await seen(one, 's')) !== undefined);
  const list = async (query: string) => {
    const { body } = await request(one.app).get(`/v1/endpoints${query}`).expect(200);
    const { items, next } = EndpointPage.parse(body);
    return { ids: items.map(({ swarmId }) => swarmId), next };
  };
  const first = await list('?limit=3');
  expect(first.ids).toEqual(['s', 'cpu_swarm', 'gpu_swarm']);
  expect((await list(`?limit=3&cursor=${first.next}`)).ids).toEqual(['edge_swarm']);
  expect((await list('?kind=swarm')).ids).toEqual(['s']);
  expect((await list('?region=us-west&kind=external')).ids).toEqual(['edge_swarm']);
  expect((await list('?capability=cuda')).ids).toEqual(['gpu_swarm']);
  expect((await list('?label=tier=gold')).ids).toEqual(['gpu_swarm']);
  expect((await list('?label=tier')).ids).toEqual(['gpu_swarm']);
  expect((await list('?state=down')).ids).toEqual([]);
});

test('over NATS it is the same, for every replica: one that starts later knows it before it answers', async () => {
  const two = await world.replica();
  const ask = (verb: string, body: object) =>
    world.bus.request(subjects.endpoint(verb), body, { reply: Endpoint });
  expect(await ask('register', { endpoint: gpu })).toMatchObject({ swarmId: 'gpu_swarm', revision: 1 });
  for (const replica of [one, two])
    await eventually(async () => (await seen(replica, 'gpu_swarm')) !== undefined);
  const three = await world.replica();
  expect(await seen(three, 'gpu_swarm')).toMatchObject({ state: 'ready' });
  await request(three.app).delete('/v1/endpoints/gpu_swarm').expect(200);
  for (const replica of [one, two])
    await eventually(async () => (await seen(replica, 'gpu_swarm')) === undefined);
});

test('without Redis what is known is served on, nothing is registered, and afterwards it goes on', async () => {
  const two = await world.replica();
  await register(gpu).expect(201);
  await eventually(async () => (await seen(two, 'gpu_swarm')) !== undefined);
  await world.redis.kill('SIGKILL');
  const refused = await register({ ...gpu, swarmId: 'late' }).expect(503);
  expect(refused.body.code).toBe('store-unavailable');
  expect(refused.headers['retry-after']).toBeDefined();
  await request(two.app).delete('/v1/endpoints/gpu_swarm').expect(503);
  expect((await request(two.app).post('/v1/route').send({}).expect(200)).body.swarmId).toBe('gpu_swarm');
  expect((await request(one.app).get('/health')).body).toMatchObject({ status: 'degraded' });
  await request(one.app).get('/health/ready').expect(200);
  await world.redis.restart();
  await eventually(async () => (await register({ ...gpu, swarmId: 'late' })).status === 201);
  await eventually(async () => (await seen(two, 'late')) !== undefined);
});

test('the policy of a request is that of itself, its type, its namespace or the default, as the settings are now', async () => {
  await register(gpu);
  const store = await Store.connect({ url: world.redis.url, name: 'test' });
  const routing = { policy: 'round-robin', policies: { render: 'least-loaded' } };
  const settings = JSON.stringify({ revision: 1, settings: { weight: 1, routing } });
  await store.redis.hset(keys.namespaces(), 'shop', settings);
  await store.close();
  world.bus.publish(subjects.namespaceChanged(), { v: 1, namespace: 'shop', revision: 1 });
  const table = async () => (await request(one.app).get('/v1/policies').expect(200)).body as PolicyTable;
  await eventually(async () => (await table()).namespaces.length === 1);
  expect(await table()).toMatchObject({
    active: 'hybrid',
    namespaces: [{ namespace: 'shop', ...routing }],
  });
  const policyOf = async (body: object) => {
    const answer = await request(one.app).post('/v1/route').send(body).expect(200);
    return RouteReply.parse(answer.body).receipt.policy;
  };
  expect(await policyOf({})).toBe('hybrid');
  expect(await policyOf({ namespace: 'shop', type: 'other' })).toBe('round-robin');
  expect(await policyOf({ namespace: 'shop', type: 'render' })).toBe('least-loaded');
  expect(await policyOf({ namespace: 'shop', type: 'render', routing: { policy: 'round-robin' } })).toBe(
    'round-robin',
  );
});
