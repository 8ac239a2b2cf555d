import { connectBus } from '@multiswarm/bus';
import {
  isTerminal,
  LIMITS,
  subjects,
  type Accepted,
  BatchReply,
  type Event,
  type JsonValue,
  type Problem,
  type Task,
  type TaskPage,
} from '@multiswarm/contracts';
import {
  connect,
  defineTask,
  defineWorkflow,
  NonRetryableError,
  type Client,
  type Swarm,
  type WorkflowHandle,
} from '@multiswarm/sdk';
import { eventually } from '@multiswarm/testing';
import { z } from 'zod';
import { startStack, type Stack } from './stack';
import { HeldWork, quietSwarm } from './support/held-work';
import { call } from './support/http';

let stack: Stack;
let crew: Swarm;
const work = new HeldWork();

beforeAll(async () => {
  stack = await startStack();
  crew = quietSwarm('crew', stack.nats.url, 8)
    .handle('work', work.handler)
    .handle('echo', (input) => input)
    .handle('talk', (_input, ctx) => {
      ctx.log.info('begun', { page: 1 });
      ctx.output('a part');
      ctx.progress(0.5, 'half');
      return 'done';
    });
  await crew.start();
});
afterAll(async () => {
  work.open();
  await crew.stop();
  await stack.stop();
});

/** How somebody submits tasks and tells them things. */
interface Way {
  submit(type: string, options?: object): Promise<string>;
  tell(id: string, verb: 'cancel' | 'pause' | 'resume' | 'retry'): Promise<void>;
  signal(id: string, name: string, payload: JsonValue): Promise<void>;
  close(): Promise<void>;
}

function overHttp(): Way {
  const tasks = `${stack.url('orchestrator')}/v1/tasks`;
  const post = async (path: string, body: object): Promise<Accepted> => {
    const { status, body: accepted } = await call<Accepted>(tasks + path, body);
    expect(status).toBe(202);
    return accepted;
  };
  return {
    submit: async (type, options) => (await post('', { type, ...options })).id,
    tell: async (id, verb) => void (await post(`/${id}/${verb}`, {})),
    signal: async (id, name, payload) => void (await post(`/${id}/signal`, { name, payload })),
    close: () => Promise.resolve(),
  };
}

function overSdk(client: Client): Way {
  return {
    submit: async (type, options) => (await client.submit(type, null, options)).id,
    tell: async (id, verb) => void (await client.task(id)[verb]()),
    signal: async (id, name, payload) => void (await client.task(id).signal(name, payload)),
    close: () => client.close(),
  };
}

async function taskNow(id: string, waitMs = 0): Promise<Task> {
  return (await call<Task>(`${stack.url('orchestrator')}/v1/tasks/${id}?waitMs=${waitMs}`)).body;
}

/** The task once it is as it should be. */
function seen(id: string, isMeant: (task: Task) => boolean): Promise<Task> {
  let last: Task | undefined;
  return eventually(
    async () => {
      last = await taskNow(id);
      return isMeant(last) && last;
    },
    { timeoutMs: 10_000, describe: () => `another task than ${JSON.stringify(last)}` },
  );
}

async function eventOf(run: WorkflowHandle<unknown>, step: string, type: string): Promise<Event> {
  for await (const event of run.events()) if (event.step === step && event.type === type) return event;
  throw new Error(`${run.id} has ended without ${type} of ${step}`);
}

async function ended(id: string): Promise<Task> {
  const task = await taskNow(id, 15_000);
  expect(isTerminal(task.state)).toBe(true);
  return task;
}

describe.each([
  ['over HTTP', () => Promise.resolve(overHttp())],
  ['by the SDK over HTTP', async () => overSdk(await connect({ url: stack.url('orchestrator') }))],
  ['by the SDK over NATS', async () => overSdk(await connect({ servers: stack.nats.url }))],
])('a task of a running swarm that is told something %s', (_name, open) => {
  let way: Way;
  beforeAll(async () => {
    way = await open();
  });
  afterAll(() => way.close());

  test('is paused: what runs goes on to its end, no attempt follows, and the next one comes when it is resumed', async () => {
    const id = await way.submit('work', { retry: { initialMs: 1 } });
    const first = await work.attempt(id);
    await way.tell(id, 'pause');
    expect(first.ctx.signal.aborted).toBe(false);
    first.fail(new Error('not this time'));
    await seen(id, ({ state, waiting }) => state === 'queued' && waiting?.reason === 'paused');
    // Whoever may go goes: the way from the queue to this swarm is open.
    expect((await ended(await way.submit('echo'))).state).toBe('succeeded');
    expect(await taskNow(id)).toMatchObject({ state: 'queued', attempt: 1 });
    await way.tell(id, 'resume');
    (await work.attempt(id, 2)).end('now');
    expect(await ended(id)).toMatchObject({ state: 'succeeded', output: 'now', attempt: 2 });
  });

  test('waits for its signal, begins with it, and hears the next one while it runs', async () => {
    const id = await way.submit('work', { waitFor: { signal: 'approved' } });
    expect((await taskNow(id)).state).toBe('waiting');
    await way.signal(id, 'approved', { by: 'ann' });
    const { ctx, end } = await work.attempt(id);
    expect(ctx.signals).toMatchObject([{ name: 'approved', payload: { by: 'ann' } }]);
    ctx.onSignal('hurry', (payload) => end({ heard: payload }));
    await way.signal(id, 'hurry', 'please');
    expect(await ended(id)).toMatchObject({ state: 'succeeded', output: { heard: 'please' } });
  });

  test('is cancelled: its handler is aborted, and the task ends as cancelled', async () => {
    const id = await way.submit('work');
    const { ctx } = await work.attempt(id);
    await seen(id, ({ state }) => state === 'running');
    expect(ctx.signal.aborted).toBe(false);
    await way.tell(id, 'cancel');
    const task = await ended(id);
    expect(task).toMatchObject({ state: 'cancelled', attempts: [{ outcome: 'cancelled' }] });
    expect(ctx.signal.aborted).toBe(true);
  });

  test('is retried after it has failed for good, under its own id and the next number', async () => {
    const id = await way.submit('work');
    (await work.attempt(id)).fail(new NonRetryableError('bad-input', 'no'));
    expect(await ended(id)).toMatchObject({ state: 'failed', attempt: 1, error: { code: 'bad-input' } });
    await way.tell(id, 'retry');
    (await work.attempt(id, 2)).end('mended');
    const outcomes = [{ outcome: 'failed' }, { outcome: 'succeeded' }];
    expect(await ended(id)).toMatchObject({ state: 'succeeded', output: 'mended', attempts: outcomes });
  });
});

test('what a handler says of its progress is read while it runs', async () => {
  const way = overHttp();
  const id = await way.submit('work');
  const { ctx, end } = await work.attempt(id);
  for (const [fraction, message] of [
    [0.25, 'fetching'],
    [0.75, 'building'],
  ] as const) {
    ctx.progress(fraction, message);
    const { state, progress } = await seen(id, (task) => task.progress?.message === message);
    expect({ state, progress }).toMatchObject({ state: 'running', progress: { fraction, message } });
  }
  end(null);
  expect((await ended(id)).state).toBe('succeeded');
});

describe.each([
  ['HTTP', () => connect({ url: stack.url('orchestrator') })],
  ['NATS', () => connect({ servers: stack.nats.url })],
])('a run of a workflow, over %s,', (_name, open) => {
  const release = defineWorkflow(
    { name: 'release', input: z.object({ draft: z.string() }) },
    (flow, input) => {
      const plan = flow.task('plan', 'work', { draft: input.draft });
      const edition = flow.signal('edition', { payload: z.number(), after: plan });
      const review = flow.approval('review', { approvers: ['dana'], after: plan });
      const publish = defineTask({
        type: 'echo',
        input: z.object({ edition: z.number(), note: z.string().nullable() }),
        output: z.object({ edition: z.number(), note: z.string().nullable() }),
      });
      return [flow.task('publish', publish, { edition: edition.output, note: review.output.note })];
    },
  );
  let client: Client;
  beforeAll(async () => {
    client = await open();
  });
  afterAll(() => client.close());

  test('gets steps while it runs, is paused, told and approved, and runs again from where somebody wants', async () => {
    const run = await client.submitWorkflow(release.submission({ draft: 'first' }));
    const { ctx, end } = await work.attempt((await run.get()).steps[0]?.taskId ?? '');
    const planned = { tasks: [{ id: 'planned', task: 'echo', input: { n: 1 } }] };
    await ctx.addSteps(planned);
    await ctx.addSteps(planned);
    const text = ctx.addSteps({ tasks: [{ id: 'text', task: 'echo', input: 'no place for "upstream"' }] });
    await expect(text).rejects.toMatchObject({
      code: 'invalid-workflow',
      findings: [{ pointer: '/tasks/0/input' }],
    });
    await run.addSteps({ tasks: [{ id: 'beside', task: 'echo', input: 1 }] });
    await run.pause('later', { requestedBy: 'kim' });
    end(null);
    await run.signal('edition', 2);
    await expect(run.approve('review', { requestedBy: 'kim' })).rejects.toMatchObject({
      code: 'approval-not-allowed',
    });
    await run.approve('review', { note: 'well done', requestedBy: 'dana' });
    expect(await run.get()).toMatchObject({ paused: { reason: 'later', requestedBy: 'kim' } });
    await run.resume();
    const publish = { edition: 2, note: 'well done' };
    const output = await run.result();
    expect(output).toEqual({ publish, planned: { n: 1, upstream: { plan: null } }, beside: 1 });
    await expect(ctx.addSteps(planned)).rejects.toMatchObject({ code: 'wrong-state' });

    const other = await run.rerun({ from: { steps: ['review'] } });
    await other.reject('review', { note: 'a typo', requestedBy: 'dana' });
    await expect(other.result()).rejects.toThrow('step "review" failed');
    const { steps } = await other.get();
    expect(steps.find(({ id }) => id === 'review')?.error).toMatchObject({ code: 'rejected' });
    const kept = steps.filter(({ keptFrom }) => keptFrom !== undefined);
    expect(kept.map(({ id }) => id)).toEqual(['plan', 'edition', 'planned', 'beside']);

    const mended = await other.rerun({ from: { failed: true } });
    await mended.approve('review', { note: 'well done', requestedBy: 'dana' });
    expect(await mended.result()).toEqual(output);

    const { seq } = await eventOf(run, 'plan', 'task.succeeded');
    const forked = await run.rerun({ from: { event: seq }, input: { draft: 'second' } });
    expect(await forked.get()).toMatchObject({ forkOf: { workflowId: run.id }, input: { draft: 'second' } });
    await forked.cancel();
    await expect(forked.result()).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe.each([
  ['HTTP', () => connect({ url: stack.url('orchestrator') })],
  ['NATS', () => connect({ servers: stack.nats.url })],
])('what is too large to travel, over %s', (_name, open) => {
  const text = 'ä'.repeat(LIMITS.TASK_INPUT_BYTES * 4);
  let client: Client;
  beforeAll(async () => {
    client = await open();
  });
  afterAll(() => client.close());

  test('goes to the agent and comes back by itself', async () => {
    const handle = await client.submit('echo', { text });
    expect(await handle.result()).toEqual({ text });
    expect(await handle.get()).toMatchObject({
      input: null,
      inputRef: { bytes: expect.any(Number) as number },
      outputRef: { bytes: expect.any(Number) as number },
    });
  });

  test('goes from step to step, beside what is small', async () => {
    const run = await client.submitWorkflow({
      tasks: [
        { id: 'large', type: 'echo', input: { text } },
        { id: 'small', type: 'echo', input: 1 },
        { id: 'join', type: 'echo', input: { own: text } },
      ],
      dependencies: { join: ['large', 'small'] },
    });
    expect(await run.result()).toEqual({ join: { own: text, upstream: { large: { text }, small: 1 } } });
  });

  test('goes in a batch, stored once for all who share it', async () => {
    const ref = await client.payloads.put({ text });
    const { items } = await client.submitBatch([
      { task: 'echo', input: { text } },
      { task: 'echo', input: 1 },
    ]);
    expect(await items[0]?.handle?.result()).toEqual({ text });
    expect((await items[0]?.handle?.get())?.inputRef).toEqual(ref);
    expect(await client.payloads.get(ref)).toEqual({ text });
    expect(await client.payloads.check()).toMatchObject({ counts: {}, repaired: 0 });
  });
});

test.each([
  ['HTTP', () => connect({ url: stack.url('orchestrator') })],
  ['NATS', () => connect({ servers: stack.nats.url })],
])('what a handler says is read while it runs and afterwards, to the end, over %s', async (_name, open) => {
  const client = await open();
  const handle = await client.submit('talk');
  const said: unknown[] = [];
  for await (const item of handle.stream()) said.push(item);
  expect(said).toMatchObject([
    { attempt: 1, seq: 1, kind: 'log', level: 'info', message: 'begun', fields: { page: 1 } },
    { seq: 2, kind: 'output', output: 'a part' },
    { seq: 3, kind: 'progress', fraction: 0.5, message: 'half' },
  ]);
  expect(await handle.result()).toBe('done');
  await client.close();
});

describe('a batch', () => {
  const FULL = LIMITS.BATCH_TASKS;
  const BAD = [0, 5_678, FULL - 1];
  // Nobody handles them.
  const typeOf = (index: number): string => (BAD.includes(index) ? 'no good' : 'parked');
  const indices = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

  test(`of ${FULL} tasks is taken, and every item has an answer of its own`, async () => {
    const tasks = indices(FULL).map((index) => ({ type: typeOf(index), input: { index } }));
    const url = `${stack.url('orchestrator')}/v1/tasks/batch`;
    const { status, body } = await call<BatchReply>(url, { tasks });
    expect(status).toBe(202);
    expect(body).toMatchObject({ accepted: FULL - BAD.length, rejected: BAD.length });
    expect(body.results.map(({ index }) => index)).toEqual(indices(FULL));
    const refused = body.results.flatMap((result) => ('error' in result ? [result] : []));
    expect(refused.map(({ index }) => index)).toEqual(BAD);
    for (const { error } of refused)
      expect(error).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '/type' }] });
    const ids = body.results.map((result) => ('id' in result ? result.id : undefined));
    expect(new Set(ids).size).toBe(FULL - BAD.length + 1);
    for (const index of [1, 5_677, FULL - 2])
      expect(await taskNow(ids[index] ?? '')).toMatchObject({ state: 'queued', input: { index } });
  });

  test('of one task more is refused as a whole, over HTTP and over NATS, and nothing of it is stored', async () => {
    const tasks = Array<object>(FULL + 1).fill({ type: 'too-many' });
    const pointer = '/tasks';
    const { status, body } = await call<Problem>(`${stack.url('orchestrator')}/v1/tasks/batch`, { tasks });
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'invalid-request', errors: [{ pointer }] });
    expect(body.detail).toContain(String(FULL));
    const bus = await connectBus({ servers: stack.nats.url, name: 'test' });
    const asked = bus.request(subjects.task('submit-batch'), { tasks }, { reply: BatchReply });
    await expect(asked).rejects.toMatchObject({
      code: 'invalid-request',
      findings: [{ pointer, message: expect.stringContaining(String(FULL)) as unknown }],
    });
    await bus.close();
    const found = await call<TaskPage>(`${stack.url('orchestrator')}/v1/tasks?type=too-many`);
    expect(found.body.items).toEqual([]);
  });

  test.each([
    ['HTTP', () => connect({ url: stack.url('orchestrator') })],
    ['NATS', () => connect({ servers: stack.nats.url })],
  ])(
    'of more than one request may carry is cut by the SDK, over %s: every item has an answer of its own',
    async (_name, open) => {
      const client = await open();
      const items = indices(FULL + 1).map((index) => ({ task: typeOf(index), input: { index } }));
      const outcome = await client.submitBatch(items);
      await client.close();
      expect(outcome).toMatchObject({ accepted: FULL + 1 - BAD.length, rejected: BAD.length });
      expect(outcome.items.map(({ index }) => index)).toEqual(indices(FULL + 1));
      const refused = outcome.items.filter(({ error }) => error?.code === 'invalid-request');
      expect(refused.map(({ index }) => index)).toEqual(BAD);
      const ids = new Set(outcome.items.map(({ handle }) => handle?.id));
      expect(ids.size).toBe(FULL + 1 - BAD.length + 1);
      for (const index of [1, FULL])
        expect(await taskNow(outcome.items[index]?.handle?.id ?? '')).toMatchObject({ input: { index } });
    },
  );
});
