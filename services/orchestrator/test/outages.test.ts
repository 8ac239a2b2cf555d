import { eventually, startTcpProxy } from '@multiswarm/testing';
import { World } from './support/world';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.stop());

test('inputs in a script of many bytes per character reach a healthy swarm at the first attempt', async () => {
  const one = await world.replica();
  await world.swarm('a', () => ({ output: 'done' }));
  const input = '漢'.repeat(85_000); // 255,002 bytes of JSON
  const tasks = Array.from({ length: 12 }, () => ({ type: 'echo', input }));
  const { body } = await one.call('POST', '/v1/tasks/batch', { tasks });
  expect(body).toMatchObject({ accepted: 12, rejected: 0 });
  for (const { id } of body.results as { id: string }[]) {
    expect(await one.ended(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
  }
});

test('news of capacity that got lost with the connection does not leave a task waiting', async () => {
  const way = await startTcpProxy(world.nats.port);
  const one = await world.replica({ NATS_URL: `nats://127.0.0.1:${way.port}` });
  const id = await one.submit({});
  await eventually(async () => (await one.task(id)).waiting?.reason === 'no-swarm');
  way.cut();
  await world.swarm('a');
  way.heal();
  expect(await one.ended(id)).toMatchObject({ state: 'succeeded', swarmId: 'a' });
  await one.stop();
  await way.stop();
});

test('a cancellation that no coordinator was there to take reaches the swarm once one is', async () => {
  const env = { REGION_TIMEOUT_MS: '20000', ATTEMPT_LEASE_MS: '500' };
  const one = await world.replica({ ...env, ORCHESTRATOR_ROLES: 'global' });
  const regional = await world.replica({ ...env, ORCHESTRATOR_ROLES: 'regional' });
  const swarm = await world.swarm('a', () => undefined);
  const id = await one.submit({});
  await one.inState(id, 'running');
  await regional.stop();
  expect((await one.call('POST', `/v1/tasks/${id}/cancel`, {})).status).toBe(202);
  // The dispatcher gives up after the 500 ms of an attempt lease.
  await eventually(() => one.logs().includes('dispatch waits for a region'));
  await world.replica({ ...env, ORCHESTRATOR_ROLES: 'regional' });
  await eventually(() => swarm.cancels.some(({ taskId }) => taskId === id), { timeoutMs: 10_000 });
});

test('work that runs while Redis is away for longer than the region timeout is not lost by it', async () => {
  const one = await world.replica({ REGION_TIMEOUT_MS: '1000' });
  const swarm = await world.swarm('a', () => undefined);
  const id = await one.submit({});
  await one.inState(id, 'running');
  await world.redis.kill('SIGKILL');
  // The lease of 1 s runs out first, then three more looks at the attempts pass without one.
  await eventually(async () => (await one.call('GET', '/v1/tasks')).status === 503);
  const away = performance.now();
  await eventually(() => performance.now() - away > 3_500, {
    describe: 'an outage of three times the timeout',
  });
  await world.redis.restart();
  await eventually(async () => (await one.call('GET', `/v1/tasks/${id}`)).status === 200, {
    timeoutMs: 10_000,
  });
  expect(await one.submit({ type: 'other' })).toMatch(/^t/);
  expect(await one.task(id)).toMatchObject({ state: 'running', attempt: 1 });
  expect(swarm.ran.filter((key) => key.startsWith(id))).toEqual([`${id}#1`]);
});

test('a workflow too large for a message is accepted by every replica', async () => {
  const one = await world.replica();
  await one.submit({}); // it owns the shards from here on
  const two = await world.replica();
  const tasks = Array.from({ length: 12 }, (_, index) => ({
    id: `s${index}`,
    type: 'nobody',
    input: { text: 'x'.repeat(100_000) },
  }));
  for (const replica of [one, two]) {
    const { status, body } = await replica.call('POST', '/v1/workflows', { tasks });
    expect([status, body]).toEqual([202, expect.objectContaining({ duplicate: false })]);
    expect((await replica.workflow((body as { id: string }).id)).steps).toHaveLength(12);
  }
  expect((await world.keys()).filter((key) => key.includes('handover'))).toEqual([]);
});
