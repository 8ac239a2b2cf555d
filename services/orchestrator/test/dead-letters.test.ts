import {
  DeadLetterDetail,
  DeadLetterPage,
  DeadLetterReply,
  subjects,
  type Event,
} from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { z } from 'zod';
import type { Agent } from './support/fake-swarm';
import { ReplicaSet } from './support/replica-set';
import { World, type Answer, type Replica } from './support/world';

let world: World;
let one: Replica;
let broken: boolean;

/** Fails for good while `broken`, with the code that the input names. */
const agent: Agent = ({ input }) => {
  const { code = 'no-key' } = z.object({ code: z.string().optional() }).parse(input);
  return broken
    ? { outcome: 'failed', error: { code, message: 'the key has expired', retryable: false } }
    : { output: 'done' };
};

beforeAll(async () => {
  world = await World.start();
  one = await world.replica();
});

beforeEach(async () => {
  broken = true;
  await world.swarm('a', agent);
});

afterEach(async () => {
  await purge({ all: true, limit: 1_000 });
  await world.allSlotsBack();
  await world.dismissSwarms();
});

afterAll(() => world.stop());

async function list(query = ''): Promise<DeadLetterPage> {
  return DeadLetterPage.parse((await one.call('GET', `/v1/dead-letters${query}`)).body);
}

async function redrive(body: object, headers = {}): Promise<DeadLetterReply> {
  const answer = await one.call('POST', '/v1/dead-letters/redrive', body, headers);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return DeadLetterReply.parse(answer.body);
}

async function purge(body: object): Promise<DeadLetterReply> {
  return DeadLetterReply.parse((await one.call('POST', '/v1/dead-letters/purge', body)).body);
}

async function fail(count: number, body: Record<string, unknown> = {}, replica = one): Promise<string[]> {
  const ids = await Promise.all(Array.from({ length: count }, () => replica.submit({ input: {}, ...body })));
  for (const id of ids) expect((await replica.ended(id)).state).toBe('failed');
  return ids;
}

async function eventsOf(id: string): Promise<Event[]> {
  return ((await one.call('GET', `/v1/tasks/${id}/events`)).body as { items: Event[] }).items;
}

const idsOf = ({ items }: { items: readonly { id: string }[] }): string[] => items.map(({ id }) => id);

test('what failed for good is listed with its cause, shown with its history, and gone when it was redriven', async () => {
  const [id = ''] = await fail(1, { input: { n: 1 } });
  expect(await list()).toMatchObject({
    items: [
      { id, type: 'echo', state: 'failed', cause: 'not-retryable', error: { code: 'no-key' }, attempt: 1 },
    ],
    counts: { total: 1, complete: true, byCode: [{ code: 'no-key', count: 1 }] },
  });
  const shown = DeadLetterDetail.parse((await one.call('GET', `/v1/dead-letters/${id}`)).body);
  expect(shown).toMatchObject({ id, input: { n: 1 }, attempts: [{ attempt: 1, outcome: 'failed' }] });
  expect(shown.history).toEqual(await eventsOf(id));
  broken = false;
  expect(await redrive({ ids: [id], requestedBy: 'dana', reason: 'the key was renewed' })).toEqual({
    ...{ dryRun: false, done: 1, unchanged: 0, refused: 0, next: null },
    items: [{ id, outcome: 'redriven', state: 'queued' }],
  });
  expect(await one.ended(id)).toMatchObject({ state: 'succeeded', attempt: 2, input: { n: 1 } });
  expect((await eventsOf(id)).find(({ type }) => type === 'task.retried')).toMatchObject({
    data: { redrive: true, requestedBy: 'dana', reason: 'the key was renewed' },
  });
  expect(await list()).toMatchObject({ items: [], counts: { total: 0 } });
  expect(one.logs()).toMatch(
    /dead letters were redriven.*dana.*the key was renewed|dana.*dead letters were redriven/,
  );
  const gone = await one.call('GET', `/v1/dead-letters/${id}`);
  expect([gone.status, gone.body]).toMatchObject([404, { code: 'dead-letter-not-found' }]);
});

test('a redriven task that fails again is listed again, and a repetition under the same key leaves it there', async () => {
  const [id = ''] = await fail(1);
  expect((await redrive({ ids: [id] }, { 'idempotency-key': 'k1' })).done).toBe(1);
  // Nobody gave a name: the way on which it came is kept, in the history and in the log.
  const said = (await eventsOf(id)).find(({ type }) => type === 'task.retried')?.data;
  expect(said).toEqual({ redrive: true, requestedBy: 'http:127.0.0.1' });
  expect(one.logs()).toMatch(/http:127\.0\.0\.1.*dead letters were redriven|redriven.*http:127\.0\.0\.1/);
  await eventually(async () => (await list()).items[0]?.attempt === 2);
  // Answered like the first time, and not done a second time.
  expect(await redrive({ ids: [id], idempotencyKey: 'k1' })).toMatchObject({
    items: [{ id, outcome: 'redriven', state: 'failed' }],
  });
  expect((await list()).items[0]).toMatchObject({ id, attempt: 2 });
  expect((await redrive({ ids: [id] })).done).toBe(1);
  await eventually(async () => (await list()).items[0]?.attempt === 3);
});

test('an expired task is listed, and told as one that cannot be redriven when its deadline has passed', async () => {
  const deadline = new Date(Date.now() + 300).toISOString();
  const id = await one.submit({ type: 'echo', waitFor: { signal: 'go' }, timeouts: { deadline } });
  expect((await one.ended(id)).state).toBe('expired');
  const [letter] = (await list('?state=expired')).items;
  expect(letter).toMatchObject({ id, cause: 'deadline-passed', error: { code: 'deadline-exceeded' } });
  expect(letter?.notRedrivable).toContain('has passed');
  expect(await redrive({ ids: [id] })).toMatchObject({
    refused: 1,
    items: [{ id, outcome: 'refused', state: 'expired', error: { code: 'wrong-state' } }],
  });
});

test('neither what was cancelled, nor a step of a workflow, is a dead letter', async () => {
  const cancelled = await one.submit({ waitFor: { signal: 'go' } });
  await one.call('POST', `/v1/tasks/${cancelled}/cancel`);
  const run = await one.submitWorkflow({ tasks: [{ id: 'a', type: 'echo', input: {} }], dependencies: {} });
  const step = (await one.workflow(run, 10_000)).steps[0]?.taskId ?? '';
  expect((await list()).items).toEqual([]);
  expect(await redrive({ ids: [cancelled, step] })).toMatchObject({
    items: [
      { outcome: 'refused', error: { detail: 'it is no dead letter: it has ended as cancelled' } },
      { outcome: 'refused', error: { detail: `it is no dead letter: it is a step of ${run}` } },
    ],
  });
});

test('filters, pages and counts agree', async () => {
  const shop = await fail(3, { namespace: 'shop', input: { code: 'boom' } });
  const before = new Date().toISOString();
  await eventually(() => Date.now() > Date.parse(before));
  const others = await fail(2);
  expect(idsOf(await list('?namespace=shop')).sort()).toEqual([...shop].sort());
  expect(idsOf(await list('?code=no-key')).sort()).toEqual([...others].sort());
  expect(idsOf(await list(`?endedAfter=${before}`)).sort()).toEqual([...others].sort());
  expect(idsOf(await list(`?endedBefore=${before}&code=boom`)).sort()).toEqual([...shop].sort());
  expect((await list('?type=other')).counts?.total).toBe(0);
  const first = await list('?limit=2');
  expect(first.counts).toMatchObject({ total: 5, byCode: [{ code: 'boom', count: 3 }, { count: 2 }] });
  const second = await list(`?limit=3&cursor=${first.next}`);
  expect(second.counts).toBeUndefined();
  expect(second.next).toBeNull();
  expect([...idsOf(first), ...idsOf(second)].sort()).toEqual([...shop, ...others].sort());
});

test('what matches is redriven newest first up to the limit; a dry run tells the same before, and changes nothing', async () => {
  await fail(3, { input: { code: 'boom' } });
  const body = { filter: { code: 'boom' }, limit: 2 };
  const told = await redrive({ ...body, dryRun: true });
  expect(told).toMatchObject({ dryRun: true, done: 2 });
  expect((await list()).counts?.total).toBe(3);
  broken = false;
  const done = await redrive(body);
  expect(idsOf(done)).toEqual(idsOf(told));
  expect((await redrive({ ...body, cursor: done.next })).done).toBe(1);
  for (const id of idsOf(done)) expect((await one.ended(id)).state).toBe('succeeded');
});

test('a purge takes off the list, and leaves the task, its history and its key', async () => {
  const body = { input: {}, idempotencyKey: 'order-1' };
  const [id = ''] = await fail(1, body);
  const foretold = await purge({ ids: [id], dryRun: true });
  expect(foretold.items).toEqual([{ id, outcome: 'purged', state: 'failed' }]);
  const asked = { ids: [id], requestedBy: 'dana', reason: 'a test' };
  expect((await purge(asked)).items).toEqual(foretold.items);
  expect((await list()).items).toEqual([]);
  expect((await eventsOf(id)).at(-1)).toMatchObject({
    type: 'task.purged',
    data: { requestedBy: 'dana', reason: 'a test' },
  });
  expect(await purge(asked)).toMatchObject({ done: 0, unchanged: 1 });
  expect(await one.submit(body)).toBe(id);
  expect((await redrive({ ids: [id] })).items[0]).toMatchObject({ outcome: 'refused', state: 'failed' });
  broken = false;
  await one.call('POST', `/v1/tasks/${id}/retry`);
  expect((await one.ended(id)).state).toBe('succeeded');
});

test.each([
  [{}, '/ids', 'say which by ids or a filter, or all: true'],
  [{ filter: {} }, '/filter', 'has no condition: say all: true'],
  [{ all: false }, '/ids', 'missing'],
  [{ ids: [] }, '/ids', 'at least 1 entry'],
  [{ ids: ['x'] }, '/ids/0', 'a task id looks like'],
  [{ ids: ['t0-00000001'], all: true }, '/all', 'either ids or all'],
  [{ ids: ['t0-00000001'], filter: { code: 'x' } }, '/filter', 'either ids or a filter'],
  [{ ids: ['t0-00000001'], limit: 5 }, '/limit', 'ids are taken as they are'],
  [{ all: true, filter: { code: 'x' } }, '/all', 'either a filter or all'],
  [{ filter: { colour: 'red' } }, '/filter/colour', 'unknown field'],
  [{ filter: { state: 'cancelled' } }, '/filter/state', 'failed or expired'],
  [{ filter: { endedAfter: 'yesterday' } }, '/filter/endedAfter', 'an instant in UTC'],
  [{ all: true, limit: 1_001 }, '/limit', 'at most 1000'],
  [{ all: true, cursor: '!' }, '/cursor', 'not a cursor of this list'],
])('a purge of %j is refused', async (body, pointer, text) => {
  const answer: Answer = await one.call('POST', '/v1/dead-letters/purge', body);
  expect(answer.status).toBe(400);
  const { errors } = z
    .object({ errors: z.array(z.object({ pointer: z.string(), message: z.string() })) })
    .parse(answer.body);
  expect(errors).toContainEqual({ ...errors[0], pointer, message: expect.stringContaining(text) });
});

test.each(['?colour=red', '?state=cancelled', '?limit=501', '?endedAfter=now', '?cursor=%21'])(
  'a list of %s is refused',
  async (query) => {
    const { status, body } = await one.call('GET', `/v1/dead-letters${query}`);
    expect([status, body]).toMatchObject([400, { code: 'invalid-request' }]);
  },
);

test('over NATS it is the same', async () => {
  const [id = ''] = await fail(1);
  const ask = <S extends z.ZodType>(verb: string, body: object, reply: S): Promise<z.output<S>> =>
    world.bus.request(subjects.deadLetter(verb), body, { reply });
  expect(idsOf(await ask('list', { code: 'no-key' }, DeadLetterPage))).toEqual([id]);
  expect((await ask('get', { id }, DeadLetterDetail)).cause).toBe('not-retryable');
  expect((await ask('redrive', { ids: [id], dryRun: true }, DeadLetterReply)).done).toBe(1);
  expect((await ask('purge', { ids: [id] }, DeadLetterReply)).done).toBe(1);
  expect((await eventsOf(id)).at(-1)).toMatchObject({ type: 'task.purged', data: { requestedBy: 'nats' } });
  await expect(ask('purge', {}, DeadLetterReply)).rejects.toMatchObject({ code: 'invalid-request' });
});

test('any replica lists, redrives and purges what others own, also over the death of one', async () => {
  const own = await World.start();
  const set = new ReplicaSet(own, 12);
  try {
    const [two, three] = [await set.join(), await set.join()];
    await set.shared([two, three]);
    await own.swarm('b', agent);
    const ids = await fail(24, {}, two);
    expect(new Set(ids.map((id) => id.split('-')[0])).size).toBeGreaterThan(6);
    for (const replica of [two, three]) {
      const page = DeadLetterPage.parse((await replica.call('GET', '/v1/dead-letters')).body);
      expect(idsOf(page).sort()).toEqual([...ids].sort());
    }
    const post = async (replica: Replica, verb: string, body: object): Promise<DeadLetterReply> =>
      DeadLetterReply.parse((await replica.call('POST', `/v1/dead-letters/${verb}`, body)).body);
    const purged = ids.slice(0, 8);
    let done = 0;
    await eventually(async () => (done += (await post(three, 'purge', { ids: purged })).done) === 8);
    broken = false;
    await two.crash();
    // Shards that have no owner for the moment are refused as that; the same request goes on where it stopped.
    await eventually(
      async () => {
        const { refused } = await post(three, 'redrive', { ids: ids.slice(8), idempotencyKey: 'again' });
        return refused === 0;
      },
      { timeoutMs: 15_000 },
    );
    for (const id of ids.slice(8))
      expect(await three.ended(id)).toMatchObject({ state: 'succeeded', attempt: 2 });
    for (const id of purged) expect((await three.task(id)).state).toBe('failed');
    expect(set.stop()).toEqual([]);
  } finally {
    await own.stop();
  }
});
