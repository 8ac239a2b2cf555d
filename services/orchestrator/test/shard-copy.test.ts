import { keys, ShardExportPart, ShardImportReply, type JsonValue, type Task } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { World, type Answer, type Replica } from './support/world';

const ONE_SHARD = { SHARDS: '1' };
let source: World;
let target: World;
let from: Replica;
let to: Replica;
/** What agents hold until the test lets them go on. */
const held = new Set<unknown>();

beforeAll(async () => {
  [source, target] = await Promise.all([World.start(), World.start()]);
  [from, to] = await Promise.all([source.replica(ONE_SHARD), target.replica(ONE_SHARD)]);
});
beforeEach(async () => {
  held.clear();
  await source.swarm('s', ({ input }) => {
    if (held.has(input)) return undefined;
    if (input === 'fail')
      return { outcome: 'failed', error: { code: 'no', message: 'no', retryable: false } };
    return { output: input };
  });
});
afterEach(() => Promise.all([source.dismissSwarms(), target.dismissSwarms()]));
afterAll(() => Promise.all([source.stop(), target.stop()]));

/** A whole copy of shard 0. @param between is done between its parts */
async function exported(
  replica: Replica,
  between: () => Promise<unknown> = () => Promise.resolve(),
): Promise<JsonValue[]> {
  const lines: JsonValue[] = [];
  let run: string | undefined;
  for (let seq = 0; ; seq += 1) {
    const { status, body } = await replica.call('POST', '/v1/shards/0/export', {
      seq,
      ...(run ? { run } : {}),
    });
    if (status !== 200) throw new Error(JSON.stringify(body));
    const part = ShardExportPart.parse(body);
    run = part.run;
    lines.push(...part.lines);
    if (part.done) return lines;
    await between();
  }
}

async function part(replica: Replica, body: object): Promise<Answer> {
  let answer: Answer | undefined;
  await eventually(async () => {
    answer = await replica.call('POST', '/v1/shards/0/import', body);
    return answer.status !== 503;
  });
  return answer as Answer;
}

/** @returns the last answer: of a refusal, that */
async function imported(replica: Replica, lines: readonly JsonValue[], given: object = {}): Promise<Answer> {
  const [head, ...rest] = lines;
  let answer = await part(replica, { lines: [head], ...given });
  if (answer.status !== 200) return answer;
  const { run } = ShardImportReply.parse(answer.body);
  await eventually(async () => {
    answer = await part(replica, { run, lines: [head] });
    return ShardImportReply.parse(answer.body).state === 'open';
  });
  for (let at = 0, seq = 1; at < rest.length; at += 40, seq += 1) {
    answer = await part(replica, { run, seq, lines: rest.slice(at, at + 40) });
    if (answer.status !== 200) return answer;
    // The same part again is answered alike, and not taken a second time.
    if (seq === 1) expect((await part(replica, { run, seq, lines: rest.slice(0, 40) })).status).toBe(200);
  }
  return answer;
}

/** A run with a map and a workflow inside it that are under way, a wait, and a step that it got while it ran. */
async function richRun(): Promise<string> {
  const run = await from.submitWorkflow({
    tasks: [
      { id: 'plan', type: 'echo', input: 'plan' },
      { id: 'each', type: 'echo', map: { over: '$.run.input' }, inputs: '$.item' },
      { id: 'inside', workflow: { tasks: [{ id: 'x', type: 'echo', input: 'runs' }] } },
      { id: 'wait', waitFor: { signal: 'go' } },
    ],
    dependencies: { each: ['plan'], inside: ['plan'], wait: ['plan'] },
    input: ['done', 'runs'],
  });
  const late = { id: 'late', type: 'echo', inputs: '$.steps.plan.output' };
  await from.call('POST', `/v1/workflows/${run}/steps`, { tasks: [late], dependencies: { late: ['plan'] } });
  await eventually(async () => {
    const { steps } = await from.workflow(run);
    return steps.some(({ id }) => id === 'each[1]') && steps[0]?.state === 'succeeded';
  });
  return run;
}

async function emptied(): Promise<void> {
  await eventually(async () => {
    const { status, body } = await to.call('POST', '/v1/tasks', {
      type: 'never',
      notBefore: new Date(Date.now() + 9e6).toISOString(),
    });
    if (status !== 202) return false;
    await to.call('POST', `/v1/tasks/${(body as { id: string }).id}/cancel`, {});
    return true;
  });
}

const event = async (replica: Replica, id: string): Promise<unknown> =>
  ((await replica.call('GET', `/v1/tasks/${id}/events`)).body as { items: unknown[] }).items;

test('a shard that is copied while it is busy goes on elsewhere: all ends, keys still meet their tasks, numbers go on', async () => {
  held.add('runs');
  const later = new Date(Date.now() + 3_600_000).toISOString();
  const key = { 'idempotency-key': 'once' };
  const keyed = (
    (await from.call('POST', '/v1/tasks', { type: 'echo', input: 'keyed' }, key)).body as { id: string }
  ).id;
  const failed = await from.submit({ input: 'fail' });
  const done = await from.submit({ input: 'done' });
  const runs = await from.submit({ input: 'runs' });
  const waits = await from.submit({ input: 'waits', waitFor: { signal: 'go' } });
  const lateOne = await from.submit({ input: 'x', notBefore: later });
  const flow = await from.submitWorkflow({
    tasks: [
      { id: 'a', type: 'echo', input: { n: 1 } },
      { id: 'b', type: 'echo', input: 'runs' },
      { id: 'c', type: 'echo', input: {} },
    ],
    dependencies: { c: ['a', 'b'] },
  });
  const rich = await richRun();
  const forked = await from.call('POST', `/v1/workflows/${rich}/rerun`, { from: { failed: true } });
  const fork = (forked.body as { id: string }).id;
  for (const id of [keyed, failed, done]) await from.ended(id);
  await from.inState(runs, 'running');
  // Enough for several parts, and some that come and go while it is copied.
  const pad = 'x'.repeat(2_000);
  const tasks = Array.from({ length: 300 }, () => ({ type: 'echo', input: pad, notBefore: later }));
  await from.call('POST', '/v1/tasks/batch', { tasks });
  const during: string[] = [];
  const lines = await exported(from, async () => {
    const id = await from.submit({ input: `during ${during.length}` });
    during.push(id);
    await from.ended(id);
    await from.call('POST', `/v1/tasks/${lateOne}/cancel`, {});
  });
  expect(during.length).toBeGreaterThan(1);
  const before = new Map<string, Task>();
  for (const id of [keyed, failed, done, lateOne, ...during]) before.set(id, await from.task(id));

  expect((await imported(to, lines)).body).toMatchObject({ state: 'done' });
  await emptied();
  for (const [id, task] of before) {
    expect(await to.task(id)).toEqual(task);
    expect(await event(to, id)).toEqual(await event(from, id));
  }
  expect((await to.call('GET', '/v1/dead-letters')).body).toMatchObject({ items: [{ id: failed }] });
  const report = await to.call('POST', '/v1/shards/0/check', { waitMs: 3_000 });
  expect(report.body).toMatchObject({ state: 'done', findings: [] });
  // It goes on: what ran is made again under a number that nobody has used.
  await target.swarm('t', ({ input }) => ({ output: input }));
  const redone = await to.ended(runs);
  expect(redone).toMatchObject({ state: 'succeeded', swarmId: 't' });
  expect(redone.attempt).toBeGreaterThan(1_000_000);
  await to.call('POST', `/v1/tasks/${waits}/signal`, { name: 'go' });
  expect((await to.ended(waits)).state).toBe('succeeded');
  expect((await to.workflow(flow, 15_000)).state).toBe('succeeded');
  for (const run of [rich, fork]) {
    await to.call('POST', `/v1/workflows/${run}/signal`, { name: 'go', payload: 'gone' });
    const { state, output, steps } = await to.workflow(run, 15_000);
    const made = { each: ['done', 'runs'], inside: { x: 'runs' }, wait: 'gone', late: 'plan' };
    expect({ state, output }).toEqual({ state: 'succeeded', output: made });
    const ids = ['each', 'each[0]', 'each[1]', 'inside', 'late', 'plan', 'wait'];
    expect(steps.map(({ id }) => id).sort()).toEqual(ids);
  }
  expect((await to.workflow(fork)).steps[0]).toMatchObject({ id: 'plan', state: 'succeeded', attempt: 0 });
  const again = await to.call('POST', '/v1/tasks', { type: 'echo', input: 'keyed' }, key);
  expect(again.body).toMatchObject({ id: keyed, duplicate: true });
  const other = await to.call('POST', '/v1/tasks', { type: 'echo', input: 'another' }, key);
  expect(other.status).toBe(422);
  const epoch = Number(await target.store.redis.hget(keys.shard(0), 'epoch'));
  expect(epoch).toBeGreaterThan((lines[0] as { epoch: number }).epoch);

  // A shard that is not empty is imported only when that is said in so many words.
  const refused = await imported(to, lines);
  expect([refused.status, refused.body]).toMatchObject([409, { code: 'copy-refused' }]);
  expect((await imported(to, lines, { replace: true })).body).toMatchObject({ state: 'done' });
  await emptied();
  expect((await to.task(waits)).state).toBe('waiting');
}, 60_000);

describe('a copy that does not fit', () => {
  let third: World;
  let clean: Replica;

  beforeAll(async () => {
    third = await World.start();
    clean = await third.replica(ONE_SHARD);
  });
  afterAll(() => third.stop());

  test.each<[string, (lines: JsonValue[]) => JsonValue[]]>([
    ['of another number of shards', ([head, ...rest]) => [{ ...(head as object), shards: 16 }, ...rest]],
    ['of another shard', ([head, ...rest]) => [{ ...(head as object), shard: 3 }, ...rest]],
    ['of another version', ([head, ...rest]) => [{ ...(head as object), v: 2 }, ...rest]],
    ['that lacks a line', (lines) => lines.filter((line) => !JSON.stringify(line).includes('"lost"'))],
    ['with a line that is none', (lines) => [...lines.slice(0, 2), { what: 'is this' }, ...lines.slice(2)]],
    [
      'with a record that nobody could load',
      (lines) => [
        ...lines.slice(0, 1),
        { task: 't0-00000000', spec: { spec: {}, state: 'odd' } },
        ...lines.slice(1),
      ],
    ],
  ])('%s is refused, and nothing is stored', async (_what, spoil) => {
    await from.submit({ input: 'lost', notBefore: new Date(Date.now() + 9e6).toISOString() });
    const lines = spoil(await exported(from));
    const { status, body } = await imported(clean, lines);
    expect([status, body]).toMatchObject([409, { code: 'copy-refused' }]);
    // It serves again, and has nothing: no record, no index, no mark of an import.
    await eventually(
      async () => (await clean.call('POST', '/v1/tasks/t0-nobodynobody/cancel', {})).status === 404,
    );
    expect((await clean.call('GET', '/v1/shards')).body).toMatchObject({
      items: [{ tasks: 0, workflows: 0 }],
    });
    expect((await third.keys()).filter((name) => name.includes('{s0}'))).toEqual([keys.shard(0)]);
    expect(await third.store.redis.hget(keys.shard(0), 'importing')).toBeNull();
  });
});

test('an import that was begun and left makes room for another one', async () => {
  const lines = await exported(from);
  const takings = (): number => to.logs().split('shard taken').length;
  const before = takings();
  expect((await part(to, { lines: lines.slice(0, 1), replace: true })).status).toBe(200);
  await eventually(() => takings() > before);
  expect((await imported(to, lines, { replace: true })).body).toMatchObject({ state: 'done' });
  await emptied();
});

test('an operator can ask for a new incarnation, and what runs is made again', async () => {
  held.add('again');
  const id = await from.submit({ input: 'again' });
  await from.inState(id, 'running');
  expect((await from.call('POST', '/v1/shards/0/recover', {})).status).toBe(400);
  held.clear();
  const { status, body } = await from.call('POST', '/v1/shards/0/recover', {
    confirm: true,
    reason: 'JetStream is new too',
  });
  expect([status, body]).toEqual([200, { shard: 0, state: 'beginning' }]);
  const redone = await from.ended(id);
  expect(redone.state).toBe('succeeded');
  expect(redone.attempt).toBeGreaterThan(1_000_000);
  expect(from.logs()).toContain('a person has asked for it');
});
