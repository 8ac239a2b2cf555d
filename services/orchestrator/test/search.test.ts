import { subjects, TaskCounts, TaskPage } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { z } from 'zod';
import type { Agent } from './support/fake-swarm';
import { ReplicaSet } from './support/replica-set';
import { World, type Answer, type Replica } from './support/world';

const SHARDS = 12;

let world: World;
let set: ReplicaSet;
let one: Replica;
let two: Replica;

/** Fails for good with the code that the input names. */
const agent: Agent = ({ input }) => {
  const { code } = z.object({ code: z.string().optional() }).parse(input);
  return code === undefined
    ? { output: 'done' }
    : { outcome: 'failed', error: { code, message: 'it broke', retryable: false } };
};

beforeAll(async () => {
  world = await World.start();
  set = new ReplicaSet(world, SHARDS);
  [one, two] = [await set.join(), await set.join()];
  await set.shared([one, two]);
  await world.swarm('a', agent, { types: ['echo'] });
  await eventually(async () => (await one.call('GET', '/v1/tasks/counts')).status === 200);
});

afterAll(async () => {
  const faults = set.stop();
  await world.stop();
  expect(faults).toEqual([]);
});

async function list(query: string, replica = one): Promise<TaskPage> {
  const answer = await replica.call('GET', `/v1/tasks?${query}`);
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return TaskPage.parse(answer.body);
}

async function ids(query: string, replica = one): Promise<string[]> {
  return (await list(query, replica)).items.map(({ id }) => id);
}

async function counts(query: string, replica = one): Promise<Record<string, number>> {
  const { groups } = TaskCounts.parse((await replica.call('GET', `/v1/tasks/counts?${query}`)).body);
  return Object.fromEntries(groups.map(({ value, count }) => [value ?? '(none)', count]));
}

/** All pages; the second parameter is called after each. */
async function allPages(
  query: string,
  after: () => Promise<unknown> = () => Promise.resolve(),
): Promise<string[]> {
  const found: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: TaskPage = await list(`${query}${cursor === '' ? '' : `&cursor=${cursor}`}`, turn());
    found.push(...page.items.map(({ id }) => id));
    cursor = page.next;
    await after();
  }
  return found;
}

let turns = 0;
const turn = (): Replica => ((turns += 1) % 2 === 0 ? one : two);
const sorted = (list: readonly string[]): string[] => [...list].sort();

test('each condition finds what it means, alone and with others, on every replica and for shards of both', async () => {
  const ns = 'find';
  const before = new Date().toISOString();
  const make = (body: object): Promise<string> => turn().submit({ namespace: ns, ...body });
  const acme = { customer: 'acme', stage: 'Final draft', n: 3 };
  const ok = await Promise.all([make({ metadata: acme }), make({ metadata: { customer: 'Ärger GmbH' } })]);
  const failed = await make({ input: { code: 'no-key' }, metadata: { customer: 'acme', urgent: true } });
  for (const id of [...ok, failed]) await one.ended(id);
  const parked = await make({ type: 'report.daily', metadata: { stage: 'first' } });
  const [first, second] = ok;
  const cases: [query: string, expected: string[]][] = [
    ['', [first, second, failed, parked]],
    ['state=succeeded', [first, second]],
    ['state=succeeded&state=failed', [first, second, failed]],
    ['state=queued&type=report.*', [parked]],
    ['type=echo&type=report.daily', [first, second, failed, parked]],
    ['swarm=a', [first, second, failed]],
    ['swarm=b*', []],
    ['region=eu-*&state=failed', [failed]],
    ['code=no-key', [failed]],
    ['label=customer%3Dacme', [first, failed]],
    ['label=customer%3Dacme&label=urgent', [failed]],
    ['label=n%3D3', [first]],
    ['label=customer%3Dacm', []],
    ['text=DRAFT', [first]],
    ['text=acme+draft', [first]],
    [`text=${encodeURIComponent('ärger')}`, [second]],
    ['text=acme&text=urgent', [failed]],
    ['text=nothing', []],
    [`createdAfter=${before}`, [first, second, failed, parked]],
    [`createdBefore=${before}`, []],
    [`endedAfter=${before}&label=customer`, [first, second, failed]],
    [`updatedAfter=${before}&state=queued`, [parked]],
  ];
  for (const [query, expected] of cases)
    for (const replica of [one, two])
      expect([query, sorted(await ids(`namespace=${ns}&${query}`, replica))]).toEqual([
        query,
        sorted(expected),
      ]);
  for (const replica of [one, two]) {
    const count = (by: string, more = ''): Promise<Record<string, number>> =>
      counts(`namespace=${ns}&by=${by}${more}`, replica);
    expect(await count('state')).toEqual({ succeeded: 2, failed: 1, queued: 1 });
    expect(await count('type')).toEqual({ echo: 3, 'report.daily': 1 });
    expect(await count('swarm')).toEqual({ a: 3, '(none)': 1 });
    expect(await count('code')).toEqual({ 'no-key': 1, '(none)': 3 });
    expect(await count('label:customer')).toEqual({ acme: 2, 'Ärger GmbH': 1, '(none)': 1 });
    expect(await count('state', '&text=acme')).toEqual({ succeeded: 1, failed: 1 });
  }
});

test('what was submitted, and what has ended, is found as soon as that was answered', async () => {
  const id = await one.submit({ namespace: 'soon', type: 'nobody' });
  expect(await ids('namespace=soon&state=queued', two)).toEqual([id]);
  await two.call('POST', `/v1/tasks/${id}/cancel`);
  expect(await ids('namespace=soon&state=queued', one)).toEqual([]);
  expect(await ids('namespace=soon&state=cancelled', one)).toEqual([id]);
});

test('page by page while others submit, what was there is listed once, newest first; also the steps of workflows', async () => {
  const body = { namespace: 'pages', type: 'nobody' };
  const there: string[] = [];
  for (let n = 0; n < 40; n += 1) there.push(await turn().submit({ ...body, metadata: { n } }));
  const tasks = [{ id: 'a', type: 'nobody' }];
  const run = await one.submitWorkflow({ namespace: 'pages', tasks, dependencies: {} });
  there.push((await one.workflow(run)).steps[0]?.taskId ?? '');
  const seen = await allPages('namespace=pages&limit=7', () => turn().submit(body));
  expect(new Set(seen).size).toBe(seen.length);
  expect(there.filter((id) => !seen.includes(id))).toEqual([]);
  const created = new Map(
    (await list('namespace=pages&limit=500')).items.map(({ id, createdAt }) => [id, createdAt]),
  );
  const times = seen.map((id) => created.get(id) ?? '');
  expect(times).toEqual([...times].sort().reverse());
});

test('ordered by its last change, what has just changed comes first', async () => {
  const made: string[] = [];
  for (let n = 0; n < 5; n += 1) made.push(await turn().submit({ namespace: 'order', type: 'nobody' }));
  await one.call('POST', `/v1/tasks/${made[1]}/cancel`);
  const seen = await allPages('namespace=order&order=updated&limit=2');
  expect(seen[0]).toBe(made[1]);
  expect(sorted(seen)).toEqual(sorted(made));
});

test.each([
  ['colour=red', '/query/colour', 'unknown field'],
  ['state=happy', '/query/state', 'expected blocked, queued'],
  ['state=queued&state=happy', '/query/state', '/1: expected blocked, queued'],
  ['type=a%20b', '/query/type', 'a name, or a pattern such as report.*'],
  ['label=%3Dacme', '/query/label', 'key=value'],
  ['text=', '/query/text', 'must not be empty'],
  ['createdAfter=yesterday', '/query/createdAfter', 'an instant in UTC'],
  [
    'createdAfter=2026-01-02T00:00:00Z&createdBefore=2026-01-01T00:00:00Z',
    '/query/createdBefore',
    'must be later than',
  ],
  ['order=name', '/query/order', 'expected created or updated'],
  ['order=updated&workflow=w3-0198c2d3e4f5cccccccccccccc', '/query/order', 'leave it out'],
  ['cursor=%21', '/query/cursor', 'not a cursor of this list'],
  [
    `order=updated&cursor=${Buffer.from('5:t0-00000001').toString('base64url')}`,
    '/query/cursor',
    'not a cursor of this list',
  ],
  ['limit=501', '/query/limit', 'at most 500'],
])('a list of %s is refused, and told what to do', async (query, pointer, text) => {
  expectRefused(await one.call('GET', `/v1/tasks?${query}`), pointer, text);
});

test.each([
  ['by=colour', '/query/by', 'expected state, type'],
  ['by=label:', '/query/by', 'label:KEY'],
  ['limit=5', '/query/limit', 'unknown field'],
])('counts of %s are refused, and told what to do', async (query, pointer, text) => {
  expectRefused(await one.call('GET', `/v1/tasks/counts?${query}`), pointer, text);
});

function expectRefused(answer: Answer, pointer: string, text: string): void {
  expect(answer.status).toBe(400);
  const { errors } = z
    .object({ errors: z.array(z.object({ pointer: z.string(), message: z.string() })) })
    .parse(answer.body);
  expect(errors).toContainEqual({ ...errors[0], pointer, message: expect.stringContaining(text) });
}

test('over NATS it is the same', async () => {
  const id = await one.submit({ namespace: 'nats', type: 'nobody', metadata: { customer: 'acme' } });
  const filter = { namespace: 'nats', label: 'customer=acme', state: ['queued'] };
  const page = await world.bus.request(subjects.task('list'), filter, { reply: TaskPage });
  expect(page.items.map((item) => item.id)).toEqual([id]);
  const counted = await world.bus.request(
    subjects.task('counts'),
    { ...filter, by: 'type' },
    { reply: TaskCounts },
  );
  expect(counted).toEqual({ by: 'type', total: 1, groups: [{ value: 'nobody', count: 1 }], others: 0 });
  const bad = world.bus.request(subjects.task('counts'), { by: 'colour' }, { reply: TaskCounts });
  await expect(bad).rejects.toMatchObject({ code: 'invalid-request' });
});

test('where a replica dies lists go on with what is true, and who takes over finds and counts all that was there', async () => {
  const there: string[] = [];
  for (let n = 0; n < 30; n += 1)
    there.push(await turn().submit({ namespace: 'dies', type: n % 2 ? 'nobody' : 'echo' }));
  for (const id of there) if ((await one.task(id)).type === 'echo') await one.ended(id);
  const victim = set.scheduling;
  const other = victim === one ? two : one;
  await victim.crash();
  // Without owners for half of the shards, and while their tasks are read.
  expect(sorted(await ids('namespace=dies&limit=100', other))).toEqual(sorted(there));
  expect(await ids('namespace=dies&limit=100&state=queued', other)).toHaveLength(15);
  const refused = await other.call('GET', '/v1/tasks/counts?namespace=dies');
  expect([refused.status, refused.body]).toMatchObject([503, { retryable: true }]);
  await set.shared([other]);
  await eventually(async () => (await other.call('GET', '/v1/tasks/counts')).status === 200);
  expect(await counts('namespace=dies', other)).toEqual({ queued: 15, succeeded: 15 });
  expect(sorted(await ids('namespace=dies&limit=100', other))).toEqual(sorted(there));
  expect(await counts('namespace=find&by=label:customer', other)).toEqual({
    acme: 2,
    'Ärger GmbH': 1,
    '(none)': 1,
  });
});
