import {
  isTerminal,
  MultiswarmError,
  ReportReply,
  shardOf,
  subjects,
  type Event,
  type Task,
} from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { Clients } from './support/clients';
import { SHARDS, type FakeSwarm } from './support/fake-swarm';
import { World, type Answer, type Replica } from './support/world';

let world: World;

beforeEach(async () => {
  world = await World.start();
});

afterEach(() => world.stop());

const CHAIN = {
  tasks: ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, type: 'echo' })),
  dependencies: { b: ['a'], c: ['b'], d: ['c'], e: ['d'] },
};

async function eventsOf(replica: Replica, id: string): Promise<Event[]> {
  const kind = id.startsWith('w') ? 'workflows' : 'tasks';
  return ((await replica.call('GET', `/v1/${kind}/${id}/events`)).body as { items: Event[] }).items;
}

/** What must hold of every root, whatever died on the way. */
async function expectSound(
  replica: Replica,
  ids: readonly string[],
  swarms: readonly FakeSwarm[],
): Promise<void> {
  for (const id of ids) {
    const events = await eventsOf(replica, id);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    const first = id.startsWith('w') ? 'workflow.submitted' : 'task.submitted';
    expect(events.filter(({ type }) => type === first)).toHaveLength(1);
  }
  // No number of an attempt ran twice, in no swarm.
  const ran = swarms.flatMap((swarm) => swarm.ran);
  expect(new Set(ran).size).toBe(ran.length);
}

test('an orchestrator dies in the middle of a workflow: the next one finishes it, and no attempt runs twice', async () => {
  const first = await world.replica();
  const swarm = await world.swarm('a', ({ step }) => (step === 'c' ? undefined : { output: step ?? null }));
  const id = await first.submitWorkflow(CHAIN);
  await eventually(() => swarm.ran.length === 3);
  await first.crash();
  const second = await world.replica();
  const c = [...swarm.ran].at(-1)?.split('#')[0] ?? '';
  await swarm.report(c, 1, { output: 'c' });
  const run = await second.workflow(id, 15_000);
  expect(run).toMatchObject({ state: 'succeeded', output: { e: 'e' } });
  expect(run.steps.map((step) => step.attempt)).toEqual([1, 1, 1, 1, 1]);
  expect(swarm.ran).toHaveLength(5);
  await expectSound(second, [id], [swarm]);
});

test('an attempt that ended while nobody was there to hear it is reported until the next owner takes it', async () => {
  const first = await world.replica();
  const swarm = await world.swarm('a', () => undefined);
  const id = await first.submit({});
  await first.inState(id, 'running');
  await first.crash();
  const reported = swarm.report(id, 1, { output: 'kept' });
  const second = await world.replica();
  expect(await reported).toMatchObject([{ status: 'recorded' }]);
  expect(await second.ended(id)).toMatchObject({ state: 'succeeded', output: 'kept', attempt: 1 });
});

test('swarm and orchestrator die together: the attempt is lost after the region timeout, and runs again', async () => {
  const first = await world.replica();
  const swarm = await world.swarm('a', () => undefined);
  const id = await first.submit({});
  await first.inState(id, 'running');
  await first.crash();
  swarm.crash();
  world.lb.withdraw('a');
  const other = await world.swarm('b');
  const second = await world.replica();
  expect(await second.ended(id)).toMatchObject({ state: 'succeeded', swarmId: 'b', attempt: 2 });
  expect(other.ran).toEqual([`${id}#2`]);
});

test('the standby passes commands on, and takes over at once when the first one stops; no submission fails', async () => {
  const first = await world.replica();
  const swarm = await world.swarm('a');
  await first.ended(await first.submit({}));
  const second = await world.replica();
  const viaStandby = await second.submit({ input: 'passed on' });
  expect(await second.ended(viaStandby)).toMatchObject({ state: 'succeeded', output: 'passed on' });
  const run = await second.submitWorkflow(CHAIN);
  expect((await second.workflow(run, 10_000)).state).toBe('succeeded');
  const conflicting = { type: 'echo', idempotencyKey: 'k' };
  await second.submit(conflicting);
  expect((await second.call('POST', '/v1/tasks', { ...conflicting, input: 2 })).status).toBe(422);

  const ids: string[] = [];
  let slowest = 0;
  const clients = new Clients(4, async () => {
    const from = performance.now();
    ids.push(await second.submit({}));
    slowest = Math.max(slowest, performance.now() - from);
  });
  await eventually(() => ids.length > 50);
  await first.stop();
  const before = ids.length;
  await eventually(() => ids.length > before + 50);
  await clients.stop();
  for (const id of ids) expect((await second.ended(id)).state).toBe('succeeded');
  expect(slowest).toBeLessThan(3_000);
  await expectSound(second, ids.slice(0, 20), [swarm]);
  await world.allSlotsBack();
});

test('a replica that was cut off from Redis for longer than its lease does no harm when it is back', async () => {
  const first = await world.replica();
  const swarm = await world.swarm('a');
  const id = await first.submit({});
  await first.ended(id);
  await world.redis.kill('SIGSTOP');
  const submissions = [1, 2, 3].map((input) =>
    first.call('POST', '/v1/tasks', { type: 'echo', input }, { 'idempotency-key': `k${input}` }),
  );
  const early: Answer[] = [];
  for (const each of submissions) void each.then((answer) => early.push(answer));
  await leaseHasRunOut(id);
  expect(early.filter(({ status }) => status !== 503)).toEqual([]);
  await world.redis.kill('SIGCONT');
  const answers = await Promise.all(submissions);
  for (const answer of answers) expect([202, 503]).toContain(answer.status);
  // Whatever was said, a repetition with the key is the same task, and there is one of each.
  const ids: string[] = [];
  for (const [index, answer] of answers.entries()) {
    const again = await eventually(async () => {
      const body = { type: 'echo', input: index + 1 };
      const given = await first.call('POST', '/v1/tasks', body, { 'idempotency-key': `k${index + 1}` });
      return given.status === 202 ? given : undefined;
    });
    const taken = (again.body as { id: string }).id;
    if (answer.status === 202) expect((answer.body as { id: string }).id).toBe(taken);
    ids.push(taken);
  }
  for (const each of ids) expect((await first.ended(each)).state).toBe('succeeded');
  await expectSound(first, ids, [swarm]);
});

/** What one hears of an owner whose lease has run out: it refuses, and does not listen any more as soon as it has noticed. */
const NOT_SERVED: ReadonlySet<string> = new Set(['shard-unavailable', 'bus-unavailable']);

/** The owner of an ended task takes no report of it any more; as long as it does, that changes nothing. */
async function leaseHasRunOut(taskId: string): Promise<void> {
  const report = { taskId, attempt: 1, outcome: 'succeeded', startedAt: 0, finishedAt: 0 };
  const body = { v: 1, swarmId: 'a', reports: [report], outcomes: [], progress: [], fetch: 0 };
  const subject = subjects.shardReport(shardOf(taskId, SHARDS) ?? 0);
  let last = '';
  const told = async (): Promise<string> => {
    try {
      await world.bus.request(subject, body, { reply: ReportReply, timeoutMs: 200 });
      return 'taken';
    } catch (error) {
      return error instanceof MultiswarmError ? error.code : String(error);
    }
  };
  await eventually(async () => NOT_SERVED.has((last = await told())), {
    describe: () => `the owner without its lease refusing a report; the last one was ${last}`,
  });
}

/** A client that was told to come again, or has no hurry. */
function later(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
}

/** How often a commit was not taken by Redis. */
function waits(replica: Replica): number {
  return replica.logs().split('commit waits for Redis').length - 1;
}

test('Redis dies under submissions and comes back: what was acknowledged is there, once, and all of it ends', async () => {
  const one = await world.replica();
  const swarm = await world.swarm('a');
  const accepted = new Map<string, string>();
  const refused = new Set<number>();
  let count = 0;
  const clients = new Clients(4, async () => {
    const key = `k${(count += 1)}`;
    const answer = await one.call(
      'POST',
      '/v1/tasks',
      { type: 'echo', input: key },
      { 'idempotency-key': key },
    );
    if (answer.status === 202) accepted.set(key, (answer.body as { id: string }).id);
    else {
      refused.add(answer.status);
      expect(answer.body).toMatchObject({ retryable: true });
      expect(answer.headers.get('retry-after')).not.toBeNull();
      await later(20);
    }
  });
  for (let round = 0; round < 2; round += 1) {
    const before = accepted.size;
    await eventually(() => accepted.size > before + 30, { timeoutMs: 10_000 });
    const known = waits(one);
    await world.redis.kill('SIGKILL');
    await eventually(() => waits(one) > known, { describe: 'a commit that waits for Redis' });
    await world.redis.restart();
  }
  const before = accepted.size;
  await eventually(() => accepted.size > before + 30, { timeoutMs: 10_000 });
  await clients.stop();
  expect([...refused].filter((status) => status !== 503)).toEqual([]);
  expect(new Set(accepted.values()).size).toBe(accepted.size);
  for (const [key, id] of accepted)
    expect(await one.ended(id)).toMatchObject({ state: 'succeeded', output: key });
  await expectSound(one, [...accepted.values()].slice(-30), [swarm]);
  const counted = await one.call('GET', '/status');
  const tasks = counted.body.tasks as Record<string, number>;
  const indexes = await world.store.redis.keys('ms:*:tasks');
  const listed = await Promise.all(indexes.map((key) => world.store.redis.zcard(key)));
  const sum = (counts: number[]): number => counts.reduce((total, each) => total + each, 0);
  expect(sum(Object.values(tasks))).toBe(sum(listed));
});

test('while Redis is away reads say so, and health does', async () => {
  const one = await world.replica();
  const id = await one.submit({ type: 'nobody-can' });
  await world.redis.kill('SIGKILL');
  for (const path of [`/v1/tasks/${id}`, '/v1/tasks', `/v1/tasks/${id}/events`, '/v1/workflows'])
    expect(await one.call('GET', path)).toMatchObject({
      status: 503,
      body: { code: 'store-unavailable', retryable: true },
    });
  expect(await one.call('GET', '/health')).toMatchObject({
    status: 503,
    body: { checks: { redis: { ok: false } } },
  });
  expect(await one.call('GET', '/status')).toMatchObject({ status: 200, body: { health: 'down' } });
  await world.redis.restart();
  await eventually(async () => (await one.call('GET', `/v1/tasks/${id}`)).status === 200);
});

test('NATS restarts under running work: submissions are accepted meanwhile or told to come again, and all of it ends', async () => {
  const one = await world.replica();
  const swarm = await world.swarm('a');
  const ids: string[] = [];
  const clients = new Clients(3, async () => {
    const answer = await one.call('POST', '/v1/tasks', { type: 'echo' });
    if (answer.status === 202) ids.push((answer.body as { id: string }).id);
    else expect(answer.status).toBe(503);
    await later(2);
  });
  await eventually(() => ids.length > 50);
  await world.nats.kill('SIGKILL');
  const before = ids.length;
  await eventually(() => ids.length > before + 20);
  await world.nats.restart();
  await eventually(() => world.bus.connected, { timeoutMs: 10_000 });
  await eventually(() => ids.length > before + 40);
  await clients.stop();
  let last: Task | undefined;
  for (const id of ids) {
    last = await one.task(id, 15_000);
    if (!isTerminal(last.state))
      throw new Error(`not ended: ${JSON.stringify(last)}\n${one.logs().slice(-2000)}`);
    expect(last.state).toBe('succeeded');
  }
  await expectSound(one, ids.slice(-20), [swarm]);
  // Every event reached the stream: the outbox holds no more than what is trimmed in one go.
  await eventually(
    async () => {
      const outboxes = await world.store.redis.keys('ms:*:outbox');
      const lengths = await Promise.all(outboxes.map((key) => world.store.redis.xlen(key)));
      return lengths.every((length) => length <= 64);
    },
    { timeoutMs: 30_000, describe: 'the outboxes being handed over' },
  );
});

test('MAX_SWARMS_PER_REGION and MAX_REGIONS: who is one too many is told, and gets no work', async () => {
  const one = await world.replica({ MAX_SWARMS_PER_REGION: '1', MAX_REGIONS: '1' });
  const first = await world.swarm('a');
  await one.ended(await one.submit({}));
  const second = await world.swarm('b', undefined, { slots: 0 });
  const elsewhere = await world.swarm('c', undefined, { region: 'us-east', slots: 0 });
  await eventually(() => second.dismissals.length > 0 && elsewhere.dismissals.length > 0);
  expect(second.dismissals[0]).toMatch(/^region eu-west has its 1 swarms \(MAX_SWARMS_PER_REGION\)/);
  expect(elsewhere.dismissals[0]).toMatch(/^there are 1 regions already \(MAX_REGIONS\): use one of eu-west/);
  expect(first.dismissals).toEqual([]);
  await one.ended(await one.submit({}));
  expect([...second.ran, ...elsewhere.ran]).toEqual([]);
});

test('SHARDS is fixed by the first start', async () => {
  await world.replica();
  await expect(world.replica({ SHARDS: '8' })).rejects.toMatchObject({
    code: 'invalid-configuration',
    message: 'this data was made with SHARDS=4, not 8: start with SHARDS=4',
    findings: [{ pointer: '/SHARDS' }],
  });
});

test('a Redis that could forget tasks is refused, with every fault and the remedy, unless the check is off', async () => {
  await world.store.redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await world.store.redis.config('SET', 'appendonly', 'no');
  const before = await world.keys();
  await expect(world.replica()).rejects.toMatchObject({
    code: 'invalid-configuration',
    message: expect.stringMatching(/maxmemory-policy must be noeviction.*appendonly must be yes/),
    findings: [{ pointer: '/REDIS_URL' }, { pointer: '/REDIS_URL' }],
  });
  expect(await world.keys()).toEqual(before);
  await expect(world.replica({ REDIS_DURABILITY_CHECK: 'false' })).resolves.toBeDefined();
});

test('without NATS or Redis the start fails with their address and the remedy', async () => {
  await expect(world.replica({ NATS_URL: 'nats://127.0.0.1:1' })).rejects.toMatchObject({
    code: 'bus-unavailable',
    message: expect.stringContaining('nats://127.0.0.1:1'),
  });
  await expect(world.replica({ REDIS_URL: 'redis://127.0.0.1:1' })).rejects.toMatchObject({
    code: 'store-unavailable',
    message: expect.stringContaining('redis://127.0.0.1:1'),
  });
});
