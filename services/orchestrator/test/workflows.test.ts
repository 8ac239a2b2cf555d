import { eventually } from '@multiswarm/testing';
import type { Event } from '@multiswarm/contracts';
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

const FIVE = {
  name: 'delivery',
  tasks: ['analyze', 'design', 'implement', 'test', 'deploy'].map((id) => ({ id, type: id })),
  dependencies: {
    design: ['analyze'],
    implement: ['design'],
    test: ['implement'],
    deploy: ['implement', 'test'],
  },
};

async function eventsOf(id: string): Promise<Event[]> {
  return ((await one.call('GET', `/v1/workflows/${id}/events`)).body as { items: Event[] }).items;
}

test('five steps run in order, each with the outputs of those it waited for, and the run gives the last output', async () => {
  const inputs = new Map<string, unknown>();
  await world.swarm('a', ({ step = '', input }) => {
    inputs.set(step, input);
    return { output: { by: step } };
  });
  const id = await one.submitWorkflow(FIVE);
  const run = await one.workflow(id, 10_000);
  expect(run).toMatchObject({
    name: 'delivery',
    state: 'succeeded',
    counts: { succeeded: 5 },
    output: { deploy: { by: 'deploy' } },
  });
  expect(run.steps.map((step) => step.state)).toEqual(Array(5).fill('succeeded'));
  expect(inputs.get('deploy')).toEqual({
    upstream: { implement: { by: 'implement' }, test: { by: 'test' } },
  });
  const events = await eventsOf(id);
  const assigned = events.filter(({ type }) => type === 'task.assigned').map(({ step }) => step);
  expect(assigned).toEqual(['analyze', 'design', 'implement', 'test', 'deploy']);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  expect(events.at(-1)?.type).toBe('workflow.succeeded');
  const own = (await one.call('GET', `/v1/tasks/${run.steps[1]?.taskId ?? ''}/events`)).body as {
    items: Event[];
  };
  expect(own.items).toEqual(events.filter(({ step }) => step === 'design'));
});

test('a step that fails skips all behind it, lets the others finish, and fails the run', async () => {
  await world.swarm('a', ({ step }) =>
    step === 'b' ? { outcome: 'failed', error: { code: 'broken', message: 'no', retryable: false } } : {},
  );
  const id = await one.submitWorkflow({
    tasks: ['a', 'b', 'c', 'd', 'beside'].map((step) => ({ id: step, type: 'echo' })),
    dependencies: { b: ['a'], c: ['b'], d: ['c'], beside: ['a'] },
  });
  const run = await one.workflow(id, 10_000);
  expect(run.state).toBe('failed');
  expect(Object.fromEntries(run.steps.map((step) => [step.id, step.state]))).toEqual({
    a: 'succeeded',
    b: 'failed',
    c: 'skipped',
    d: 'skipped',
    beside: 'succeeded',
  });
  expect(run.steps[2]?.error).toMatchObject({ code: 'upstream-failed', message: 'step "b" did not succeed' });
  expect(run).not.toHaveProperty('output');
});

test('a cancelled run ends what waits at once, tells what runs, and ends when that has ended', async () => {
  const swarm = await world.swarm('a', () => undefined);
  const id = await one.submitWorkflow(FIVE);
  await eventually(() => swarm.holding === 1);
  const answer = await one.call('POST', `/v1/workflows/${id}/cancel`, { reason: 'enough' });
  expect(answer.status).toBe(202);
  expect(answer.body).toMatchObject({ id, cancelRequestedAt: expect.any(String) });
  const run = await one.workflow(id, 10_000);
  expect(run).toMatchObject({ state: 'cancelled', counts: { cancelled: 2, skipped: 3 } });
  expect(new Set(swarm.cancels.map(({ taskId }) => taskId)).size).toBe(1);
});

test('a step that is blocked says which steps before it have not ended; a list only that there are some', async () => {
  await world.swarm('a', ({ step }) => (step === 'a' ? {} : undefined));
  const id = await one.submitWorkflow({
    tasks: ['a', 'b', 'c', 'd'].map((step) => ({ id: step, type: 'echo' })),
    dependencies: { d: ['a', 'b', 'c'] },
  });
  const state = async (): Promise<string> =>
    (await one.workflow(id)).steps.map((step) => step.state).join(' ');
  await eventually(async () => (await state()) === 'succeeded running running blocked');
  const last = (await one.workflow(id)).steps[3]?.taskId ?? '';
  expect((await one.task(last)).waiting).toMatchObject({
    reason: 'steps',
    detail: 'steps before it have not ended: b, c',
  });
  const listed = await one.call('GET', `/v1/tasks?workflow=${id}&state=blocked`);
  expect(listed.body.items[0].waiting).toMatchObject({
    reason: 'steps',
    detail: 'steps before it have not ended',
  });
  await one.call('POST', `/v1/workflows/${id}/cancel`, {});
  expect((await one.workflow(id, 10_000)).state).toBe('cancelled');
});

test('the steps of a run are listed page by page', async () => {
  await world.swarm('a');
  const id = await one.submitWorkflow(FIVE);
  await one.workflow(id, 10_000);
  const ids: string[] = [];
  let next: string | null = '';
  while (next !== null) {
    const query = `workflow=${id}&limit=2${next === '' ? '' : `&cursor=${next}`}`;
    const { body } = await one.call('GET', `/v1/tasks?${query}`);
    ids.push(...(body.items as { step: string }[]).map(({ step }) => step));
    next = body.next as string | null;
  }
  expect(ids).toEqual(FIVE.tasks.map((step) => step.id));
});

test('runs are listed newest first, by state and namespace, each once', async () => {
  await world.swarm('a');
  const submit = (namespace: string) => one.submitWorkflow({ namespace, tasks: [{ id: 'a', type: 'echo' }] });
  const ids = [];
  for (let index = 0; index < 7; index += 1) ids.push(await submit(index % 2 === 0 ? 'even' : 'odd'));
  await Promise.all(ids.map((id) => one.workflow(id, 10_000)));
  const listed: string[] = [];
  let cursor = '';
  do {
    const { body } = await one.call('GET', `/v1/workflows?namespace=even&limit=3${cursor}`);
    listed.push(...(body.items as { id: string }[]).map(({ id }) => id));
    cursor = body.next === null ? '' : `&cursor=${body.next as string}`;
  } while (cursor !== '');
  expect(new Set(listed)).toEqual(new Set(ids.filter((_, index) => index % 2 === 0)));
  expect(listed).toHaveLength(4);
  expect((await one.call('GET', '/v1/workflows?namespace=odd&state=failed')).body).toEqual({
    items: [],
    next: null,
  });
});

test('steps may be called as anything that objects have by birth', async () => {
  await world.swarm('a', ({ step }) => ({ output: step ?? null }));
  const id = await one.submitWorkflow({
    tasks: ['constructor', 'toString', 'valueOf'].map((step) => ({ id: step, type: 'echo' })),
    dependencies: { valueOf: ['toString', 'constructor'] },
  });
  expect(await one.workflow(id, 10_000)).toMatchObject({
    state: 'succeeded',
    output: { valueOf: 'valueOf' },
  });
});

test('the largest workflow that is allowed is accepted, runs in order and ends, and its events all arrive', async () => {
  const { LIMITS } = await import('@multiswarm/contracts');
  await world.swarm('a', () => ({ output: 1 }), { slots: 500 });
  const last = LIMITS.WORKFLOW_STEPS - 1;
  const tasks = Array.from({ length: LIMITS.WORKFLOW_STEPS }, (_, index) => ({
    id: `s${index}`,
    type: 'echo',
  }));
  const middle = tasks.slice(1, last).map(({ id }) => id);
  const dependencies = { ...Object.fromEntries(middle.map((id) => [id, ['s0']])), [`s${last}`]: middle };
  const id = await one.submitWorkflow({ tasks, dependencies });
  const run = await one.workflow(id, 60_000);
  expect(run).toMatchObject({ state: 'succeeded', counts: { succeeded: LIMITS.WORKFLOW_STEPS } });
  const events = await eventsOf(id);
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  const published = await eventually(
    async () => {
      const outbox = await world.store.redis.xlen(`ms:{s${id.slice(1, id.indexOf('-'))}}:outbox`);
      return outbox < 64 ? { outbox } : undefined;
    },
    { timeoutMs: 30_000, describe: () => `the outbox being handed over; ${one.logs().slice(-500)}` },
  );
  expect(published.outbox).toBeLessThan(64);
}, 120_000);
