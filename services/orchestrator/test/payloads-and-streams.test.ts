import { randomBytes } from 'node:crypto';
import { ensureStream, forgetMessages, PayloadBucket, PayloadInventory, storeMessage } from '@multiswarm/bus';

import {
  keys,
  LIMITS,
  shardOf,
  streams,
  subjects,
  TaskLogs,
  type BatchReply,
  type PayloadCheck,
  type PayloadRef,
} from '@multiswarm/contracts';
import { systemClock, systemIds } from '@multiswarm/core';
import { mailReferences } from '../src/adapters/bus/mail-references';
import { busLastEvents } from '../src/adapters/bus/ports';
import { redisPayloadIndex } from '../src/adapters/store/redis-payload-index';
import { PayloadInspection } from '../src/application/payload-check';
import { PayloadSweep, type SweepParts } from '../src/application/payload-sweep';
import { SHARDS } from './support/fake-swarm';
import { World, type Replica } from './support/world';

let world: World;
let one: Replica;
let store: PayloadBucket;
let parts: SweepParts & { store: PayloadBucket };

beforeAll(async () => {
  world = await World.start();
  one = await world.replica();
  const { connection } = world.bus;
  store = new PayloadBucket(connection, systemClock, systemIds);
  parts = {
    store,
    stock: new PayloadInventory(connection, systemClock),
    index: redisPayloadIndex(world.store),
    ofMail: mailReferences(world.bus),
    lastPublished: async (shard) => (await busLastEvents(world.bus)(shard))?.batchSeq,
    shards: SHARDS,
    clock: systemClock,
    graceMs: -1_000, // of the server's clock and ours: what is stored now is old
  };
});

afterEach(() => world.dismissSwarms());
afterAll(() => world.stop());

const LATER = '2030-01-01T00:00:00Z';
const large = (): string => randomBytes(LIMITS.TASK_INPUT_BYTES).toString('hex');

async function check(repair = false): Promise<PayloadCheck> {
  return new PayloadInspection(parts).check({ repair, limit: 100 });
}

async function text(path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(one.url + path);
  return { status: response.status, text: await response.text() };
}

/** Asks the server about the stream of payloads, or to change it. */
async function askStore<T>(verb: 'INFO' | 'UPDATE', body: object = {}): Promise<T> {
  const subject = `$JS.API.STREAM.${verb}.${streams.payloads}`;
  const answer = (await world.bus.connection.request(subject, JSON.stringify(body))).json<
    T & { error?: object }
  >();
  if (answer.error) throw new Error(JSON.stringify(answer.error));
  return answer;
}

test('an input over the limit goes by reference, and comes back as it was', async () => {
  const swarm = await world.swarm('a', () => ({ output: 'done' }));
  const input = { text: large() };
  const id = await one.submit({ input });
  const task = await one.ended(id);
  expect(task).toMatchObject({
    state: 'succeeded',
    input: null,
    inputRef: { bytes: JSON.stringify(input).length },
  });
  const dispatched = swarm.dispatches.at(-1)?.attempt;
  expect(dispatched).toMatchObject({ input: null, inputRef: task.inputRef });
  expect(JSON.parse((await text(`/v1/tasks/${id}/input`)).text)).toEqual(input);
});

test('the same submission again is the same task, and one payload', async () => {
  const body = { type: 'echo', notBefore: LATER, input: large(), idempotencyKey: 'twice' };
  const answers = [await one.call('POST', '/v1/tasks', body), await one.call('POST', '/v1/tasks', body)];
  expect(answers.map((answer) => answer.body)).toMatchObject([{ duplicate: false }, { duplicate: true }]);
  const other = await one.call('POST', '/v1/tasks', { ...body, input: large() });
  expect(other.body).toMatchObject({ code: 'idempotency-conflict' });
});

test('an output by reference is read over HTTP, and is no output before the task has succeeded', async () => {
  const value = large();
  const outputRef = await store.store('default', JSON.stringify(value));
  const waiting = await one.submit({ notBefore: LATER });
  await world.swarm('a', () => ({ outputRef }));
  const id = await one.submit({});
  expect(await one.ended(id)).toMatchObject({ output: null, outputRef });
  expect(await text(`/v1/tasks/${id}/output`)).toEqual({ status: 200, text: JSON.stringify(value) });
  expect(await one.call('GET', `/v1/tasks/${id}/output`)).toMatchObject({ body: value });
  expect((await one.call('GET', `/v1/tasks/${waiting}/output`)).body).toMatchObject({ code: 'wrong-state' });
});

test.each([
  ['was never stored', 'default', 1, { code: 'payload-not-found', retryable: true }],
  ['has another size', 'default', 2, { code: 'payload-not-found', retryable: true }],
  ['is of another namespace', 'other', 0, { code: 'invalid-request', retryable: false }],
])(
  'an output by reference that %s fails the attempt, and is not referred to',
  async (_how, namespace, wrong, error) => {
    const stored = await store.store(namespace, JSON.stringify(large()));
    const never = { id: `default.${'f'.repeat(64)}`, bytes: stored.bytes };
    const outputRef = [stored, never, { ...stored, bytes: stored.bytes - 1 }][wrong] ?? never;
    await world.swarm('a', () => ({ outputRef }));
    const id = await one.submit({ retry: { maxAttempts: 1 } });
    expect(await one.ended(id)).toMatchObject({ state: 'failed', error });
    expect(await world.store.redis.hexists(keys.payloadRefs(shardOf(id, SHARDS) ?? 0), id)).toBe(0);
  },
);

test('an output that is there is taken also where the store is too full to note that it was claimed', async () => {
  const outputRef = await store.store('default', JSON.stringify(large()));
  await world.swarm('a', () => ({ outputRef }));
  const { config, state } = await askStore<{ config: object; state: { bytes: number } }>('INFO');
  await askStore('UPDATE', { ...config, max_bytes: state.bytes });
  try {
    await expect(store.claim(outputRef)).rejects.toMatchObject({ code: 'payload-store-full' });
    const id = await one.submit({});
    expect(await one.ended(id)).toMatchObject({ state: 'succeeded', outputRef });
  } finally {
    await askStore('UPDATE', config);
  }
});

test('what fits is read the same way', async () => {
  await world.swarm('a');
  const id = await one.submit({ input: { n: 1 } });
  await one.ended(id);
  expect((await one.call('GET', `/v1/tasks/${id}/output`)).body).toEqual({ n: 1 });
  expect((await one.call('GET', `/v1/tasks/${id}/input`)).body).toEqual({ n: 1 });
});

test('a payload that was stored in one request is the input of many tasks, and of their reruns', async () => {
  const swarm = await world.swarm('a', () => ({ output: 1 }));
  const stored = await one.call('POST', '/v1/payloads', JSON.stringify({ blob: large() }));
  expect(stored.status).toBe(201);
  const inputRef = stored.body as PayloadRef;
  const again = await one.call('POST', '/v1/payloads', JSON.stringify({ blob: 1 }));
  expect((again.body as PayloadRef).id).not.toBe(inputRef.id);
  const first = await one.submit({ inputRef });
  const batch = await one.call('POST', '/v1/tasks/batch', {
    tasks: [{ type: 'echo', inputRef }, { type: 'echo', input: large() }, { type: 'echo' }],
  });
  expect(batch.body as BatchReply).toMatchObject({ accepted: 3, rejected: 0 });
  await one.ended(first);
  const { body } = await one.call('POST', `/v1/tasks/${first}/rerun`, {});
  await one.ended((body as { id: string }).id);
  expect(swarm.dispatches.at(-1)?.attempt.inputRef).toEqual(inputRef);
});

test('outputs of steps that are payloads become inputs of the next step, beside those that are not', async () => {
  const outputRef = await store.store('default', JSON.stringify(large()));
  const swarm = await world.swarm('a', ({ step }) =>
    step === 'large' ? { outputRef } : { output: step ?? '' },
  );
  const id = await one.submitWorkflow({
    tasks: [
      { id: 'large', type: 'echo' },
      { id: 'small', type: 'echo' },
      { id: 'join', type: 'echo', input: { own: large() } },
    ],
    dependencies: { join: ['large', 'small'] },
  });
  const run = await one.workflow(id, 15_000);
  expect(run).toMatchObject({ state: 'succeeded', output: { join: 'join' } });
  const join = swarm.dispatches.find(({ attempt }) => attempt.step === 'join')?.attempt;
  expect(join).toMatchObject({
    input: { upstream: { large: null, small: 'small' } },
    inputRef: { bytes: expect.any(Number) as number },
    upstreamRefs: { large: outputRef },
  });
});

test('a workflow whose last step has a large output says where it is', async () => {
  const outputRef = await store.store('default', JSON.stringify(large()));
  await world.swarm('a', () => ({ outputRef }));
  const id = await one.submitWorkflow({ tasks: [{ id: 'only', type: 'echo' }] });
  expect(await one.workflow(id, 15_000)).toMatchObject({
    output: { only: null },
    outputRefs: { only: outputRef },
  });
});

test('what tasks refer to stays, whatever its age; what nobody refers to goes with the second look', async () => {
  const id = await one.submit({ notBefore: LATER, input: large() });
  const { inputRef } = await one.task(id);
  const orphan = await store.store('default', large());
  const sweep = new PayloadSweep(parts);
  expect(await sweep.look()).toMatchObject({ payloads: 0 });
  expect((await sweep.look()).payloads).toBeGreaterThan(0);
  await expect(store.find(orphan.id)).rejects.toMatchObject({ code: 'payload-not-found' });
  expect(await store.find(inputRef?.id ?? '')).toMatchObject({ deleted: false });
  expect((await check()).counts).toEqual({});
});

test('what messages refer to stays, until they have ended', async () => {
  const { connection } = world.bus;
  const [kept, other] = [await store.store('default', large()), await store.store('default', large())];
  const replicas = 1;
  await ensureStream(connection, {
    ...{ name: streams.mailPayloads, subjects: [subjects.allMailPayloads('hub')], replicas },
    ...{ maxAgeMs: 0, maxBytes: 1_048_576, dedupWindowMs: 1_000 },
  });
  const note = subjects.mailPayload('hub', kept.id, {
    ...{ namespace: 'default', to: 'reader', from: 'writer' },
    id: 'm-00000001',
  });
  await storeMessage(connection, note, '{}');
  const sweep = new PayloadSweep(parts);
  await sweep.look();
  await sweep.look();
  await expect(store.find(other.id)).rejects.toMatchObject({ code: 'payload-not-found' });
  expect(await store.find(kept.id)).toMatchObject({ deleted: false });
  expect((await check()).counts).toEqual({});
  await forgetMessages(connection, streams.mailPayloads, note);
  await sweep.look();
  await sweep.look();
  await expect(store.find(kept.id)).rejects.toMatchObject({ code: 'payload-not-found' });
});

test('nothing is swept while a shard is being imported', async () => {
  const orphan = await store.store('default', large());
  const sweep = new PayloadSweep(parts);
  await sweep.look();
  await world.store.redis.hset(keys.shard(SHARDS - 1), 'importing', 'run');
  try {
    await expect(sweep.look()).rejects.toMatchObject({ code: 'shard-unavailable', retryable: true });
  } finally {
    await world.store.redis.hdel(keys.shard(SHARDS - 1), 'importing');
  }
  expect(await store.find(orphan.id)).toMatchObject({ deleted: false });
  expect((await sweep.look()).payloads).toBeGreaterThan(0);
});

test.each([
  ['was found set back', 'baseEpoch'],
  ['could not be looked at', 'doubtEpoch'],
])('nothing is swept within the grace time after a shard %s', async (_how, field) => {
  const orphan = await store.store('default', large());
  const graceMs = 600_000;
  const later = { ...systemClock, now: () => systemClock.now() + 2 * graceMs };
  const sweep = new PayloadSweep({ ...parts, graceMs, clock: later });
  const shard = keys.shard(SHARDS - 1);
  const at = (ms: number): string => String(Math.floor((later.now() + ms) / 1_000));
  const looks = async (): Promise<number> => {
    await sweep.look();
    return (await sweep.look()).payloads;
  };
  const before = await world.store.redis.hget(shard, field);
  try {
    await world.store.redis.hset(shard, field, at(-graceMs / 2));
    expect(await looks()).toBe(0);
    expect(await store.find(orphan.id)).toMatchObject({ deleted: false });
    await world.store.redis.hset(shard, field, at(-2 * graceMs));
    expect(await looks()).toBeGreaterThan(0);
  } finally {
    if (before === null) await world.store.redis.hdel(shard, field);
    else await world.store.redis.hset(shard, field, before);
  }
});

test('when the last task that refers to a payload is gone, so is the payload', async () => {
  await world.swarm('a', () => ({ output: 1 }));
  const input = large();
  const short = await world.replica({ TASK_RETENTION_MS: '1000' });
  const first = await one.submit({ input });
  const { inputRef } = await one.ended(first);
  const shard = shardOf(first, SHARDS) ?? 0;
  // As the sweep of its owner does it when the retention has passed.
  await world.store.redis.hdel(keys.payloadRefs(shard), first);
  await short.stop();
  const sweep = new PayloadSweep(parts);
  await sweep.look();
  await sweep.look();
  await expect(store.find(inputRef?.id ?? '')).rejects.toMatchObject({ code: 'payload-not-found' });
  expect((await one.call('GET', `/v1/tasks/${first}/input`)).body).toMatchObject({
    code: 'payload-not-found',
  });
});

test('a check lists what dangles, what is orphaned and what is noted in vain, and repairs what can be', async () => {
  const id = await one.submit({ notBefore: LATER, input: large() });
  const { inputRef } = await one.task(id);
  const shard = shardOf(id, SHARDS) ?? 0;
  for await (const each of parts.stock.descriptions())
    if (each.id === inputRef?.id) await parts.stock.remove(each);
  await world.store.redis.hset(keys.payloadRefs(shard), 't0-00000000', inputRef?.id ?? '');
  const { items } = await check();
  expect(items).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ kind: 'dangling', payload: inputRef?.id, taskId: id }),
      expect.objectContaining({ kind: 'stale-index', taskId: 't0-00000000' }),
    ]),
  );
  const repaired = await check(true);
  expect(repaired.items.filter((item) => item.kind === 'stale-index').every((item) => item.repaired)).toBe(
    true,
  );
  expect((await check()).counts).toEqual({ dangling: 1 });
  await world.store.redis.hdel(keys.payloadRefs(shard), id);
});

test('the check over HTTP says the same as over NATS, and nothing that is young is an orphan', async () => {
  await store.store('default', large());
  const { body } = await one.call('POST', '/v1/payloads/check', {});
  expect(body).toMatchObject({ counts: {}, repaired: 0, items: [] });
});

test.each([
  ['nothing', '', 'invalid-request'],
  ['another media type', 'x', 'unsupported-media-type'],
  ['no JSON', '{"a": nope}', 'invalid-json'],
  ['cut off', `["${'a'.repeat(400_000)}"`, 'invalid-json'],
])('a payload that is %s is refused, and no part of it is left', async (_name, body, code) => {
  const before = (await parts.stock.parts()).size;
  const headers = code === 'unsupported-media-type' ? { 'content-type': 'text/plain' } : {};
  expect((await one.call('POST', '/v1/payloads', body, headers)).body).toMatchObject({ code });
  expect((await parts.stock.parts()).size).toBe(before);
});

describe('what a running attempt says', () => {
  const say = (taskId: string, attempt: number, ...seqs: number[]): Promise<unknown> => {
    const entries = seqs.map((seq) => ({ seq, at: 1, kind: 'log', level: 'info', message: `line ${seq}` }));
    const body = { v: 1, taskId, attempt, swarmId: 'a', entries };
    return world.bus.publishStored(subjects.attemptStream(taskId, attempt), body, {
      messageId: `${taskId}.${attempt}.${seqs[0]}`,
    });
  };

  /** The events of a stream until its end, or until there are so many. */
  async function streamed(path: string, count = Infinity, lastId?: string): Promise<string[]> {
    const cut = new AbortController();
    const response = await fetch(one.url + path, {
      signal: cut.signal,
      headers: lastId === undefined ? {} : { 'last-event-id': lastId },
    });
    const found: string[] = [];
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      found.push(...blocks.filter((block) => block.startsWith('event:')));
      if (found.length >= count) break;
    }
    cut.abort();
    return found;
  }

  test('is streamed as it is said, goes on after Last-Event-ID, and ends with the task', async () => {
    const swarm = await world.swarm('a', () => undefined);
    const id = await one.submit({});
    await one.inState(id, 'running');
    await say(id, 1, 1, 2);
    const reading = streamed(`/v1/tasks/${id}/stream`, 3);
    await say(id, 1, 3);
    const first = await reading;
    expect(first.map((block) => /"message":"([^"]*)"/.exec(block)?.[1])).toEqual([
      'line 1',
      'line 2',
      'line 3',
    ]);
    const lastId = /^id: (.*)$/m.exec(first[1] ?? '')?.[1];
    const rest = streamed(`/v1/tasks/${id}/stream`, Infinity, lastId);
    await say(id, 1, 7);
    await swarm.report(id, 1, { output: 1 });
    const events = (await rest).map((block) => /^event: (.*)$/m.exec(block)?.[1]);
    expect(events).toEqual(['log', 'gap', 'log', 'end']);
  });

  test('is read in pages over HTTP and NATS alike', async () => {
    await world.swarm('a', () => undefined);
    const id = await one.submit({});
    await one.inState(id, 'running');
    await say(id, 1, 1, 2);
    const page = await one.call('GET', `/v1/tasks/${id}/logs?limit=1`);
    expect(page.body).toMatchObject({ items: [{ attempt: 1, seq: 1, message: 'line 1' }], ended: false });
    const query = { id, after: (page.body as TaskLogs).next, waitMs: 1_000 };
    const asked = await world.bus.request(subjects.task('logs'), query, { reply: TaskLogs });
    expect(asked.items).toMatchObject([{ seq: 2 }]);
    const bad = await one.call('GET', `/v1/tasks/${id}/stream`, undefined, { 'last-event-id': 'nonsense' });
    expect(bad.body).toMatchObject({ code: 'invalid-request' });
  });

  test('is bounded: of more messages than are kept the oldest go, and the reader is told', async () => {
    await world.swarm('a', () => undefined);
    const id = await one.submit({});
    await one.inState(id, 'running');
    const all = Array.from({ length: LIMITS.STREAM_MESSAGES_PER_ATTEMPT + 5 }, (_, index) => index + 1);
    await Promise.all(all.map((seq) => say(id, 1, seq)));
    const { body } = await one.call('GET', `/v1/tasks/${id}/logs?limit=2`);
    expect((body as TaskLogs).items).toMatchObject([{ kind: 'gap', seq: 1 }, { kind: 'log' }]);
  });
});
