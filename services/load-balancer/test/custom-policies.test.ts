import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HealthEventPage, Placement, PlaceReply, Simulation, subjects } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import request from 'supertest';
import { heartbeat, item } from './support/builders';
import { World, type Replica } from './support/world';

/** The dearest first; on a task of type `stall` it never answers. */
const DEAREST = `
  export function rank({ items, candidates }) {
    if (items.some(({ type }) => type === 'stall')) for (;;);
    return items.map((item) =>
      candidates[item.class].toSorted((a, b) => b.costPerSlotHour - a.costPerSlotHour).map(({ swarmId }) => swarmId));
  }`;

let world: World;
let directory: string;
let replica: Replica;

beforeEach(async () => {
  world = await World.start();
  directory = await mkdtemp(join(tmpdir(), 'policies-'));
  await writeFile(join(directory, 'dearest.mjs'), DEAREST);
  const example = join(__dirname, '..', '..', '..', 'examples', 'custom-policy', 'warm-model.mjs');
  const files = { dearest: `${directory}/dearest.mjs`, bad: `${directory}/none.mjs`, 'warm-model': example };
  const paths = Object.entries(files)
    .map(([name, path]) => `${name}=${path}`)
    .join(',');
  replica = await world.replica({
    CUSTOM_POLICIES: paths,
    CUSTOM_POLICY_LIMIT_MS: '500',
    LOAD_BALANCING_ALGORITHM: 'custom:dearest',
  });
  for (const [swarmId, costPerHour] of [
    ['cheap', 1],
    ['dear', 100],
  ] as const)
    world.bus.publish(
      subjects.swarmHeartbeat(swarmId),
      heartbeat({ swarmId, costPerHour, intervalMs: 60_000 }),
    );
  await eventually(() => replica.logs().filter(({ message }) => message === 'swarm joined').length === 2);
});
afterEach(async () => {
  await world.stop();
  await rm(directory, { recursive: true });
});

async function route(type: string, policy: string): Promise<Placement> {
  const body = { type, routing: { policy } };
  const reply = await request(replica.app).post('/v1/route').send(body).expect(200);
  return Placement.parse(reply.body);
}

test('a policy from a file chooses; where it cannot, the service goes on without it and says so', async () => {
  expect(await route('build', 'custom:dearest')).toMatchObject({
    swarmId: 'dear',
    receipt: { policy: 'custom:dearest', ranked: [{ swarmId: 'dear' }, { swarmId: 'cheap' }] },
  });
  const fallen = await route('build', 'custom:bad');
  expect(fallen.swarmId).toBe('cheap');
  expect(fallen.receipt.reasons?.[0]).toMatch(
    /^custom:bad was asked for, but it is off: .*Cannot find module/,
  );
  // It is that of the deployment, too.
  const unnamed = await request(replica.app).post('/v1/route').send({}).expect(200);
  expect(unnamed.body).toMatchObject({ swarmId: 'dear', receipt: { policy: 'custom:dearest' } });
  const { body } = await request(replica.app).get('/v1/policies').expect(200);
  expect(body).toMatchObject({
    active: 'custom:dearest',
    custom: [
      { name: 'dearest', state: 'ready', strikes: 0 },
      { name: 'bad', state: 'off', reason: expect.stringContaining('Cannot find module') as string },
      { name: 'warm-model', state: 'ready' },
    ],
  });
  expect(await route('build', 'custom:warm-model')).toMatchObject({
    swarmId: 'cheap',
    receipt: { policy: 'custom:warm-model' },
  });
  expect(replica.logs()).toContainEqual(
    expect.objectContaining({ level: 'error', message: "a user's own policy is off", policy: 'custom:bad' }),
  );
  const { body: events } = await request(replica.app).get('/v1/health/events').expect(200);
  expect(HealthEventPage.parse(events).items).toMatchObject([
    {
      type: 'policy.turned-off',
      policy: 'custom:bad',
      reason: expect.stringContaining('Cannot find') as string,
    },
  ]);
});

test('one batch has items of any policy; one that stalls costs its items their wish, and nobody a slot', async () => {
  const own = (key: string, type: string) => item(key, { type, routing: { policy: 'custom:dearest' } });
  const items = [own('t1', 'build'), item('t2', { routing: { policy: 'cost' } }), own('t3', 'stall')];
  const place = async () => {
    const asked = { v: 1, epoch: 1, items };
    return (await world.bus.request(subjects.lbPlace(), asked, { reply: PlaceReply })).results;
  };
  const results = await place();
  expect(results.map(({ key, placement }) => [key, placement === undefined])).toEqual([
    ['t1', false],
    ['t2', false],
    ['t3', false],
  ]);
  expect(results.map(({ placement }) => placement?.receipt.reasons)).toEqual([
    ['custom:dearest was asked for, but it did not answer within 500 ms'],
    undefined,
    ['custom:dearest was asked for, but it did not answer within 500 ms'],
  ]);
  const { body } = await request(replica.app).get('/v1/endpoints').expect(200);
  const busy = (body as { items: { busySlots: number }[] }).items.map(({ busySlots }) => busySlots);
  expect(busy.reduce((sum, one) => sum + one, 0)).toBe(3);
});

test('a request can be simulated over HTTP and NATS: every policy says where it would go, and nothing is taken', async () => {
  const body = { requirements: { language: 'go' } };
  const nobody = await request(replica.app).post('/v1/route/simulate').send(body).expect(200);
  expect(Simulation.parse(nobody.body)).toMatchObject({ choices: [], waiting: { reason: 'no-swarm' } });
  const all = await world.bus.request(subjects.lbSimulate(), {}, { reply: Simulation });
  const places = Object.fromEntries(all.choices.map(({ policy, swarmId }) => [policy, swarmId]));
  expect(places).toMatchObject({ 'least-loaded': 'cheap', 'custom:dearest': 'dear', 'custom:bad': 'cheap' });
  expect(all.choices.filter(({ isUsed }) => isUsed)).toHaveLength(1);
  const asked = { policies: ['custom:bad'] };
  const { choices } = await world.bus.request(subjects.lbSimulate(), asked, { reply: Simulation });
  expect(choices).toHaveLength(1);
  expect(choices[0]?.reasons?.[0]).toMatch(/it is off/);
  const { body: seen } = await request(replica.app).get('/v1/endpoints').expect(200);
  expect((seen as { items: { busySlots: number }[] }).items.map(({ busySlots }) => busySlots)).toEqual([
    0, 0,
  ]);
  expect((await request(replica.app).get('/v1/decisions')).body).toMatchObject({ kept: 0 });
});
