import { createHttpApp } from '@multiswarm/service';
import { createSwarm, type Swarm } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';
import request from 'supertest';
import { World } from './world';

const logger = createLogger({ service: 'communicator', level: 'silent' });

let world: World;
let app: ReturnType<typeof createHttpApp>;
let swarms: Swarm[];

beforeAll(async () => {
  world = await World.start();
  const { communicator, telemetry } = await world.replica();
  await world.replica();
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
  swarms = ['a', 'b', 'c'].map((id) =>
    createSwarm({
      ...{ id, region: 'eu', slots: 1, types: ['*'], servers: world.nats.url, logger, handleSignals: false },
    }),
  );
  await Promise.all(swarms.map((swarm) => swarm.start()));
});

afterAll(async () => {
  await Promise.all(swarms.map((swarm) => swarm.stop()));
  await world.stop();
});

test('members that vote at the same time at several communicators are all counted, once, and all read the same outcome', async () => {
  const [a, b, c] = swarms;
  const { id } = await a!.proposals.make({
    ...{ question: 'which plan?', choices: ['x', 'y'], members: ['a', 'b', 'c'], ttlMs: 60_000 },
    rule: 'plurality',
  });
  await Promise.all([a!.proposals.vote(id, 'x'), b!.proposals.vote(id, 'y'), c!.proposals.vote(id, 'x')]);
  await a!.proposals.vote(id, 'x');
  await expect(b!.proposals.vote(id, 'x')).rejects.toMatchObject({ code: 'already-voted' });
  const seen = await Promise.all(swarms.map((swarm) => swarm.proposals.get(id)));
  for (const each of seen) expect(each).toMatchObject({ state: 'closed', outcome: 'x' });
  expect(seen[0]!.votes.map(({ member }) => member).sort()).toEqual(['a', 'b', 'c']);
  await request(app).post(`/v1/proposals/${id}/votes`).send({ member: 'z', choice: 'x' }).expect(403);
  await request(app).get('/v1/proposals/p-00000000').expect(404);
});

test('proposals are listed page by page, the newest first, by state, proposer and member', async () => {
  const [a, b] = swarms;
  const make = (swarm: Swarm, members: string[]) =>
    swarm.proposals.make({ question: 'now?', members, ttlMs: 60_000 });
  const one = await make(b!, ['a']);
  const two = await make(b!, ['a', 'c']);
  await a!.proposals.vote(one.id, 'yes');
  const ids = (items: readonly { id: string }[]): string[] => items.map(({ id }) => id);
  expect(ids((await a!.proposals.list({ proposer: 'b' })).items)).toEqual([two.id, one.id]);
  expect(ids((await a!.proposals.list({ proposer: 'b', state: 'closed' })).items)).toEqual([one.id]);
  expect(ids((await a!.proposals.list({ proposer: 'b', member: 'c' })).items)).toEqual([two.id]);
  const first = await request(app).get('/v1/proposals').query({ proposer: 'b', limit: 1 }).expect(200);
  expect([ids(first.body.items), first.body.next]).toEqual([[two.id], two.id]);
  const rest = await request(app).get('/v1/proposals').query({ proposer: 'b', cursor: two.id }).expect(200);
  expect([ids(rest.body.items), rest.body.next]).toEqual([[one.id], null]);
});

test('swarms wait at a barrier until all are there, again and again; who comes alone is told in time', async () => {
  const wait = (swarm: Swarm): Promise<number> =>
    swarm.barriers.wait('start', { parties: 3, timeoutMs: 10_000 });
  expect(await Promise.all(swarms.map(wait))).toEqual([1, 1, 1]);
  expect(await Promise.all(swarms.map(wait))).toEqual([2, 2, 2]);
  const alone = swarms[0]!.barriers.wait('start', { parties: 3, timeoutMs: 100 });
  await expect(alone).rejects.toMatchObject({ code: 'timeout' });
  const left = await request(app).get('/v1/barriers/start').expect(200);
  expect(left.body).toEqual({ name: 'start', parties: 3, round: 2, arrived: [] });
});
