import { subjects, type Accepted } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { z } from 'zod';
import { Clients } from './support/clients';
import type { FakeSwarm } from './support/fake-swarm';
import { ReplicaSet } from './support/replica-set';
import { World, type Replica } from './support/world';

const SHARDS = 12;

let world: World;
let set: ReplicaSet;

beforeEach(async () => {
  world = await World.start();
  set = new ReplicaSet(world, SHARDS);
});

afterEach(async () => {
  const faults = set.stop();
  await world.stop();
  expect(faults).toEqual([]);
});

async function expectSuccess(replica: Replica, id: string): Promise<void> {
  const task = await replica.ended(id);
  if (task.state === 'succeeded') return;
  const { body } = await replica.call('GET', `/v1/tasks/${id}/events`);
  throw new Error(`${id} ${task.state}: ${JSON.stringify(task.error)}, after ${JSON.stringify(body)}`);
}

/** Every attempt ran once, and every task ended as it should. */
async function expectOnce(replica: Replica, ids: readonly string[], swarm: FakeSwarm): Promise<void> {
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(await replica.ended(id)).toMatchObject({ id, state: 'succeeded' });
  expect(new Set(swarm.ran).size).toBe(swarm.ran.length);
}

test('three replicas share the shards evenly, and each of them answers for all', async () => {
  const replicas = [await set.join(), await set.join(), await set.join()] as const;
  await world.swarm('a', undefined, { types: ['echo'] });
  await set.shared(replicas);
  const [one, two, three] = replicas;
  const ids: string[] = [];
  for (const replica of replicas)
    for (let count = 0; count < 24; count += 1) ids.push(await replica.submit({ input: count }));
  expect(new Set(ids.map((id) => id.split('-')[0])).size).toBeGreaterThan(SHARDS / 2);
  for (const id of ids) expect((await three.ended(id)).state).toBe('succeeded');
  for (const id of ids.slice(0, 12)) expect(await one.task(id)).toEqual(await two.task(id));

  const waiting = await Promise.all(Array.from({ length: 12 }, () => one.submit({ type: 'nobody' })));
  for (const id of waiting) {
    expect((await two.call('POST', `/v1/tasks/${id}/pause`)).body).toMatchObject({ paused: {} });
    expect((await three.call('POST', `/v1/tasks/${id}/resume`)).status).toBe(202);
    expect((await two.call('POST', `/v1/tasks/${id}/cancel`)).body).toMatchObject({ state: 'cancelled' });
    expect((await three.call('POST', `/v1/tasks/${id}/retry`)).body).toMatchObject({ state: 'queued' });
  }
  const tasks = ['a', 'b', 'c'].map((id) => ({ id, type: 'echo' }));
  const dependencies = { b: ['a'], c: ['b'] };
  for (const replica of replicas) {
    const run = await replica.submitWorkflow({ tasks, dependencies });
    expect((await one.workflow(run, 10_000)).state).toBe('succeeded');
  }
});

test('why a task waits is told by every replica, wherever the scheduler is', async () => {
  const replicas = [await set.join(), await set.join()] as const;
  await set.shared(replicas);
  const id = await replicas[0].submit({ type: 'nobody' });
  for (const replica of replicas)
    await eventually(async () => (await replica.task(id)).waiting?.reason === 'no-swarm');
});

test('a newcomer takes its share, and little else moves', async () => {
  const first = [await set.join(), await set.join()];
  const before = await set.shared(first);
  const after = await set.shared([...first, await set.join()]);
  const moved = after.filter(({ owner }, shard) => owner !== before[shard]?.owner);
  expect(moved.length).toBeLessThanOrEqual(SHARDS / 3 + 2);
  // Each that moved was handed over; no other was touched.
  expect(after.map(({ epoch }, shard) => epoch > (before[shard]?.epoch ?? 0))).toEqual(
    after.map(({ owner }, shard) => owner !== before[shard]?.owner),
  );
});

test('a replica stops under load, and no request fails', async () => {
  const replicas = [await set.join(), await set.join(), await set.join()] as const;
  await set.shared(replicas);
  const swarm = await world.swarm('a');
  const leaver = set.scheduling;
  const others = replicas.filter((replica) => replica !== leaver);
  const ids: string[] = [];
  let slowest = 0;
  const timed = async (submit: () => Promise<string>): Promise<void> => {
    const from = performance.now();
    ids.push(await submit());
    slowest = Math.max(slowest, performance.now() - from);
  };
  let turn = 0;
  const overHttp = new Clients(4, () =>
    timed(() => (others[(turn += 1) % 2] as Replica).submit({ input: turn })),
  );
  // Any replica may get these, also the one that stops.
  const reply = z.custom<Accepted>();
  const overNats = new Clients(2, () =>
    timed(async () => (await world.bus.request(subjects.task('submit'), { type: 'echo' }, { reply })).id),
  );
  await eventually(() => ids.length > 100);
  await leaver.stop();
  const then = ids.length;
  await eventually(() => ids.length > then + 100);
  await Promise.all([overHttp.stop(), overNats.stop()]);
  expect(slowest).toBeLessThan(3_000);
  await expectOnce(others[0] as Replica, ids, swarm);
  await set.shared(others);
  await world.allSlotsBack();
});

test.each(['the scheduler', 'no scheduler'])(
  'a replica that is %s dies under load: all that was accepted ends, and nothing runs twice',
  async (which) => {
    const replicas = [await set.join(), await set.join(), await set.join()] as const;
    await set.shared(replicas);
    const swarm = await world.swarm('a');
    const scheduling = set.scheduling;
    const victim = which === 'the scheduler' ? scheduling : replicas.find((each) => each !== scheduling);
    const others = replicas.filter((replica) => replica !== victim);
    const ids: string[] = [];
    let turn = 0;
    const clients = new Clients(4, async () => {
      const replica = others[(turn += 1) % 2] as Replica;
      const answer = await replica.call('POST', '/v1/tasks', { type: 'echo' });
      if (answer.status === 202) ids.push((answer.body as Accepted).id);
      else expect(answer.body).toMatchObject({ retryable: true });
    });
    await eventually(() => ids.length > 100);
    await victim?.crash();
    await set.shared(others);
    const then = ids.length;
    await eventually(() => ids.length > then + 100);
    await clients.stop();
    await expectOnce(others[0] as Replica, ids, swarm);
  },
);

test('with the shipped times, the shards of a dead replica serve again in under eight seconds', async () => {
  const times = { SHARD_LEASE_MS: '5000', SHARD_LEASE_RENEW_MS: '1500' };
  const replicas = [await set.join(times), await set.join(times), await set.join(times)] as const;
  await set.shared(replicas);
  const victim = set.scheduling;
  const survivor = replicas.find((replica) => replica !== victim) as Replica;
  await world.swarm('a');
  await victim.crash();
  const from = performance.now();
  await eventually(async () => (await set.shardsOf(victim)) === 0, { timeoutMs: 10_000 });
  const ids = await Promise.all(Array.from({ length: 24 }, () => survivor.submit({})));
  for (const id of ids) expect((await survivor.ended(id)).state).toBe('succeeded');
  expect(performance.now() - from).toBeLessThan(8_000);
}, 40_000);

test('a limit holds exactly over all shards and replicas, also while the scheduler changes hands', async () => {
  const replicas = [await set.join(), await set.join(), await set.join()] as const;
  await set.shared(replicas);
  const settings = { limits: { 'customer:*': { concurrency: 3 } } };
  expect((await replicas[0].call('PUT', '/v1/namespaces/default', settings)).status).toBe(200);
  const running = new Set<string>();
  let most = 0;
  const swarm: FakeSwarm = await world.swarm('a', (attempt) => {
    running.add(attempt.taskId);
    most = Math.max(most, running.size);
    setTimeout(() => {
      running.delete(attempt.taskId);
      void swarm.report(attempt.taskId, attempt.attempt);
    }, 15);
    return undefined;
  });
  const victim = set.scheduling;
  const others = replicas.filter((replica) => replica !== victim);
  const ids = await Promise.all(
    Array.from({ length: 400 }, (_, index) =>
      (others[index % 2] as Replica).submit({ limitKeys: ['customer:x'] }),
    ),
  );
  await eventually(() => swarm.ran.length > 50, { timeoutMs: 10_000 });
  await victim.crash();
  await expectOnce(others[0] as Replica, ids, swarm);
  expect(most).toBe(3);
}, 60_000);

test('settings of a namespace are the same on all replicas, and change under a revision', async () => {
  const [one, two] = [await set.join(), await set.join()];
  const before = await one.call('GET', '/v1/namespaces/team');
  expect(before).toMatchObject({ status: 200, body: { namespace: 'team', revision: 0, weight: 1 } });
  expect(before.headers.get('etag')).toBe('"0"');
  const put = await two.call('PUT', '/v1/namespaces/team', { weight: 3 }, { 'if-match': '"0"' });
  expect(put).toMatchObject({ status: 200, body: { revision: 1, weight: 3 } });
  expect(put.headers.get('etag')).toBe('"1"');
  expect((await one.call('GET', '/v1/namespaces/team')).body).toEqual(put.body);
  expect(await one.call('PUT', '/v1/namespaces/team', { weight: 4 }, { 'if-match': '"0"' })).toMatchObject({
    status: 412,
    body: { code: 'revision-conflict' },
  });
  expect((await one.call('PUT', '/v1/namespaces/team', {}, { 'if-match': 'old' })).status).toBe(400);
  expect((await one.call('PUT', '/v1/namespaces/team', { weight: -1 })).status).toBe(400);
  await one.call('PUT', '/v1/namespaces/crew', { weight: 2 });
  const first = await two.call('GET', '/v1/namespaces?limit=1');
  expect(first.body).toMatchObject({ items: [{ namespace: 'crew' }], next: 'crew' });
  const rest = await two.call('GET', '/v1/namespaces?limit=1&cursor=crew');
  expect(rest.body).toMatchObject({ items: [{ namespace: 'team' }], next: null });
  const reply = z.custom<unknown>();
  const overNats = await world.bus.request(subjects.namespace('get'), { namespace: 'team' }, { reply });
  expect(overNats).toEqual(put.body);
});

test('a priority above the ceiling of its namespace is lowered on every replica', async () => {
  const [one, two] = [await set.join(), await set.join()];
  await one.call('PUT', '/v1/namespaces/team', { priorityCeiling: 'normal' });
  const task = { type: 'nobody', namespace: 'team', priority: 'critical' };
  await eventually(async () => (await two.task(await two.submit(task))).priority === 'normal');
});

test('a replica that nobody can reach gives its shards and its region up, and gets its share again when it is back', async () => {
  const cut = await set.join();
  await world.swarm('a');
  await eventually(() => cut.logs().includes('coordinating region'));
  const others = [await set.join(), await set.join()] as const;
  await set.shared([cut, ...others]);
  cut.ways?.nats.cut();
  await set.shared(others);
  const ids = await Promise.all(Array.from({ length: 24 }, () => others[0].submit({})));
  for (const id of ids) await expectSuccess(others[1], id);
  expect(others.filter((replica) => replica.logs().includes('coordinating region'))).toHaveLength(1);
  cut.ways?.nats.heal();
  await set.shared([cut, ...others]);
}, 40_000);

test('a replica that does not reach Redis loses its shards to the others, and gets its share again when it does', async () => {
  const replicas = [await set.join(), await set.join(), await set.join()] as const;
  await set.shared(replicas);
  await world.swarm('a');
  const cut = set.scheduling;
  const others = replicas.filter((replica) => replica !== cut);
  cut.ways?.redis.cut();
  await eventually(async () => (await set.shardsOf(cut)) === 0, {
    timeoutMs: 15_000,
  });
  const ids = await Promise.all(Array.from({ length: 24 }, () => (others[0] as Replica).submit({})));
  for (const id of ids) await expectSuccess(others[1] as Replica, id);
  cut.ways?.redis.heal();
  await set.shared(replicas);
}, 60_000);
