import { LIMITS, subjects, type BatchReply, type Event } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { TRACEPARENT } from './support/builders';
import { World, type Replica } from './support/world';

let world: World;
let one: Replica;

beforeAll(async () => {
  world = await World.start();
  one = await world.replica();
});

afterEach(async () => {
  await world.allSlotsBack();
  await world.dismissSwarms();
});

afterAll(() => world.stop());

async function eventsOf(id: string): Promise<Event[]> {
  const kind = id.startsWith('w') ? 'workflows' : 'tasks';
  return ((await one.call('GET', `/v1/${kind}/${id}/events`)).body as { items: Event[] }).items;
}

test('a task goes from submission to its result, and its history tells the whole way', async () => {
  await world.swarm('a');
  const answer = await one.call('POST', '/v1/tasks', { type: 'echo', input: { n: 1 } });
  expect(answer.status).toBe(202);
  const { id } = answer.body as { id: string };
  expect(answer.headers.get('location')).toBe(`/v1/tasks/${id}`);
  const task = await one.ended(id);
  expect(task).toMatchObject({
    state: 'succeeded',
    output: { n: 1 },
    attempt: 1,
    swarmId: 'a',
    region: 'eu-west',
  });
  expect(task.attempts[0]).toMatchObject({ outcome: 'succeeded', receipt: { policy: 'least-loaded' } });
  expect(task.attempts[0]).not.toHaveProperty('reservationId');
  const events = await eventsOf(id);
  expect(events.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['task.submitted', 'task.queued', 'task.assigned', 'task.succeeded']),
  );
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
});

test('the trace of the request goes to the dispatch, and its id is shown', async () => {
  const swarm = await world.swarm('a');
  const { body } = await one.call('POST', '/v1/tasks', { type: 'echo' }, { traceparent: TRACEPARENT });
  const task = await one.ended((body as { id: string }).id);
  const traceId = TRACEPARENT.split('-')[1];
  expect(task.traceId).toBe(traceId);
  expect(swarm.dispatches.at(-1)?.attempt.traceparent.split('-')[1]).toBe(traceId);
});

test('a batch answers for each item in order; bad ones are told apart, good ones run', async () => {
  await world.swarm('a');
  const items = [
    { type: 'echo', input: 0 },
    { type: 'no good' },
    { type: 'echo', input: 2 },
    'nonsense',
    { type: 'echo', input: 4 },
  ];
  const answer = await one.call('POST', '/v1/tasks/batch', { tasks: items });
  expect(answer.status).toBe(202);
  const { accepted, rejected, results } = answer.body as BatchReply;
  expect({ accepted, rejected }).toEqual({ accepted: 3, rejected: 2 });
  expect(results.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
  expect(results[1]).toMatchObject({ error: { code: 'invalid-request', errors: [{ pointer: '/type' }] } });
  expect(results[3]).toMatchObject({ error: { code: 'invalid-request' } });
  for (const index of [0, 2, 4]) {
    const result = results[index];
    if (!result || !('id' in result)) throw new Error(`item ${index} was refused`);
    expect((await one.ended(result.id)).output).toBe(index);
  }
});

test('a failing attempt is tried again after its backoff, up to the policy, and then fails with the last error', async () => {
  const swarm = await world.swarm('a', ({ attempt }) => ({
    outcome: 'failed',
    error: { code: 'attempt-failed', message: `try ${attempt}`, retryable: true },
  }));
  const retry = { maxAttempts: 3, initialMs: 20, factor: 2, maxMs: 1_000, jitter: 0 };
  const id = await one.submit({ retry });
  const task = await one.ended(id);
  expect(task).toMatchObject({ state: 'failed', attempt: 3, error: { message: 'try 3' } });
  expect(swarm.ran).toEqual([1, 2, 3].map((attempt) => `${id}#${attempt}`));
  const waits = (await eventsOf(id)).filter(({ type }) => type === 'task.backoff');
  expect(waits).toHaveLength(2);
  const assigned = task.attempts.map(({ assignedAt, endedAt = 0 }) => ({ assignedAt, endedAt }));
  expect((assigned[1]?.assignedAt ?? 0) - (assigned[0]?.endedAt ?? 0)).toBeGreaterThanOrEqual(15);
});

test('a task that waits in its backoff says until when, and is cancelled at once', async () => {
  await world.swarm('a', () => ({ outcome: 'failed' }));
  const longest = { initialMs: LIMITS.DURATION_MS, maxMs: LIMITS.DURATION_MS };
  const id = await one.submit({ retry: longest });
  const task = await one.inState(id, 'backoff');
  expect(Date.parse(task.retryAt ?? '')).toBeGreaterThan(Date.now());
  expect((await one.call('GET', '/v1/tasks')).status).toBe(200);
  const cancelled = await one.call('POST', `/v1/tasks/${id}/cancel`, { reason: 'enough' });
  expect(cancelled).toMatchObject({
    status: 202,
    body: { state: 'cancelled', error: { message: 'enough' } },
  });
});

test('a queued task that is cancelled ends at once, and a second time changes nothing', async () => {
  const id = await one.submit({ type: 'nobody-can' });
  expect((await one.call('POST', `/v1/tasks/${id}/cancel`)).body).toMatchObject({ state: 'cancelled' });
  const before = await eventsOf(id);
  expect((await one.call('POST', `/v1/tasks/${id}/cancel`)).status).toBe(202);
  expect(await eventsOf(id)).toEqual(before);
});

test('a running task is cancelled through its swarm', async () => {
  const swarm = await world.swarm('a', () => undefined);
  const id = await one.submit({});
  await one.inState(id, 'running');
  const { body } = await one.call('POST', `/v1/tasks/${id}/cancel`, { reason: 'enough' });
  expect(body).toMatchObject({ cancelRequestedAt: expect.any(String) });
  expect(await one.ended(id)).toMatchObject({ state: 'cancelled', attempt: 1 });
  expect(swarm.cancels[0]).toEqual({ taskId: id, attempt: 1, reason: 'enough' });
});

test('a running task is cancelled also when its swarm is gone', async () => {
  const swarm = await world.swarm('a', () => undefined);
  const id = await one.submit({});
  await one.inState(id, 'running');
  swarm.crash();
  world.lb.withdraw('a');
  await one.call('POST', `/v1/tasks/${id}/cancel`);
  expect(await one.ended(id)).toMatchObject({ state: 'cancelled', attempts: [{ outcome: 'lost' }] });
});

test('a repeated key meets the same task, before and after its end; another body under it is refused', async () => {
  await world.swarm('a');
  const body = { type: 'echo', input: { n: 1 } };
  const submit = (given: object, key = 'order-1') =>
    one.call('POST', '/v1/tasks', given, { 'idempotency-key': key });
  const answers = await Promise.all(Array.from({ length: 8 }, () => submit(body)));
  const ids = new Set(answers.map((answer) => (answer.body as { id: string }).id));
  expect(ids.size).toBe(1);
  expect(answers.filter((answer) => answer.body.duplicate === false)).toHaveLength(1);
  expect(await submit({ ...body, input: { n: 2 } })).toMatchObject({
    status: 422,
    body: { code: 'idempotency-conflict' },
  });
  const [id = ''] = ids;
  await one.ended(id);
  expect(await submit(body)).toMatchObject({ status: 202, body: { id, duplicate: true } });
  expect(await submit({ ...body, priority: 'low' })).toMatchObject({ status: 422 });
  expect((await eventsOf(id)).filter(({ type }) => type === 'task.submitted')).toHaveLength(1);
});

test('a key makes a workflow once, too', async () => {
  await world.swarm('a');
  const body = { tasks: [{ id: 'a', type: 'echo' }], idempotencyKey: 'run-1' };
  const [first, second] = await Promise.all([one.submitWorkflow(body), one.submitWorkflow(body)]);
  expect(second).toBe(first);
  expect((await one.workflow(first, 10_000)).state).toBe('succeeded');
  const other = { ...body, tasks: [{ id: 'b', type: 'echo' }] };
  expect((await one.call('POST', '/v1/workflows', other)).status).toBe(422);
});

test('a result of an older attempt is acknowledged as stale and changes nothing', async () => {
  const swarm = await world.swarm('a', () => undefined);
  const id = await one.submit({ retry: { initialMs: 1 } });
  await one.inState(id, 'running');
  await swarm.report(id, 1, { outcome: 'failed' });
  await eventually(() => swarm.holds(id)?.attempt === 2);
  expect(await swarm.report(id, 1, { output: 'too late' })).toEqual([
    { taskId: id, attempt: 1, status: 'stale' },
  ]);
  expect(await swarm.report(id, 7, { output: 'never was' })).toMatchObject([{ status: 'stale' }]);
  await one.inState(id, 'running');
  await swarm.report(id, 2, { output: 'in time' });
  expect(await one.ended(id)).toMatchObject({ state: 'succeeded', output: 'in time', attempt: 2 });
});

test('a swarm that refuses is passed over for another one', async () => {
  const refusing = await world.swarm('a');
  refusing.admit = () => 'refused';
  await world.swarm('b');
  const id = await one.submit({});
  // Under the same number by its coordinator, or under the next one where that was not sure that nothing had begun.
  expect(await one.ended(id)).toMatchObject({ state: 'succeeded', swarmId: 'b' });
  expect(refusing.ran).toEqual([]);
});

test('the only swarm that refused is asked again', async () => {
  const swarm = await world.swarm('a');
  let refusals = 3;
  swarm.admit = () => (refusals-- > 0 ? 'refused' : undefined);
  const id = await one.submit({});
  expect(await one.ended(id)).toMatchObject({ state: 'succeeded', attempt: 4 });
});

test('a swarm that restarts loses its attempt, which runs again under the next number', async () => {
  const swarm = await world.swarm('a', () => undefined);
  const id = await one.submit({});
  await one.inState(id, 'running');
  swarm.agent = () => ({ output: 'second try' });
  swarm.restart();
  expect(await one.ended(id)).toMatchObject({
    state: 'succeeded',
    attempt: 2,
    attempts: [{ outcome: 'lost' }, { outcome: 'succeeded' }],
  });
  expect(swarm.ran).toEqual([`${id}#1`, `${id}#2`]);
});

test('a swarm that falls silent loses its attempt to another one', async () => {
  const silent = await world.swarm('a', () => undefined);
  const id = await one.submit({});
  await one.inState(id, 'running');
  silent.crash();
  world.lb.withdraw('a');
  await world.swarm('b');
  expect(await one.ended(id)).toMatchObject({ state: 'succeeded', swarmId: 'b', attempt: 2 });
});

test('a task that nobody can run says which requirement is not met', async () => {
  await world.swarm('a', undefined, { types: ['echo'] });
  const id = await one.submit({ type: 'fly' });
  const task = await eventually(async () => {
    const seen = await one.task(id);
    return seen.waiting?.reason === 'no-swarm' ? seen : undefined;
  });
  expect(task.waiting).toMatchObject({
    detail: 'nobody handles "fly"',
    unmet: [{ rule: 'type', detail: 'type "fly"' }],
  });
  expect((await one.call('GET', '/v1/tasks?type=fly')).body.items[0].waiting).toMatchObject({
    reason: 'no-swarm',
  });
  await world.swarm('b', undefined, { types: ['fly'] });
  expect((await one.ended(id)).waiting).toBeUndefined();
});

test('priority decides who goes first when a slot comes free', async () => {
  const swarm = await world.swarm('a', () => undefined, { slots: 1 });
  const first = await one.submit({});
  await one.inState(first, 'running');
  const low = await one.submit({ priority: 'low' });
  const high = await one.submit({ priority: 'critical' });
  await swarm.report(first, 1);
  await one.inState(high, 'running');
  expect((await one.task(low)).state).toBe('queued');
  await swarm.report(high, 1);
  await one.inState(low, 'running');
  await swarm.report(low, 1);
});

test('the same verbs are there over NATS', async () => {
  const { z } = await import('zod');
  await world.swarm('a');
  const ask = (subject: string, body: unknown) => world.bus.request(subject, body, { reply: z.any() });
  const { id } = (await ask(subjects.task('submit'), { type: 'echo', input: 5 })) as { id: string };
  expect(await ask(subjects.task('get'), { id, waitMs: 10_000 })).toMatchObject({
    state: 'succeeded',
    output: 5,
  });
  expect(await ask(subjects.task('list'), { limit: 1 })).toMatchObject({ items: [{ id }] });
  expect((await ask(subjects.task('events'), { id })).items).toEqual(await eventsOf(id));
  await expect(ask(subjects.task('submit'), { type: 'no good' })).rejects.toMatchObject({
    code: 'invalid-request',
    findings: [{ pointer: '/type' }],
  });
  const run = (await ask(subjects.workflow('submit'), { tasks: [{ id: 'a', type: 'echo' }] })) as {
    id: string;
  };
  expect(await ask(subjects.workflow('get'), { id: run.id, waitMs: 10_000 })).toMatchObject({
    state: 'succeeded',
  });
  expect(await ask(subjects.workflow('validate'), { tasks: [] })).toMatchObject({ valid: false });
  expect(await ask(subjects.status(), {})).toMatchObject({ health: 'down', reasons: expect.any(Array) });
});
