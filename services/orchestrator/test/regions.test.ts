import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { keys, Swarm as SwarmView, subjects, type Event, type Task } from '@multiswarm/contracts';
import type { Swarm } from '@multiswarm/sdk';
import { eventually, startTcpProxy, type TcpProxy } from '@multiswarm/testing';
import { canary, lossesIn } from './support/canary';
import { FarRegion, Holding, SDK_TYPES, sdkSwarm } from './support/far-region';
import { World, type Replica } from './support/world';

let world: World;
let closing: (() => Promise<unknown>)[];
let leafLine: TcpProxy;

beforeEach(async () => {
  const leafPort = await freePort();
  leafLine = await startTcpProxy(leafPort);
  // What is advertised is where leaf nodes connect to again: there must be no way around the line.
  const advertise = `advertise: "127.0.0.1:${leafLine.port}"`;
  world = await World.start(`leafnodes { host: "127.0.0.1", port: ${leafPort}, ${advertise} }`);
  closing = [() => leafLine.stop()];
});
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  await world.stop();
});

/** A port that nobody listens on right now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function far(env: Record<string, string> = {}, leaf?: TcpProxy): Promise<FarRegion> {
  const region = await FarRegion.open(world, 'far', env, leaf);
  closing.push(() => region.close());
  return region;
}

async function running(replica: Replica, holding: Holding): Promise<string> {
  const id = await replica.submit({ type: 'hold' });
  await replica.inState(id, 'running');
  await eventually(() => holding.began.includes(`${id}#1`));
  return id;
}

/** A swarm of the region that is not cut off, from now on. */
async function nearby(): Promise<Holding> {
  const holding = new Holding();
  const swarm = sdkSwarm({ id: 'near-1', region: 'near', servers: world.nats.url }, holding);
  await swarm.start();
  closing.push(() => swarm.stop());
  world.lb.offer('near-1', 'near', 4, SDK_TYPES);
  return holding;
}

/** How long the lease of a region still holds; negative or 0 where nobody has it. */
async function leaseLeftMs(region: string): Promise<number> {
  const { redis } = world.store;
  const [owner, until] = await redis.hmget(keys.regionLease(region), 'owner', 'leaseUntil');
  const [seconds, micros] = await redis.time();
  return owner ? Number(until) - Number(seconds) * 1_000 - Number(micros) / 1_000 : 0;
}

const attempts = ({ attempts: all }: Task): unknown =>
  all.map(({ attempt, swarmId, outcome }) => [attempt, swarmId, outcome]);

describe('a region that is cut off', () => {
  test.each([
    ['over connections of its own', 'gives its lease back', { isLeaf: false, redis: false, keeps: false }],
    ['over connections of its own', 'loses its lease too', { isLeaf: false, redis: true, keeps: false }],
    ['as a leaf node', 'keeps its lease', { isLeaf: true, redis: false, keeps: true }],
    ['as a leaf node', 'loses its lease too', { isLeaf: true, redis: true, keeps: false }],
  ])(
    '%s goes on with what it has, and its coordinator %s: healed in time, everything counts',
    async (_line, _name, { isLeaf, redis, keeps }) => {
      const timeouts = { ATTEMPT_LEASE_MS: '1000', REGION_TIMEOUT_MS: '60000' };
      const one = await world.replica({ ...timeouts, ORCHESTRATOR_REGIONS: 'near' });
      const region = await far(timeouts, isLeaf ? leafLine : undefined);
      const holding = new Holding();
      await region.swarm('far-1', holding);
      const ends = await running(one, holding);
      const goesOn = await running(one, holding);

      region.cut({ redis });
      const near = await nearby();
      holding.end(`${ends}#1`, 'made while cut off');
      // Longer than any heartbeat, the attempt lease and the lease of the region are waited for.
      await canary(world, one, { region: 'near', servers: world.nats.url }, 'unlisted');
      if (!keeps) await eventually(async () => (await leaseLeftMs('far')) <= 0);
      expect((await leaseLeftMs('far')) > 0).toBe(keeps);
      for (const id of [ends, goesOn])
        expect(await one.task(id)).toMatchObject({ state: 'running', attempt: 1, swarmId: 'far-1' });

      region.heal();
      expect(await one.ended(ends)).toMatchObject({
        ...{ state: 'succeeded', output: 'made while cut off', attempt: 1, swarmId: 'far-1' },
      });
      // A new coordinator may declare losses from here on.
      await canary(world, one, { region: 'far', servers: region.natsUrl }, 'silent');
      expect(await one.task(goesOn)).toMatchObject({ state: 'running', attempt: 1 });
      holding.end(`${goesOn}#1`, 'made later');
      expect(await one.ended(goesOn)).toMatchObject({ state: 'succeeded', output: 'made later', attempt: 1 });
      expect(holding.began).toEqual([`${ends}#1`, `${goesOn}#1`]);
      expect(near.began).toEqual([]);
      expect(lossesIn(region.coordinator)).toEqual(['canary-far']);
      await world.allSlotsBack();
    },
    40_000,
  );

  test('for longer than the region timeout: its attempts get new numbers elsewhere, late results are told and change nothing, and what still runs is told to stop', async () => {
    const timeouts = { ATTEMPT_LEASE_MS: '1000', REGION_TIMEOUT_MS: '2000' };
    const one = await world.replica({ ...timeouts, ORCHESTRATOR_REGIONS: 'near' });
    const region = await far(timeouts);
    const holding = new Holding();
    const swarm = await region.swarm('far-1', holding);
    const goesOn = await running(one, holding);
    const ends = await running(one, holding);

    region.cut({ redis: true });
    holding.end(`${ends}#1`, 'too late');
    const near = await nearby();
    await eventually(() => near.began.length === 2, { timeoutMs: 15_000 });
    expect([...near.began].sort()).toEqual([`${ends}#2`, `${goesOn}#2`].sort());

    region.heal();
    await eventually(() => holding.stopped.size === 1, { timeoutMs: 15_000 });
    expect([...holding.stopped.keys()]).toEqual([`${goesOn}#1`]);
    await eventually(async () => (await view(one, swarm.id)).held.length === 0, { timeoutMs: 10_000 });
    for (const id of [goesOn, ends]) {
      expect(await one.task(id)).toMatchObject({ state: 'running', attempt: 2, swarmId: 'near-1' });
      near.end(`${id}#2`, 'in time');
      const task = await one.ended(id);
      expect(task).toMatchObject({ state: 'succeeded', output: 'in time' });
      expect(attempts(task)).toEqual([
        [1, 'far-1', 'lost'],
        [2, 'near-1', 'succeeded'],
      ]);
      const late = id === ends ? { outcome: 'succeeded', outputBytes: 10 } : { outcome: 'cancelled' };
      await eventually(async () => (await one.task(id)).attempts[0]?.late !== undefined);
      expect((await one.task(id)).attempts[0]?.late).toMatchObject({ swarmId: 'far-1', ...late });
      const { body } = await one.call('GET', `/v1/tasks/${id}/events`);
      const told = (body as { items: Event[] }).items.filter(({ type }) => type === 'task.late-result');
      expect(told).toMatchObject([{ attempt: 1, swarmId: 'far-1', region: 'far', data: late }]);
    }
    await world.allSlotsBack();
  }, 60_000);
});

test('a swarm that falls silent in a region while that is cut off: its coordinator knows, and says so once it is heard', async () => {
  const timeouts = { ATTEMPT_LEASE_MS: '1000', REGION_TIMEOUT_MS: '60000' };
  const one = await world.replica({ ...timeouts, ORCHESTRATOR_REGIONS: 'near' });
  const region = await far(timeouts, leafLine);
  const line = await startTcpProxy(Number(new URL(region.natsUrl).port));
  const holding = new Holding();
  const swarm = sdkSwarm({ id: 'far-1', region: 'far', servers: `nats://127.0.0.1:${line.port}` }, holding);
  await swarm.start();
  closing.push(() => swarm.stop().then(() => line.stop()));
  world.lb.offer('far-1', 'far', 4, SDK_TYPES);
  const id = await running(one, holding);
  region.cut({ redis: false });
  world.lb.withdraw('far-1');
  line.cut();
  await eventually(() => lossesIn(region.coordinator).includes('far-1'));
  const near = await nearby();
  await canary(world, one, { region: 'near', servers: world.nats.url }, 'unlisted');
  expect(await one.task(id)).toMatchObject({ state: 'running', attempt: 1 });
  expect(near.began).toEqual([]);
  region.heal();
  await eventually(() => near.began.includes(`${id}#2`), { timeoutMs: 10_000 });
  near.end(`${id}#2`, 'near');
  const task = await one.ended(id);
  expect(task).toMatchObject({ state: 'succeeded', output: 'near' });
  expect(attempts(task)).toEqual([
    [1, 'far-1', 'lost'],
    [2, 'near-1', 'succeeded'],
  ]);
}, 40_000);

describe('a coordinator that dies', () => {
  test('is followed by one that learns from heartbeats what is held, and takes nothing for lost', async () => {
    const timeouts = { ATTEMPT_LEASE_MS: '1000', REGION_TIMEOUT_MS: '60000' };
    const one = await world.replica({ ...timeouts, ORCHESTRATOR_ROLES: 'global' });
    const regional = { ...timeouts, ORCHESTRATOR_ROLES: 'regional' };
    const first = await world.replica(regional);
    const swarm = await world.swarm('a', () => undefined, { types: ['echo'] });
    const id = await one.submit({});
    await one.inState(id, 'running');
    await first.crash();
    const second = await world.replica(regional);
    await eventually(() => second.logs().includes('coordinating region'), { timeoutMs: 10_000 });
    await canary(world, one, { region: swarm.region, servers: world.nats.url }, 'silent');
    expect(await one.task(id)).toMatchObject({ state: 'running', attempt: 1 });
    expect(lossesIn(second)).toEqual(['canary-eu-west']);
    // From now on it knows the swarm, and what it loses when that is gone.
    swarm.crash();
    await world.swarm('b', () => ({ output: 'again' }));
    expect(await one.ended(id)).toMatchObject({ state: 'succeeded', output: 'again', attempt: 2 });
  }, 40_000);
});

async function view(replica: Replica, id: string): Promise<SwarmView> {
  return SwarmView.parse((await replica.call('GET', `/v1/swarms/${id}`)).body);
}

describe('an operator', () => {
  let holding: Holding;

  async function started(id: string): Promise<Swarm> {
    const swarm = sdkSwarm({ id, region: 'eu-west', servers: world.nats.url }, holding);
    await swarm.start();
    closing.push(() => swarm.stop());
    return swarm;
  }

  /** What swarm `a` is asked once its region has a coordinator: a new one is not there at once, nor after a crash. */
  const whenCoordinated = (replica: Replica, kind: string): ReturnType<Replica['call']> =>
    eventually(
      async () => {
        const answer = await replica.call('POST', `/v1/swarms/a/${kind}`, { reason: 'done' });
        return answer.status === 503 ? undefined : answer;
      },
      { timeoutMs: 20_000 },
    );

  const inState = (replica: Replica, id: string, state: SwarmView['state']): Promise<SwarmView> =>
    eventually(
      async () => {
        const seen = await view(replica, id);
        return seen.state === state ? seen : undefined;
      },
      { timeoutMs: 30_000, describe: `${id} being ${state}` },
    );

  beforeEach(() => {
    holding = new Holding();
  });

  test.each([
    ['drain', 'draining'],
    ['cordon', 'cordoned'],
  ] as const)(
    'can %s a swarm: what it has goes on, new work goes elsewhere, also after restarts of swarm and coordinator',
    async (kind, state) => {
      const one = await world.replica({ ORCHESTRATOR_ROLES: 'global' });
      const first = await world.replica({ ORCHESTRATOR_ROLES: 'regional' });
      const a = await started('a');
      world.lb.offer('a', 'eu-west', 4);
      const id = await running(one, holding);

      const asked = await one.call('POST', `/v1/swarms/a/${kind}`, { reason: 'new kernel' });
      expect([asked.status, asked.body]).toMatchObject([
        202,
        { swarmId: 'a', state, freeSlots: 0, busySlots: 1 },
      ]);
      await inState(one, 'a', state);

      // The load-balancer of this test does not look at states: the coordinator finds another swarm, under the same number.
      await started('b');
      await inState(one, 'b', 'ready');
      world.lb.offer('b', 'eu-west', 4);
      expect(await one.ended(await one.submit({}))).toMatchObject({ attempt: 1, swarmId: 'b' });

      holding.end(`${id}#1`, 'finished');
      expect(await one.ended(id)).toMatchObject({ state: 'succeeded', output: 'finished', swarmId: 'a' });

      await a.stop();
      await first.crash();
      await world.replica({ ORCHESTRATOR_ROLES: 'regional' });
      await started('a');
      await inState(one, 'a', state);
      expect(await one.ended(await one.submit({}))).toMatchObject({ swarmId: 'b' });

      const body = { id: 'a', reason: 'done' };
      const back = await world.bus.request(subjects.fleet('uncordon'), body, { reply: SwarmView });
      expect(back).toMatchObject({ swarmId: 'a', state: 'ready', freeSlots: 4 });
      await inState(one, 'a', 'ready');
      world.lb.withdraw('b');
      expect(await one.ended(await one.submit({}))).toMatchObject({ swarmId: 'a' });
      await eventually(async () => (await world.store.redis.keys('*cordons*')).length === 0);
    },
    60_000,
  );

  test('a cordon is ended without its swarm, also when nobody who knew it is left', async () => {
    const one = await world.replica();
    const a = await started('a');
    await inState(one, 'a', 'ready');
    const asked = await whenCoordinated(one, 'cordon');
    expect([asked.status, asked.body]).toMatchObject([202, { swarmId: 'a', state: 'cordoned' }]);
    await inState(one, 'a', 'cordoned');
    await a.stop();
    await one.crash();
    const two = await world.replica();
    const ended = await whenCoordinated(two, 'uncordon');
    expect([ended.status, ended.body]).toMatchObject([202, { swarmId: 'a', state: 'down', slots: 4 }]);
    await started('a');
    await inState(two, 'a', 'ready');
  }, 40_000);

  test('who names a swarm that nobody knows is told so, and nothing is kept', async () => {
    const one = await world.replica();
    for (const kind of ['cordon', 'drain', 'uncordon']) {
      const { status, body } = await one.call('POST', `/v1/swarms/nobody/${kind}`, {});
      expect([status, body]).toMatchObject([404, { code: 'swarm-not-found' }]);
    }
    expect((await world.keys()).filter((key) => key.includes('cordons'))).toEqual([]);
  });

  test('who asks while the region has no coordinator may ask again', async () => {
    const one = await world.replica({ ORCHESTRATOR_ROLES: 'global' });
    await started('a');
    await inState(one, 'a', 'ready');
    const { status, headers, body } = await one.call('POST', '/v1/swarms/a/drain', {});
    expect([status, body]).toMatchObject([503, { code: 'region-unavailable', retryable: true }]);
    expect(headers.get('retry-after')).toMatch(/^\d+$/);
  });

  test('who gives a reason that is none is told so', async () => {
    const one = await world.replica();
    await started('a');
    await inState(one, 'a', 'ready');
    const { status, body } = await one.call('POST', '/v1/swarms/a/drain', { reason: 5 });
    expect([status, body]).toMatchObject([
      400,
      { code: 'invalid-request', errors: [{ pointer: '/reason' }] },
    ]);
  });
});
