import { connectBus, type Bus } from '@multiswarm/bus';
import {
  CordonSwarm,
  MultiswarmError,
  NamespaceSettings,
  PutNamespace,
  subjects,
  TaskSubmission,
  type BatchItemResult,
  type Event,
  type Task,
} from '@multiswarm/contracts';
import { eventually, startNats, type TestServer } from '@multiswarm/testing';
import { z } from 'zod';
import {
  connect,
  defineTask,
  TaskCancelledError,
  TaskExpiredError,
  TaskFailedError,
  type Client,
} from '../src';
import { silent } from './fixtures';
import { event, explanation, swarm, task, workflow } from './records';

const ID = 't3-00000001';
const RUN = 'w3-00000001';
const any = z.unknown();
let nats: TestServer;
let orchestrator: Bus;
let client: Client;

beforeEach(async () => {
  nats = await startNats();
  orchestrator = await connectBus({ servers: nats.url, name: 'orchestrator' });
  client = await connect({ servers: nats.url, logger: silent, requestTimeoutMs: 1_000 });
});
afterEach(async () => {
  await client.close();
  await orchestrator.close();
  await nats.stop();
});

/** Answers one verb as the orchestrator would, and keeps what it was asked. */
function answer<T>(subject: string, reply: (body: T, call: number) => unknown): T[] {
  const asked: T[] = [];
  orchestrator.respond(subject, { request: any }, async (body) => {
    asked.push(body as T);
    return reply(body as T, asked.length);
  });
  return asked;
}

const accept = (id = ID) => ({ id, state: 'queued', duplicate: false });
const unavailable = new MultiswarmError('shard-unavailable', 'no owner right now');
const fail = (error: Error): never => {
  throw error;
};
const square = defineTask({
  type: 'square',
  input: z.object({ n: z.number() }),
  output: z.object({ n: z.number() }),
});

describe('submitting over NATS', () => {
  test('hands the task in and brings back its output, checked by the definition', async () => {
    const asked = answer<unknown>(subjects.task('submit'), () => accept());
    answer(subjects.task('get'), () => task(ID, 'succeeded', { output: { n: 9, extra: true } }));
    const run = await client.submit(square, { n: 3 }, { priority: 'high' });
    expect(await run.result()).toEqual({ n: 9 });
    expect(TaskSubmission.parse(asked[0])).toMatchObject({
      type: 'square',
      input: { n: 3 },
      priority: 'high',
    });
  });

  test('says when and under which limits the task may run', async () => {
    const asked = answer<unknown>(subjects.task('submit'), () => accept());
    const limited = defineTask({ type: 'ask', limitKeys: ['llm'], fairnessKey: 'everybody' });
    const when = {
      notBefore: '2030-01-01T00:00:00.000Z',
      waitFor: { signal: 'approve', timeoutMs: 1_000 },
      timeouts: { scheduleToStartMs: 5, heartbeatMs: 6, deadline: '2031-01-01T00:00:00.000Z' },
      retry: { totalMs: 60_000 },
    };
    await client.submit(limited, {}, { ...when, fairnessKey: 'acme' });
    expect(TaskSubmission.parse(asked[0])).toMatchObject({
      ...when,
      ...{ type: 'ask', limitKeys: ['llm'], fairnessKey: 'acme' },
    });
  });

  test('repeats what fails in passing with the same idempotency key', async () => {
    const asked = answer<{ idempotencyKey: string }>(subjects.task('submit'), (_body, call) =>
      call < 3 ? fail(unavailable) : accept(),
    );
    expect((await client.submit('echo')).id).toBe(ID);
    const keys = asked.map(({ idempotencyKey }) => idempotencyKey);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f]{26}$/);
  });

  test('throws what does not pass at once, with the findings of the server', async () => {
    const findings = [{ pointer: '/priority', code: 'invalid-value', message: 'no such priority' }];
    const asked = answer(subjects.task('submit'), () =>
      fail(new MultiswarmError('invalid-request', 'no', { findings })),
    );
    await expect(client.submit('echo')).rejects.toMatchObject({ code: 'invalid-request', findings });
    expect(asked).toHaveLength(1);
  });

  test('gives up when nobody answers for longer than it may try', async () => {
    const hasty = await connect({ servers: nats.url, logger: silent, retryForMs: 50 });
    await expect(hasty.submit('echo')).rejects.toMatchObject({ code: 'bus-unavailable', retryable: true });
    await hasty.close();
  });

  test('cancels the task when the signal of the submission is aborted', async () => {
    answer(subjects.task('submit'), () => accept());
    const cancels = answer<{ id: string }>(subjects.task('cancel'), () => task(ID, 'running'));
    answer(subjects.task('get'), () => task(ID, cancels.length > 0 ? 'cancelled' : 'running'));
    const abort = new AbortController();
    const run = await client.submit('echo', {}, { signal: abort.signal });
    const result = run.result();
    abort.abort();
    await expect(result).rejects.toMatchObject({
      name: 'TaskCancelledError',
      code: 'cancelled',
      state: 'cancelled',
    });
    expect(cancels.map(({ id }) => id)).toEqual([ID]);
  });
});

describe('waiting for a result', () => {
  test('goes on over errors that pass and over answers that come too early', async () => {
    const get = answer<{ waitMs: number }>(subjects.task('get'), (_body, call) => {
      if (call === 1) return fail(unavailable);
      return call === 2 ? task(ID, 'running') : task(ID, 'succeeded', { output: 'done' });
    });
    expect(await client.task(ID).result()).toBe('done');
    expect(get.every(({ waitMs }) => waitMs > 0)).toBe(true);
  });

  test('survives a restart of the NATS server', async () => {
    let state: Task['state'] = 'running';
    const get = answer(subjects.task('get'), () => task(ID, state, { output: 1 }));
    const result = client.task(ID).result();
    await eventually(() => get.length > 0);
    await nats.kill('SIGKILL');
    state = 'succeeded';
    await nats.restart();
    expect(await result).toBe(1);
  });

  test('throws what went wrong when the task did not succeed', async () => {
    const error = { code: 'no-such-file', message: 'it is gone', retryable: false };
    answer(subjects.task('get'), () => task(ID, 'failed', { error }));
    await expect(client.task(ID).result()).rejects.toMatchObject({
      name: 'TaskFailedError',
      code: 'task-failed',
      state: 'failed',
      error,
      attempts: [],
      message: expect.stringContaining('it is gone') as string,
    });
  });

  test.each([
    ['cancelled', undefined, TaskCancelledError, 'cancelled'],
    ['expired', 'deadline-exceeded', TaskExpiredError, 'deadline-exceeded'],
    ['expired', 'signal-timeout', TaskExpiredError, 'signal-timeout'],
    ['expired', 'a-code-of-tomorrow', TaskExpiredError, 'task-failed'],
    ['failed', 'attempt-lost', TaskFailedError, 'task-failed'],
  ] as const)('tells by its error what ended as %s (%s)', async (state, reported, type, code) => {
    const error = reported && { code: reported, message: 'because', retryable: false };
    answer(subjects.task('get'), () => task(ID, state, error ? { error } : {}));
    const thrown = await client
      .task(ID)
      .result()
      .catch((fault: unknown) => fault);
    expect(thrown).toBeInstanceOf(TaskFailedError);
    expect(thrown).toBeInstanceOf(type);
    expect(thrown).toMatchObject({ code, state, name: type.name });
  });

  test('ends with a timeout, or by the signal of the caller, without cancelling the task', async () => {
    answer(subjects.task('get'), () => task(ID, 'running'));
    const cancels = answer(subjects.task('cancel'), () => task(ID, 'running'));
    await expect(client.task(ID).result({ timeoutMs: 30 })).rejects.toMatchObject({ code: 'timeout' });
    const abort = new AbortController();
    const result = client.task(ID).result({ signal: abort.signal });
    abort.abort(new Error('enough'));
    await expect(result).rejects.toThrow('enough');
    expect(cancels).toEqual([]);
  });

  test('of a workflow brings its outputs by step, or says how it ended', async () => {
    answer<{ id: string }>(subjects.workflow('get'), ({ id }) =>
      id === 'w1-00000001' ? workflow(id, 'succeeded', { output: { deploy: 'ok' } }) : workflow(id, 'failed'),
    );
    answer(subjects.workflow('submit'), () => ({ id: 'w1-00000001', state: 'running', duplicate: false }));
    const run = await client.submitWorkflow({ tasks: [{ id: 'deploy', task: 'deploy' }] });
    expect(await run.result()).toEqual({ deploy: 'ok' });
    await expect(client.workflow('w2-00000002').result()).rejects.toMatchObject({
      name: 'WorkflowFailedError',
      state: 'failed',
    });
  });
});

describe('commands over NATS', () => {
  test('pause, resume, signal and rerun a task', async () => {
    const asked: [string, unknown][] = [];
    for (const verb of ['pause', 'resume', 'signal', 'retry'])
      answer<unknown>(subjects.task(verb), (body) => {
        asked.push([verb, body]);
        return task(ID, 'queued');
      });
    const reruns = answer<{ idempotencyKey: string }>(subjects.task('rerun'), () => accept('t4-00000002'));
    const run = client.task(ID, square);
    expect(await run.pause('later')).toEqual({ id: ID, state: 'queued' });
    await run.pause();
    await run.resume();
    await run.signal('approve', { by: 'Ada' });
    await run.signal('go');
    await run.retry();
    expect(asked).toEqual([
      ['pause', { id: ID, reason: 'later' }],
      ['pause', { id: ID }],
      ['resume', { id: ID }],
      ['signal', { id: ID, name: 'approve', payload: { by: 'Ada' } }],
      ['signal', { id: ID, name: 'go' }],
      ['retry', { id: ID }],
    ]);
    answer(subjects.task('get'), () => task('t4-00000002', 'succeeded', { output: { n: 4 } }));
    const copy = await run.rerun();
    expect([copy.id, await copy.result()]).toEqual(['t4-00000002', { n: 4 }]);
    expect(reruns[0]).toEqual({ id: ID, idempotencyKey: expect.stringMatching(/^[0-9a-f]{26}$/) as string });
    await run.rerun({ idempotencyKey: 'again' });
    expect(reruns[1]).toEqual({ id: ID, idempotencyKey: 'again' });
  });

  test('say who asks: the one of the call, else the one of the client', async () => {
    const asked: unknown[] = [];
    const verbs = ['pause', 'resume', 'retry', 'cancel'].map((verb) => subjects.task(verb));
    for (const subject of [...verbs, subjects.workflow('cancel')])
      answer<unknown>(subject, (body) => {
        asked.push(body);
        return task(ID, 'queued');
      });
    const dana = await connect({ servers: nats.url, logger: silent, requestedBy: 'dana' });
    const run = dana.task(ID);
    await run.pause('later');
    await run.resume({ requestedBy: 'kim' });
    await run.retry();
    await run.cancel('enough', { requestedBy: 'kim' });
    await dana.workflow(ID).cancel();
    await dana.close();
    expect(asked).toEqual([
      { id: ID, reason: 'later', requestedBy: 'dana' },
      { id: ID, requestedBy: 'kim' },
      { id: ID, requestedBy: 'dana' },
      { id: ID, reason: 'enough', requestedBy: 'kim' },
      { id: ID, requestedBy: 'dana' },
    ]);
  });

  test('pause, resume, signal, answer, extend and repeat a workflow', async () => {
    const asked: [string, unknown][] = [];
    for (const verb of ['pause', 'resume', 'signal', 'approve', 'add-steps'])
      answer<unknown>(subjects.workflow(verb), (body) => {
        asked.push([verb, body]);
        return { id: RUN, state: 'running' };
      });
    const run = client.workflow(RUN);
    expect(await run.pause('later')).toEqual({ id: RUN, state: 'running' });
    await run.resume({ requestedBy: 'kim' });
    await run.signal('released', { edition: 2 });
    await run.signal('go', undefined, { step: 'wait', requestedBy: 'kim' });
    await run.approve('review');
    await run.reject('review', { note: 'a typo', requestedBy: 'dana' });
    await run.addSteps({
      tasks: [
        { id: 'more', task: square, input: { n: 2 } },
        { id: 'last', task: 'echo' },
      ],
      dependencies: { last: ['more'] },
    });
    const id = RUN;
    expect(asked).toEqual([
      ['pause', { id, reason: 'later' }],
      ['resume', { id, requestedBy: 'kim' }],
      ['signal', { id, name: 'released', payload: { edition: 2 } }],
      ['signal', { id, name: 'go', step: 'wait', requestedBy: 'kim' }],
      ['approve', { id, step: 'review', approved: true }],
      ['approve', { id, step: 'review', approved: false, note: 'a typo', requestedBy: 'dana' }],
      [
        'add-steps',
        {
          id,
          tasks: [
            { id: 'more', type: 'square', input: { n: 2 } },
            { id: 'last', type: 'echo' },
          ],
          dependencies: { last: ['more'] },
        },
      ],
    ]);
  });

  test('what runs again of a workflow is a run of its own', async () => {
    const asked = answer<unknown>(subjects.workflow('rerun'), () => accept('w4-00000002'));
    answer(subjects.workflow('get'), () => workflow('w4-00000002', 'succeeded', { output: { last: 1 } }));
    const run = client.workflow(RUN);
    const again = await run.rerun();
    expect([again.id, await again.result()]).toEqual(['w4-00000002', { last: 1 }]);
    await run.rerun({
      from: { steps: ['build'] },
      input: { fast: true },
      idempotencyKey: 'once',
      requestedBy: 'kim',
    });
    await run.rerun({ from: { failed: true }, idempotencyKey: 'twice' });
    expect(asked).toEqual([
      { id: RUN, idempotencyKey: expect.stringMatching(/^[0-9a-f]{26}$/) as string },
      {
        id: RUN,
        idempotencyKey: 'once',
        from: { steps: ['build'] },
        input: { fast: true },
        requestedBy: 'kim',
      },
      { id: RUN, idempotencyKey: 'twice', from: { failed: true } },
    ]);
  });

  test('a retry of which the answer got lost is no error, one that cannot be done is', async () => {
    const wrong = new MultiswarmError('wrong-state', 'it is in the queue already');
    answer(subjects.task('retry'), (_body, call) => fail(call === 1 ? unavailable : wrong));
    answer(subjects.task('get'), () => task(ID, 'queued'));
    expect(await client.task(ID).retry()).toEqual({ id: ID, state: 'queued' });
    await expect(client.task(ID).retry()).rejects.toMatchObject({ code: 'wrong-state' });
  });

  test('says why it is where it is', async () => {
    const asked = answer(subjects.task('explain'), () => explanation(ID));
    expect(await client.explain(ID)).toEqual(explanation(ID));
    expect(await client.task(ID).explain()).toEqual(explanation(ID));
    expect(asked).toEqual([{ id: ID }, { id: ID }]);
  });

  test('read and set what belongs to a namespace', async () => {
    const view = { ...NamespaceSettings.parse({ weight: 2 }), namespace: 'acme', revision: 3 };
    const gets = answer(subjects.namespace('get'), () => view);
    const lists = answer(subjects.namespace('list'), () => ({ items: [view], next: null }));
    const puts = answer<unknown>(subjects.namespace('put'), (body) => {
      PutNamespace.parse(body);
      return { ...view, revision: 4 };
    });
    expect(await client.namespaces.get('acme')).toEqual(view);
    expect((await client.namespaces.list({ limit: 5 })).items).toEqual([view]);
    await client.namespaces.put('acme', { weight: 2, limits: { 'api:*': { concurrency: 3 } } });
    const stored = await client.namespaces.put('acme', { weight: 2 }, { ifRevision: 3 });
    expect(stored.revision).toBe(4);
    expect([gets, lists, puts]).toEqual([
      [{ namespace: 'acme' }],
      [{ limit: 5 }],
      [
        { namespace: 'acme', settings: { weight: 2, limits: { 'api:*': { concurrency: 3 } } } },
        { namespace: 'acme', settings: { weight: 2 }, ifRevision: 3 },
      ],
    ]);
  });

  test('cordon, drain and uncordon a swarm', async () => {
    const asked: [string, unknown][] = [];
    for (const verb of ['cordon', 'drain', 'uncordon'])
      answer<unknown>(subjects.fleet(verb), (body) => {
        asked.push([verb, CordonSwarm.parse(body)]);
        return swarm('s1', 'ready');
      });
    expect(await client.fleet.cordon('s1', 'maintenance')).toEqual(swarm('s1', 'ready'));
    await client.fleet.drain('s1');
    await client.fleet.uncordon('s1');
    expect(asked).toEqual([
      ['cordon', { id: 's1', reason: 'maintenance' }],
      ['drain', { id: 's1', reason: 'on request' }],
      ['uncordon', { id: 's1', reason: 'on request' }],
    ]);
  });
});

describe('submitting a batch over NATS', () => {
  interface Batch {
    tasks: { input: { index: number }; idempotencyKey: string }[];
  }
  const items = (count: number, padding = '') =>
    Array.from({ length: count }, (_, index) => ({ task: 'echo', input: { index, padding } }));
  const reply = (results: BatchItemResult[]) => ({
    accepted: results.filter((result) => 'id' in result).length,
    rejected: results.filter((result) => 'error' in result).length,
    results,
  });

  test('is cut into messages below 512 KiB, keeps its order, and answers for every item', async () => {
    const asked = answer<Batch>(subjects.task('submit-batch'), ({ tasks }) =>
      reply(
        tasks.map(({ input }, index) => ({
          index,
          id: `t0-${String(input.index).padStart(8, '0')}`,
          duplicate: false,
        })),
      ),
    );
    const outcome = await client.submitBatch(items(300, 'x'.repeat(4_000)));
    expect(outcome).toMatchObject({ accepted: 300, rejected: 0 });
    expect(outcome.items.map(({ handle }) => handle?.id)).toEqual(
      items(300).map((_, index) => `t0-${String(index).padStart(8, '0')}`),
    );
    expect(asked.length).toBeGreaterThan(2);
    for (const batch of asked) expect(JSON.stringify(batch).length).toBeLessThan(512 * 1024);
    expect(asked.flatMap(({ tasks }) => tasks.map(({ input }) => input.index))).toEqual(
      items(300).map((_, index) => index),
    );
  });

  test('sends only those items again that were refused in passing, under their own keys', async () => {
    const asked = answer<Batch>(subjects.task('submit-batch'), ({ tasks }, call) =>
      reply(
        tasks.map(({ input }, index): BatchItemResult => {
          if (input.index === 1) return { index, error: { code: 'invalid-request', detail: 'bad' } };
          if (input.index === 2 && call === 1)
            return { index, error: { code: 'shard-unavailable', detail: 'later' } };
          return { index, id: `t0-0000000${input.index}`, duplicate: false };
        }),
      ),
    );
    const outcome = await client.submitBatch(items(3));
    expect(outcome).toMatchObject({ accepted: 2, rejected: 1 });
    expect(outcome.items.map(({ handle, error }) => handle?.id ?? error?.code)).toEqual([
      't0-00000000',
      'invalid-request',
      't0-00000002',
    ]);
    expect(asked.map(({ tasks }) => tasks.length)).toEqual([3, 1]);
    expect(asked[1]?.tasks[0]?.idempotencyKey).toBe(asked[0]?.tasks[2]?.idempotencyKey);
  });

  test('refuses an item that does not fit its definition without sending it', async () => {
    const asked = answer<Batch>(subjects.task('submit-batch'), ({ tasks }) =>
      reply(tasks.map((_, index) => ({ index, id: ID, duplicate: false }))),
    );
    const outcome = await client.submitBatch([
      { task: square, input: { n: 'two' } },
      { task: square, input: { n: 2 } },
    ]);
    expect(outcome.items.map(({ handle, error }) => handle?.id ?? error?.code)).toEqual([
      'invalid-request',
      ID,
    ]);
    expect(asked.map(({ tasks }) => tasks.length)).toEqual([1]);
  });
});

describe('events over NATS', () => {
  const publish = (batchSeq: number, events: Event[], shard = 3, epoch = 1): void =>
    orchestrator.publish(subjects.event(shard), { v: 1, shard, epoch, batchSeq, events });

  test('of a task are its history and what follows, in order, once each, without gaps, until its end', async () => {
    const all = [
      event(ID, 1, 'task.submitted'),
      event(ID, 2, 'task.queued'),
      event(ID, 3, 'task.assigned'),
      event(ID, 4, 'task.running'),
      event(ID, 5, 'task.succeeded'),
    ];
    let known = 2;
    const histories = answer(subjects.task('events'), () => ({ items: all.slice(0, known), next: null }));
    const seen: number[] = [];
    for await (const { seq } of client.task(ID).events()) {
      seen.push(seq);
      if (seq === 2) {
        publish(1, [all[1] as Event, all[2] as Event]);
      } else if (seq === 3) {
        // The fourth is lost on the way: only the history has it.
        known = 5;
        publish(2, [all[4] as Event]);
      }
    }
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    expect(histories).toHaveLength(2);
  });

  test('of a task that was retried go on behind its first end', async () => {
    const all = [
      event(ID, 1, 'task.submitted'),
      event(ID, 2, 'task.expired'),
      event(ID, 3, 'task.retried'),
      event(ID, 4, 'task.queued'),
      event(ID, 5, 'task.expired'),
    ];
    answer(subjects.task('events'), () => ({ items: all, next: null }));
    const seen: number[] = [];
    for await (const { seq } of client.task(ID).events()) seen.push(seq);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  test('of the whole system come as they happen, filtered, and never twice', async () => {
    const abort = new AbortController();
    const seen: string[] = [];
    const reading = (async () => {
      for await (const { type, root } of client.events({ type: 'task.*', signal: abort.signal }))
        seen.push(`${root} ${type}`);
    })();
    reading.catch(() => undefined);
    const other = 't3-00000009';
    await eventually(() => {
      // The same commit again and again: only the first that arrives counts.
      publish(1, [event(ID, 1, 'task.queued'), event(ID, 2, 'workflow.succeeded')]);
      return seen.length > 0;
    });
    // A later epoch may give a number out again.
    publish(1, [event(other, 1, 'task.failed')], 3, 2);
    await eventually(() => seen.includes(`${other} task.failed`));
    abort.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    expect(seen).toEqual([`${ID} task.queued`, `${other} task.failed`]);
  });

  test('say that something may be missing after the connection was lost', async () => {
    const abort = new AbortController();
    const gaps: string[] = [];
    const events = client.events({ signal: abort.signal, onGap: (reason) => gaps.push(reason) });
    const first = events[Symbol.asyncIterator]().next();
    first.catch(() => undefined);
    await nats.restart();
    await eventually(() => gaps.length > 0);
    abort.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
  });
});

test('dead letters are listed, shown, redriven and purged; a redrive carries a key that its repetitions share', async () => {
  const reply = { dryRun: false, done: 1, unchanged: 0, refused: 0, items: [], next: null };
  const listed = answer(subjects.deadLetter('list'), () => ({ items: [], next: null }));
  const redriven = answer<{ idempotencyKey: string }>(subjects.deadLetter('redrive'), (_body, call) =>
    call === 1 ? fail(unavailable) : reply,
  );
  const purged = answer(subjects.deadLetter('purge'), () => reply);
  const got = answer(subjects.deadLetter('get'), () =>
    fail(new MultiswarmError('dead-letter-not-found', 'it is running')),
  );
  await client.deadLetters.list({ code: 'no-key', limit: 5 });
  expect(listed).toEqual([{ code: 'no-key', limit: 5 }]);
  expect(await client.deadLetters.redrive({ filter: { code: 'no-key' }, reason: 'renewed' })).toEqual(reply);
  expect(redriven).toHaveLength(2);
  expect(redriven[0]).toMatchObject({ filter: { code: 'no-key' }, reason: 'renewed' });
  expect(redriven[0]?.idempotencyKey).toBeTruthy();
  expect(redriven[1]).toEqual(redriven[0]);
  await client.deadLetters.redrive({ ids: [ID], idempotencyKey: 'mine' });
  expect(redriven[2]).toEqual({ ids: [ID], idempotencyKey: 'mine' });
  await client.deadLetters.purge({ all: true, dryRun: true });
  expect(purged).toEqual([{ all: true, dryRun: true }]);
  await expect(client.deadLetters.get(ID)).rejects.toMatchObject({ code: 'dead-letter-not-found' });
  expect(got).toEqual([{ id: ID }]);
});

test('a shard is checked to the end, from the beginning where it has another owner', async () => {
  const report = { shard: 3, step: 'x', looked: 1, total: 1, epoch: 1, batchSeq: 1, repair: true, found: 0 };
  const rest = { repaired: 0, findings: [], skipped: [], startedAt: '2030-01-01T00:00:00.000Z' };
  const of = (run: string, state: string): object => ({ ...report, ...rest, run, state });
  const gone = new MultiswarmError('check-not-found', 'begin a new one');
  const asked = answer(subjects.shards('check'), (_body, call) =>
    call === 2 ? fail(gone) : of(call < 3 ? 'first' : 'second', call === 4 ? 'done' : 'running'),
  );
  const told: string[] = [];
  const options = {
    repair: true,
    reason: 'crash',
    onProgress: ({ run }: { run: string }) => void told.push(run),
  };
  expect(await client.shards.check(3, options)).toMatchObject({ run: 'second', state: 'done' });
  const body = { shard: 3, repair: true, reason: 'crash', waitMs: 1_000 };
  expect(asked).toEqual([body, { ...body, run: 'first' }, body, { ...body, run: 'second' }]);
  expect(told).toEqual(['first', 'second', 'second']);
});

test('a shard is copied part by part, and told to begin anew', async () => {
  const asked = answer(subjects.shards('export'), (_body, call) => ({
    ...{ run: 'r', seq: call - 1, lines: [{ n: call }], done: call === 2 },
  }));
  const recovered = answer(subjects.shards('recover'), () => ({ shard: 3, state: 'beginning' }));
  const lines: unknown[] = [];
  for await (const line of client.shards.export(3)) lines.push(line);
  expect(lines).toEqual([{ n: 1 }, { n: 2 }]);
  expect(asked).toEqual([
    { shard: 3, seq: 0 },
    { shard: 3, seq: 1, run: 'r' },
  ]);
  await client.shards.recover(3, { reason: 'backup' });
  expect(recovered).toEqual([{ shard: 3, confirm: true, reason: 'backup' }]);
});
