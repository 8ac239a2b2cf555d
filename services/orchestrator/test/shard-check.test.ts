import { keys, ShardCheckReport, ShardPage, subjects, type CheckShardBody } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import type { z } from 'zod';
import { SHARDS } from './support/fake-swarm';
import { World, type Replica } from './support/world';

let world: World;
let one: Replica;

beforeAll(async () => {
  world = await World.start();
  one = await world.replica();
});
beforeEach(async () => void (await world.swarm('a')));
afterEach(() => world.dismissSwarms());
afterAll(() => world.stop());

type Asked = Partial<z.input<typeof CheckShardBody>>;

/** A whole run of a check, from its beginning to its end. */
async function check(shard: number, asked: Asked = {}, replica = one): Promise<ShardCheckReport> {
  let run: string | undefined;
  for (;;) {
    const body = { ...asked, ...(run === undefined ? {} : { run }) };
    const answer = await replica.call('POST', `/v1/shards/${shard}/check`, body);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    const report = ShardCheckReport.parse(answer.body);
    run = report.run;
    if (report.state !== 'running') return report;
  }
}

const shardOf = (id: string): number => Number(/^[tw](\d+)-/.exec(id)?.[1]);
const told = ({ findings }: ShardCheckReport): string[] =>
  findings.map(({ kind, of }) => `${kind} ${of}`).sort();

/** Tasks of one shard in every state that lasts: waiting for a signal, paused, running, succeeded, failed. */
async function mixed(): Promise<{ shard: number; ids: Record<string, string> }> {
  await world.dismissSwarms();
  await world.swarm('mixed', ({ input }) => {
    if (input === 'hold') return undefined;
    if (input === 'fail')
      return { outcome: 'failed', error: { code: 'no', message: 'no', retryable: false } };
    return { output: 'done' };
  });
  const kinds = {
    waits: { input: 'x', waitFor: { signal: 'go' } },
    later: { input: 'x', notBefore: new Date(Date.now() + 3_600_000).toISOString() },
    runs: { input: 'hold' },
    failed: { input: 'fail' },
    done: { input: 'x' },
    large: { input: { text: 'x'.repeat(300 * 1024) } },
  };
  const ids: Record<string, string> = {};
  for (const [name, body] of Object.entries(kinds))
    while (ids[name] === undefined || shardOf(ids[name]) !== 0) ids[name] = await one.submit(body);
  await one.inState(ids['runs'] ?? '', 'running');
  await one.inState(ids['waits'] ?? '', 'waiting');
  for (const name of ['failed', 'done', 'large']) await one.ended(ids[name] ?? '');
  return { shard: 0, ids };
}

test('the shards are listed as they stand', async () => {
  // A busy machine may still be taking them.
  const items = await eventually(async () => {
    const page = ShardPage.parse((await one.call('GET', '/v1/shards')).body);
    return page.items.every(({ owner, epoch }) => owner !== '' && epoch > 0) ? page.items : undefined;
  });
  expect(items.map(({ shard }) => shard)).toEqual(Array.from({ length: SHARDS }, (_, shard) => shard));
  expect((await one.call('POST', `/v1/shards/${SHARDS}/check`, {})).body).toMatchObject({
    code: 'shard-not-found',
  });
  expect((await one.call('POST', '/v1/shards/0/check', { run: 'never' })).body).toMatchObject({
    code: 'check-not-found',
  });
});

test('of a healthy system that is busy nothing is told', async () => {
  const work = { goesOn: true };
  let looked = 0;
  const load = (async () => {
    for (let n = 0; work.goesOn; n += 1) {
      const tasks = Array.from({ length: 50 }, () => ({ type: 'echo', input: n, limitKeys: ['k'] }));
      await one.call('POST', '/v1/tasks/batch', { tasks });
      if (n % 5 === 0)
        await one.submitWorkflow({
          tasks: [
            { id: 'a', type: 'echo' },
            { id: 'b', type: 'echo' },
          ],
          dependencies: { b: ['a'] },
        });
      if (n % 3 === 0) {
        const id = await one.submit({ waitFor: { signal: 'go', timeoutMs: 60_000 } });
        await one.call('POST', `/v1/tasks/${id}/cancel`, {});
      }
    }
  })();
  try {
    for (let round = 0; round < 2; round += 1)
      for (let shard = 0; shard < SHARDS; shard += 1) {
        const report = await check(shard);
        expect(report).toMatchObject({ state: 'done', found: 0, findings: [], skipped: [] });
        looked += report.looked;
      }
  } finally {
    work.goesOn = false;
    await load;
  }
  expect(looked).toBeGreaterThan(100);
});

test('what is wrong in Redis is found where it is, told without touching it, and mended when asked for', async () => {
  const { shard, ids } = await mixed();
  const { redis } = world.store;
  const { waits = '', later = '', runs = '', failed = '', done = '', large = '' } = ids;
  expect(await check(shard)).toMatchObject({ state: 'done', found: 0, skipped: [] });
  await redis
    .multi()
    .hincrby(keys.counts(shard), 'assigned', 1)
    .hincrby(keys.counts(shard), 'succeeded', -1_000_000)
    .zrem(keys.waitingTasks(shard), waits)
    .zrem(keys.tasks(shard), later)
    .zadd(keys.waitingTasks(shard), 5, runs)
    .srem(keys.activeTasks(shard), runs)
    .zrem(keys.deadLetters(shard), failed)
    .hset(keys.deadLetterFacts(shard), done, '[]')
    .hdel(keys.payloadRefs(shard), large)
    .zrem(keys.ended(shard), done)
    .zadd(keys.ended(shard), 5e15, waits)
    .sadd(keys.activeTasks(shard), 't0-nobodynobody')
    .zadd(keys.tasks(shard), 7, 't0-norecordnorecord')
    .exec();
  const report = await check(shard);
  expect(told(report)).toEqual(
    [
      'count assigned',
      'count succeeded',
      `active-index ${runs}`,
      `dead-letter-index ${done}`,
      `dead-letter-index ${failed}`,
      `expiry-index ${done}`,
      `payload-index ${large}`,
      `expiry-index ${waits}`,
      'record-missing t0-nobodynobody',
      'record-missing t0-norecordnorecord',
      `unlisted ${later}`,
      `waiting-index ${runs}`,
      `waiting-index ${waits}`,
    ].sort(),
  );
  expect(report.findings.find(({ of }) => of === 'assigned')).toMatchObject({
    ...{
      where: keys.counts(shard),
      expected: '0',
      found: '1',
      remedy: '-1 is added to the count',
      repaired: false,
    },
  });
  expect(told(await check(shard))).toEqual(told(report)); // nothing was touched
  const repaired = await check(shard, { repair: true, requestedBy: 'dana', reason: 'after the crash' });
  expect(repaired).toMatchObject({ found: report.found, repaired: report.found });
  expect(await check(shard)).toMatchObject({ state: 'done', found: 0 });
  expect(one.logs()).toMatch(/a deep check has ended.*dana|dana.*a deep check has ended/);
  // The tasks go on as if nothing had been.
  await one.call('POST', `/v1/tasks/${waits}/signal`, { name: 'go' });
  expect((await one.ended(waits)).state).toBe('succeeded');
  await one.call('POST', `/v1/tasks/${later}/cancel`, {});
  expect((await one.ended(later)).state).toBe('cancelled');
  await one.call('POST', `/v1/tasks/${runs}/cancel`, {});
  expect((await one.ended(runs)).state).toBe('cancelled');
});

test('indexes of workflows, and a step that is gone, are found', async () => {
  await world.dismissSwarms();
  await world.swarm('holds', () => undefined);
  const steps = {
    tasks: [
      { id: 'a', type: 'echo' },
      { id: 'b', type: 'echo' },
    ],
    dependencies: { b: ['a'] },
  };
  const run = await one.submitWorkflow(steps);
  const shard = shardOf(run);
  const { redis } = world.store;
  await redis.srem(keys.activeWorkflows(shard), run);
  await redis.zadd(keys.ended(shard), 5e15, run);
  expect(told(await check(shard))).toEqual([`run-index ${run}`, `run-index ${run}`]);
  expect(await check(shard, { repair: true })).toMatchObject({ found: 2, repaired: 2 });
  expect(await check(shard)).toMatchObject({ found: 0 });
  await one.call('POST', `/v1/workflows/${run}/cancel`, {});
  expect((await one.workflow(run, 10_000)).state).toBe('cancelled');
});

describe('what no list shows', () => {
  const TWO = { tasks: ['a', 'b'].map((id) => ({ id, type: 'echo' })), dependencies: { b: ['a'] } };

  async function endedRun(): Promise<{ run: string; shard: number; steps: string[] }> {
    const run = await one.submitWorkflow(TWO);
    const { steps, state } = await one.workflow(run, 10_000);
    expect(state).toBe('succeeded');
    return { run, shard: shardOf(run), steps: steps.map(({ taskId }) => taskId) };
  }

  /** Found, told without touching anything, mended, and then there is nothing any more. */
  async function mends(shard: number, expected: string[]): Promise<void> {
    for (let look = 0; look < 2; look += 1) expect(told(await check(shard))).toEqual([...expected].sort());
    const repaired = await check(shard, { repair: true });
    expect(repaired).toMatchObject({ found: expected.length, repaired: expected.length });
    expect(await check(shard)).toMatchObject({ state: 'done', found: 0 });
  }

  test('a run in no list and no index is found by its steps, and listed again', async () => {
    const { run, shard } = await endedRun();
    const { redis } = world.store;
    await redis.multi().zrem(keys.workflows(shard), run).zrem(keys.ended(shard), run).exec();
    await mends(shard, [`run-index ${run}`, `run-index ${run}`]);
    const { items } = (await one.call('GET', '/v1/workflows')).body as { items: { id: string }[] };
    expect(items.map(({ id }) => id)).toContain(run);
    expect(await redis.zscore(keys.ended(shard), run)).not.toBeNull();
  });

  test('one that runs goes on to its end when it is listed again', async () => {
    await world.dismissSwarms();
    const swarm = await world.swarm('holds', () => undefined);
    const run = await one.submitWorkflow(TWO);
    const shard = shardOf(run);
    const [first = ''] = (await one.workflow(run)).steps.map(({ taskId }) => taskId);
    await one.inState(first, 'running');
    const { redis } = world.store;
    await redis.multi().zrem(keys.workflows(shard), run).srem(keys.activeWorkflows(shard), run).exec();
    await mends(shard, [`run-index ${run}`, `run-index ${run}`]);
    // Of its record there is nothing any more: its owner has it in memory.
    const [key, history] = [keys.workflow(shard, run), keys.history(shard, run)];
    const [{ progress: _, ...whole }, events] = [await redis.hgetall(key), await redis.llen(history)];
    await redis.del(key);
    await mends(shard, [`run-missing ${run}`]);
    expect(await redis.hgetall(key)).toMatchObject(whole);
    expect(await redis.llen(history)).toBe(events);
    swarm.agent = () => ({ output: 1 });
    await swarm.report(first, 1);
    expect((await one.workflow(run, 10_000)).state).toBe('succeeded');
  });

  test('an index that leads to a run of which there is nothing is mended; steps without their run are only told', async () => {
    const { run, shard, steps } = await endedRun();
    const { redis } = world.store;
    const nobody = `w${shard}-nobodynobody`;
    await redis.sadd(keys.activeWorkflows(shard), nobody);
    await mends(shard, [`run-missing ${nobody}`]);
    const key = keys.workflow(shard, run);
    const [whole, listedAt] = [await redis.hgetall(key), await redis.zscore(keys.workflows(shard), run)];
    const history = await redis.lrange(keys.history(shard, run), 0, -1);
    expect(history.length).toBeGreaterThan(0);
    await redis.del(key);
    for (const isListed of [true, false]) {
      if (!isListed) await redis.zrem(keys.workflows(shard), run);
      const report = await check(shard, { repair: true });
      expect(told(report)).toEqual([`run-missing ${run}`]);
      expect(report).toMatchObject({ repaired: 0 });
      expect(steps.some((step) => report.findings[0]?.expected.includes(step))).toBe(true);
      expect(await redis.lrange(keys.history(shard, run), 0, -1)).toEqual(history);
    }
    await redis
      .multi()
      .hset(key, whole)
      .zadd(keys.workflows(shard), listedAt ?? 0, run)
      .exec();
    expect(await check(shard)).toMatchObject({ found: 0 });
  });

  test('an ended step that the list lacks is found although there are as many entries as records', async () => {
    const { shard, steps } = await endedRun();
    const [step = ''] = steps;
    const stranger = `t${shard}-norecordnorecord`;
    const { redis } = world.store;
    await redis.multi().zrem(keys.tasks(shard), step).zadd(keys.tasks(shard), 7, stranger).exec();
    await mends(shard, [`unlisted ${step}`, `record-missing ${stranger}`]);
  });
});

test.each([
  [
    'lacks a part',
    async (key: string) => void (await world.store.redis.hdel(key, 'progress')),
    'it lacks progress',
  ],
  [
    'is no JSON',
    async (key: string) => void (await world.store.redis.hset(key, 'state', '{')),
    'SyntaxError',
  ],
])(
  'a run whose record %s is told of, and no repair takes away what is left of it',
  async (_, damage, found) => {
    const run = await one.submitWorkflow({ tasks: [{ id: 'a', type: 'echo' }], dependencies: {} });
    await one.call('POST', `/v1/workflows/${run}/cancel`, {});
    await one.workflow(run, 10_000);
    const shard = shardOf(run);
    const { redis } = world.store;
    const key = keys.workflow(shard, run);
    const whole = await redis.hgetall(key);
    await damage(key);
    const left = await redis.hgetall(key);
    const report = await check(shard, { repair: true });
    expect(told(report)).toEqual([`run-unreadable ${run}`]);
    expect(report.findings[0]?.found).toContain(found);
    expect(report).toMatchObject({ state: 'done', found: 1, repaired: 0 });
    expect(await redis.hgetall(key)).toEqual(left);
    expect(await redis.zscore(keys.workflows(shard), run)).not.toBeNull();
    await redis.hset(key, whole);
    expect(await check(shard)).toMatchObject({ found: 0 });
  },
);

test('a slot that the load-balancer keeps for an attempt that is over is found, and given back', async () => {
  const id = await one.submit({});
  await one.ended(id);
  world.lb.leak('a', id, 1);
  const shard = shardOf(id);
  const report = await check(shard);
  expect(told(report)).toEqual([`slot ${id}`]);
  expect(report.findings[0]).toMatchObject({ expected: 'none', found: 'attempt 1 reserved on a' });
  expect(await check(shard, { repair: true })).toMatchObject({ found: 1, repaired: 1 });
  await world.allSlotsBack();
  expect(await check(shard)).toMatchObject({ found: 0, skipped: [] });
});

test('a record that was changed behind the owner is found in its memory, and the shard taken anew', async () => {
  const { shard, ids } = await mixed();
  const { waits = '', runs = '' } = ids;
  const { redis } = world.store;
  const state = JSON.parse((await redis.hget(keys.states(shard), runs)) ?? '{}') as { attempt: number };
  await redis.hset(keys.states(shard), runs, JSON.stringify({ ...state, attempt: state.attempt + 1 }));
  const report = await check(shard);
  expect(told(report)).toContain(`memory ${runs}`);
  const before = Number(await redis.hget(keys.shard(shard), 'epoch'));
  await check(shard, { repair: true });
  await eventually(async () => Number(await redis.hget(keys.shard(shard), 'epoch')) > before);
  await eventually(async () => (await one.call('POST', `/v1/shards/${shard}/check`, {})).status === 200);
  const after = await check(shard);
  expect(told(after).filter((each) => each.startsWith('memory'))).toEqual([]);
  for (const id of [waits, runs]) await one.call('POST', `/v1/tasks/${id}/cancel`, {});
});

test('over NATS as over HTTP, on any replica', async () => {
  const other = await world.replica();
  try {
    const report = await world.bus.request(
      subjects.shards('check'),
      { shard: 1, waitMs: 3_000 },
      { reply: ShardCheckReport },
    );
    expect(report).toMatchObject({ shard: 1, findings: [] });
    const reports = await Promise.all([check(1, {}, other), check(2, {}, other), check(3, {}, one)]);
    expect(reports.flatMap(({ findings }) => findings)).toEqual([]);
  } finally {
    await other.stop();
  }
});
