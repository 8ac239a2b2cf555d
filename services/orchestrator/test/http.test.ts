import { LIMITS, type Problem } from '@multiswarm/contracts';
import { connect } from '@multiswarm/sdk';
import { eventually } from '@multiswarm/testing';
import fc from 'fast-check';
import { World, type Answer, type Replica } from './support/world';

let world: World;
let one: Replica;

beforeAll(async () => {
  world = await World.start();
  one = await world.replica();
  await world.swarm('a', undefined, { types: ['echo'] });
  // Leases and the counters of shards are keys, too: from here on only what is accepted makes new ones.
  await one.ended(await one.submit({}));
});

afterAll(() => world.stop());

const post = (path: string, body: unknown, headers?: Record<string, string>): Promise<Answer> =>
  one.call('POST', path, body, headers);

/** Keys that hold what clients submitted. */
async function stored(): Promise<string[]> {
  return (await world.keys()).filter((key) => /:(t|w|h):|:(tasks|workflows)$/.test(key));
}

function expectProblem(answer: Answer, status: number, code: string, pointers?: string[]): void {
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  const problem = answer.body as Problem;
  expect(problem).toMatchObject({
    type: `urn:multiswarm:error:${code}`,
    status,
    code,
    title: expect.any(String),
    detail: expect.any(String),
    retryable: expect.any(Boolean),
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect(answer.status).toBe(status);
  if (pointers) expect((problem.errors ?? []).map(({ pointer }) => pointer).sort()).toEqual(pointers);
}

const UNKNOWN_TASK = 't0-00000000';
const UNKNOWN_RUN = 'w0-00000000';

describe('what is refused', () => {
  const step = { id: 'a', type: 'echo' };
  const cases: [
    name: string,
    path: string,
    body: unknown,
    status: number,
    code: string,
    pointers: string[],
  ][] = [
    ['an empty task', '/v1/tasks', {}, 400, 'invalid-request', ['/type']],
    ['a task that is a list', '/v1/tasks', [], 400, 'invalid-request', ['']],
    ['a task that is null', '/v1/tasks', null, 400, 'invalid-request', ['/type']],
    [
      'a task with many faults',
      '/v1/tasks',
      {
        type: 7,
        priority: 'urgent',
        retry: { maxAttempts: 0 },
        requirements: { region: ['eu west'] },
        colour: 1,
      },
      400,
      'invalid-request',
      ['/colour', '/priority', '/requirements/region/0', '/retry/maxAttempts', '/type'],
    ],
    [
      'an input and a reference to one',
      '/v1/tasks',
      { type: 'echo', input: 1, inputRef: { id: `default.${'0'.repeat(64)}`, bytes: 1 } },
      400,
      'invalid-request',
      ['/input'],
    ],
    [
      'a reference into another namespace',
      '/v1/tasks',
      { type: 'echo', inputRef: { id: `other.${'0'.repeat(64)}`, bytes: 1 } },
      400,
      'invalid-request',
      ['/inputRef/id'],
    ],
    [
      'a reference to nothing',
      '/v1/tasks',
      { type: 'echo', inputRef: { id: `default.${'0'.repeat(64)}`, bytes: 1 } },
      404,
      'payload-not-found',
      [],
    ],
    ['a batch without tasks', '/v1/tasks/batch', { tasks: [] }, 400, 'invalid-request', ['/tasks']],
    ['a batch that is none', '/v1/tasks/batch', { items: [] }, 400, 'invalid-request', ['/items', '/tasks']],
    ['an empty workflow', '/v1/workflows', { tasks: [] }, 400, 'invalid-workflow', ['/tasks']],
    [
      'a cycle',
      '/v1/workflows',
      { tasks: [step, { ...step, id: 'b' }], dependencies: { a: ['b'], b: ['a'] } },
      400,
      'invalid-workflow',
      ['/dependencies/a'],
    ],
    [
      'an unknown dependency',
      '/v1/workflows',
      { tasks: [step], dependencies: { a: ['ghost'] } },
      400,
      'invalid-workflow',
      ['/dependencies/a/0'],
    ],
    ['a duplicate id', '/v1/workflows', { tasks: [step, step] }, 400, 'invalid-workflow', ['/tasks/1/id']],
    [
      'an unknown field of a step',
      '/v1/workflows',
      { tasks: [{ ...step, 'a/b': 1 }] },
      400,
      'invalid-workflow',
      ['/tasks/0/a~1b'],
    ],
    [
      'a deadline that has passed',
      '/v1/tasks',
      { type: 'echo', timeouts: { deadline: '2020-01-01T00:00:00Z' } },
      400,
      'invalid-request',
      ['/timeouts/deadline'],
    ],
    [
      'a start and an end farther ahead than anybody means, and a time as long',
      '/v1/tasks',
      {
        type: 'echo',
        notBefore: '9998-01-01T00:00:00Z',
        timeouts: { deadline: '9999-01-01T00:00:00Z' },
      },
      400,
      'invalid-request',
      ['/notBefore', '/timeouts/deadline'],
    ],
    [
      'a time that no calendar has',
      '/v1/tasks',
      { type: 'echo', timeouts: { startToCloseMs: 8.64e15 } },
      400,
      'invalid-request',
      ['/timeouts/startToCloseMs'],
    ],
    [
      'a deadline of a step that has passed',
      '/v1/workflows',
      { tasks: [{ ...step, timeouts: { deadline: '2020-01-01T00:00:00Z' } }] },
      400,
      'invalid-workflow',
      ['/tasks/0/timeouts/deadline'],
    ],
    ['a cancellation of nothing', `/v1/tasks/${UNKNOWN_TASK}/cancel`, {}, 404, 'task-not-found', []],
    [
      'a cancellation of no workflow',
      `/v1/workflows/${UNKNOWN_RUN}/cancel`,
      {},
      404,
      'workflow-not-found',
      [],
    ],
    [
      'a cancellation with a fault',
      `/v1/tasks/${UNKNOWN_TASK}/cancel`,
      { why: 1 },
      400,
      'invalid-request',
      ['/why'],
    ],
  ];

  test.each(cases)(
    '%s is told with its places, and nothing is stored',
    async (_name, path, body, status, code, pointers) => {
      const before = await stored();
      const keys = await world.store.redis.dbsize();
      expectProblem(await post(path, body), status, code, pointers);
      expect(await stored()).toEqual(before);
      expect(await world.store.redis.dbsize()).toBe(keys);
    },
  );

  test('broken JSON, another media type and a body over the limit are told apart, and nothing is stored', async () => {
    const before = await stored();
    expectProblem(await post('/v1/tasks', '{"type": "echo",}'), 400, 'invalid-json');
    expectProblem(await post('/v1/tasks', '\u0000'), 400, 'invalid-json');
    expectProblem(
      await post('/v1/tasks', 'type=echo', { 'content-type': 'text/plain' }),
      415,
      'unsupported-media-type',
    );
    const large = JSON.stringify({ type: 'echo', input: 'x'.repeat(LIMITS.HTTP_BODY_BYTES) });
    expectProblem(await post('/v1/tasks', large), 413, 'body-too-large');
    expect(await stored()).toEqual(before);
  });

  test('in a batch and by a validation too a deadline that has passed is told', async () => {
    const late = { timeouts: { deadline: '2020-01-01T00:00:00Z' } };
    const batch = await post('/v1/tasks/batch', { tasks: [{ type: 'echo', ...late }, { type: 'echo' }] });
    expect(batch.body).toMatchObject({
      ...{ accepted: 1, rejected: 1 },
      results: [
        { error: { code: 'invalid-request', errors: [{ pointer: '/timeouts/deadline', code: 'passed' }] } },
        {},
      ],
    });
    const { body } = await post('/v1/workflows/validate', { tasks: [{ ...step, ...late }] });
    expect(body).toMatchObject({ valid: false, findings: [{ pointer: '/tasks/0/timeouts/deadline' }] });
  });

  test('a repetition under a key meets the task that was accepted in time, when its deadline has passed', async () => {
    const deadline = new Date(Date.now() + 300).toISOString();
    const submission = { type: 'nobody', idempotencyKey: 'in-time', timeouts: { deadline } };
    const { body: first } = await post('/v1/tasks', submission);
    expect((await one.ended(first.id as string)).state).toBe('expired');
    const again = await post('/v1/tasks', submission);
    expect([again.status, again.body]).toEqual([202, { id: first.id, state: 'accepted', duplicate: true }]);
  });

  test('more tasks than a batch may have are refused as a whole', async () => {
    const before = await stored();
    const tasks = Array<unknown>(LIMITS.BATCH_TASKS + 1).fill({ type: 'echo' });
    expectProblem(await post('/v1/tasks/batch', { tasks }), 400, 'invalid-request', ['/tasks']);
    expect(await stored()).toEqual(before);
  });

  test.each([
    ['/v1/tasks/nonsense', 400, 'invalid-request'],
    [`/v1/tasks/${UNKNOWN_TASK}`, 404, 'task-not-found'],
    ['/v1/tasks/t9999-00000000', 404, 'task-not-found'],
    [`/v1/tasks/${UNKNOWN_TASK}/events`, 404, 'task-not-found'],
    [`/v1/tasks/${UNKNOWN_RUN}`, 400, 'invalid-request'],
    [`/v1/workflows/${UNKNOWN_RUN}`, 404, 'workflow-not-found'],
    [`/v1/workflows/${UNKNOWN_RUN}/events`, 404, 'workflow-not-found'],
    [`/v1/workflows/${UNKNOWN_TASK}`, 400, 'invalid-request'],
    ['/v1/tasks?limit=0', 400, 'invalid-request'],
    ['/v1/events?type=nonsense', 400, 'invalid-request'],
    ['/v1/tasks?limit=501', 400, 'invalid-request'],
    ['/v1/tasks?cursor=nonsense', 400, 'invalid-request'],
    ['/v1/tasks?state=happy', 400, 'invalid-request'],
    ['/v1/tasks?colour=red', 400, 'invalid-request'],
    [`/v1/tasks?workflow=${UNKNOWN_RUN}`, 404, 'workflow-not-found'],
    ['/v1/workflows?state=queued', 400, 'invalid-request'],
    [`/v1/tasks/${UNKNOWN_TASK}?waitMs=60001`, 400, 'invalid-request'],
    ['/v1/swarms/nobody', 404, 'swarm-not-found'],
    ['/v1/swarms/not%20an%20id', 400, 'invalid-request'],
    ['/v1/nothing', 404, 'route-not-found'],
  ])('GET %s answers %i %s', async (path, status, code) => {
    expectProblem(await one.call('GET', path), status, code);
  });

  test('another method on a known path is told which there are', async () => {
    const answer = await one.call('DELETE', '/v1/tasks');
    expectProblem(answer, 405, 'method-not-allowed');
    expect(answer.headers.get('allow')).toBe('POST, GET, HEAD');
  });

  test('an idempotency key that is too long is refused with its place', async () => {
    const answer = await post('/v1/tasks', { type: 'echo' }, { 'idempotency-key': 'x'.repeat(129) });
    expectProblem(answer, 400, 'invalid-request', ['/headers/idempotency-key']);
  });
});

test('a key that would count for nothing is refused', async () => {
  const key = { 'idempotency-key': 'header' };
  const two = await post('/v1/tasks', { type: 'echo', idempotencyKey: 'body' }, key);
  expectProblem(two, 400, 'invalid-request', ['/headers/idempotency-key']);
  const batch = await post('/v1/tasks/batch', { tasks: [{ type: 'echo' }] }, key);
  expectProblem(batch, 400, 'invalid-request', ['/headers/idempotency-key']);
});

describe('what is answered', () => {
  test('the key may be in the body or in the header', async () => {
    const body = { type: 'echo', idempotencyKey: 'one' };
    const first = await post('/v1/tasks', body, { 'idempotency-key': 'one' });
    const again = await post('/v1/tasks', { type: 'echo' }, { 'idempotency-key': 'one' });
    expect(again.body).toMatchObject({ id: first.body.id, duplicate: true });
  });

  test('settings of a namespace can be sent back as they were read, but not to another one', async () => {
    const read = await one.call('PUT', '/v1/namespaces/round', { weight: 2 });
    const again = await one.call('PUT', '/v1/namespaces/round', { ...read.body, weight: 3 });
    expect(again.body).toMatchObject({ weight: 3, revision: 2 });
    expectProblem(await one.call('PUT', '/v1/namespaces/other', read.body), 400, 'invalid-request', [
      '/namespace',
    ]);
  });

  test('the spelling with underscores of a task is understood', async () => {
    const { body } = await post('/v1/tasks', {
      task_type: 'echo',
      estimated_duration: 1.5,
      requirements: { region: 'eu-west', requires_gpu: true },
    });
    expect(await one.task(body.id as string)).toMatchObject({
      type: 'echo',
      estimateMs: 1_500,
      requirements: { region: ['eu-west'], resources: { gpu: 1 } },
    });
  });

  test('a workflow is validated without being stored: all findings, or how many steps', async () => {
    const before = await stored();
    const good = await post('/v1/workflows/validate', { tasks: [{ id: 'a', type: 'echo' }] });
    expect(good).toMatchObject({ status: 200, body: { valid: true, findings: [], steps: 1 } });
    const bad = await post('/v1/workflows/validate', { tasks: [{ id: 'a' }], dependencies: { a: ['a'] } });
    expect(bad).toMatchObject({ status: 200, body: { valid: false } });
    expect((bad.body.findings as { code: string }[]).map(({ code }) => code).sort()).toEqual([
      'cycle',
      'invalid-type',
    ]);
    expect(await stored()).toEqual(before);
  });

  test('the fleet is shown as its heartbeats tell', async () => {
    const swarms = await eventually(async () => {
      const { body } = await one.call('GET', '/v1/swarms');
      return (body.items as unknown[]).length === 1 ? body : undefined;
    });
    expect(swarms).toMatchObject({
      items: [{ swarmId: 'a', region: 'eu-west', state: 'ready' }],
      next: null,
    });
    expect((await one.call('GET', '/v1/swarms/a')).body).toMatchObject({ swarmId: 'a', slots: 4 });
    expect((await one.call('GET', '/v1/regions')).body).toMatchObject({
      items: [{ region: 'eu-west', swarms: 1 }],
    });
  });

  test('the status counts tasks, names the services that do not answer, and health looks at both servers', async () => {
    const { body } = await one.call('GET', '/status');
    expect(body).toMatchObject({
      health: 'down',
      reasons: ['no load-balancer answers', 'no communicator answers'],
    });
    expect(body.tasks.succeeded).toBeGreaterThan(0);
    expect((await one.call('GET', '/health')).body).toMatchObject({
      status: 'healthy',
      checks: { nats: { ok: true }, redis: { ok: true } },
    });
  });

  test('every route is in the API document, with its errors', async () => {
    const { body } = await one.call('GET', '/openapi.json');
    const paths = Object.keys(body.paths as object).filter(
      (path) => path.startsWith('/v1') || path === '/status',
    );
    expect(paths.sort()).toEqual(
      [
        '/status',
        '/v1/dead-letters',
        '/v1/dead-letters/purge',
        '/v1/dead-letters/redrive',
        '/v1/dead-letters/{id}',
        '/v1/definitions',
        '/v1/definitions/{name}',
        '/v1/definitions/{name}/versions',
        '/v1/events',
        '/v1/namespaces',
        '/v1/namespaces/{namespace}',
        '/v1/payloads',
        '/v1/payloads/check',
        '/v1/payloads/{id}',
        '/v1/regions',
        '/v1/schedules',
        '/v1/schedules/{name}',
        '/v1/schedules/{name}/backfill',
        '/v1/schedules/{name}/pause',
        '/v1/schedules/{name}/resume',
        '/v1/schedules/{name}/trigger',
        '/v1/shards',
        '/v1/shards/{shard}/check',
        '/v1/shards/{shard}/export',
        '/v1/shards/{shard}/import',
        '/v1/shards/{shard}/recover',
        '/v1/swarms',
        '/v1/swarms/{id}',
        '/v1/swarms/{id}/cordon',
        '/v1/swarms/{id}/drain',
        '/v1/swarms/{id}/uncordon',
        '/v1/tasks',
        '/v1/tasks/batch',
        '/v1/tasks/counts',
        '/v1/tasks/{id}',
        '/v1/tasks/{id}/cancel',
        '/v1/tasks/{id}/events',
        '/v1/tasks/{id}/explain',
        '/v1/tasks/{id}/input',
        '/v1/tasks/{id}/logs',
        '/v1/tasks/{id}/output',
        '/v1/tasks/{id}/pause',
        '/v1/tasks/{id}/rerun',
        '/v1/tasks/{id}/resume',
        '/v1/tasks/{id}/retry',
        '/v1/tasks/{id}/signal',
        '/v1/tasks/{id}/stream',
        '/v1/workflows',
        '/v1/workflows/validate',
        '/v1/workflows/{id}',
        '/v1/workflows/{id}/approve',
        '/v1/workflows/{id}/cancel',
        '/v1/workflows/{id}/events',
        '/v1/workflows/{id}/pause',
        '/v1/workflows/{id}/rerun',
        '/v1/workflows/{id}/resume',
        '/v1/workflows/{id}/signal',
        '/v1/workflows/{id}/steps',
      ].sort(),
    );
  });

  test('lists cover all tasks exactly once, page by page, also those of one millisecond, while others are added', async () => {
    const tasks = Array.from({ length: 120 }, () => ({ type: 'listed', namespace: 'listing' }));
    const { body } = await post('/v1/tasks/batch', { tasks });
    const ids = (body.results as { id: string }[]).map(({ id }) => id);
    const times = new Map<string, number>();
    const listed: string[] = [];
    let cursor = '';
    do {
      const page = await one.call('GET', `/v1/tasks?namespace=listing&limit=7${cursor}`);
      for (const each of page.body.items as { id: string; createdAt: string }[]) {
        listed.push(each.id);
        times.set(each.createdAt, (times.get(each.createdAt) ?? 0) + 1);
      }
      await post('/v1/tasks', { type: 'listed', namespace: 'listing' });
      cursor = page.body.next === null ? '' : `&cursor=${page.body.next as string}`;
    } while (cursor !== '');
    expect([...listed].sort()).toEqual([...ids].sort());
    expect(Math.max(...times.values())).toBeGreaterThan(1);
  });

  test('a hundred requests at a time that wait for an end are all answered', async () => {
    const id = await one.submit({ type: 'later' });
    const waiting = Array.from({ length: 100 }, () => one.task(id, 5_000));
    await post(`/v1/tasks/${id}/cancel`, {});
    for (const task of await Promise.all(waiting)) expect(task.state).toBe('cancelled');
  });
});

describe('whatever is sent', () => {
  const KEYS = [
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'type',
    'input',
    'tasks',
    'dependencies',
    'id',
  ];
  const key = fc.oneof(fc.constantFrom(...KEYS), fc.string({ unit: 'binary', maxLength: 12 }));
  const anything = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 5 },
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.array(fc.tuple(key, tie('any')), { maxLength: 5 }).map((entries) => {
        const text = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
        return JSON.parse(`{${text.join(',')}}`) as unknown; // so that __proto__ is a key, as it is in a body
      }),
    ),
  })).any;
  const task = fc.record(
    {
      type: fc.oneof(fc.constant('echo'), anything),
      input: anything,
      metadata: anything,
      requirements: anything,
      retry: anything,
    },
    { requiredKeys: ['type'] },
  );
  const workflow = fc.record({
    tasks: fc.array(fc.oneof(task, anything), { maxLength: 4 }),
    dependencies: anything,
  });

  test.each([
    ['/v1/tasks', fc.oneof(task, anything)],
    ['/v1/tasks/batch', fc.record({ tasks: fc.array(fc.oneof(task, anything), { maxLength: 4 }) })],
    ['/v1/workflows', fc.oneof(workflow, anything)],
    ['/v1/workflows/validate', fc.oneof(workflow, anything)],
  ])('POST %s never answers with a fault of ours', async (path, body) => {
    await fc.assert(
      fc.asyncProperty(body, async (given) => {
        const { status, body: answer } = await post(path, JSON.stringify(given));
        if (status >= 500) throw new Error(`${status} ${JSON.stringify(answer)}`);
      }),
      { numRuns: 120 },
    );
  });

  test('nesting is bounded, and what is allowed comes back as it went', async () => {
    const nested = (levels: number): string =>
      '{"type":"echo","input":' + '['.repeat(levels) + ']'.repeat(levels) + '}';
    for (const levels of [LIMITS.JSON_DEPTH, 10_000, 200_000]) {
      const { status } = await post('/v1/tasks', nested(levels));
      expect([status, levels]).toEqual([400, levels]);
    }
    const { status, body } = await post('/v1/tasks', nested(LIMITS.JSON_DEPTH - 1));
    expect(status).toBe(202);
    const task = await one.ended(body.id as string);
    expect(JSON.stringify(task.output)).toBe(
      '['.repeat(LIMITS.JSON_DEPTH - 1) + ']'.repeat(LIMITS.JSON_DEPTH - 1),
    );
  });

  test('text and numbers of every kind come back as they went', async () => {
    const input = {
      text: '\u0000 \ud83d\ude00 \u2028 \ufffd é',
      big: Number.MAX_SAFE_INTEGER,
      small: -1e-300,
      zero: -0,
      '': [null],
    };
    const task = await one.ended(await one.submit({ input }));
    expect(JSON.stringify(task.input)).toBe(JSON.stringify(input));
    expect(JSON.stringify(task.output)).toBe(JSON.stringify(input));
  });

  test('ids and cursors of any kind never answer with a fault of ours', async () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }).map(encode);
    await fc.assert(
      fc.asyncProperty(text, async (id) => {
        for (const path of [
          `/v1/tasks/${id}`,
          `/v1/workflows/${id}/events`,
          `/v1/tasks?cursor=${id}`,
          `/v1/swarms/${id}`,
        ]) {
          const { status } = await one.call('GET', path);
          expect([path, status < 500]).toEqual([path, true]);
        }
      }),
      { numRuns: 60 },
    );
    const far = Buffer.from(`${'9'.repeat(150)}:t0-x`).toString('base64url');
    expect((await one.call('GET', `/v1/tasks?cursor=${far}`)).status).toBe(200);
  });
});

/** Percent-encoded; half a surrogate pair, which has no encoding, as what stands for it. */
function encode(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString());
}

describe('definitions', () => {
  const body = {
    description: 'says it',
    tasks: [{ task_id: 'a', task_type: 'echo' }],
    inputSchema: { type: 'object', required: ['text'] },
  };
  const put = (name: string, given: object): Promise<Answer> =>
    one.call('PUT', `/v1/definitions/${name}`, given);

  test('are put, read, listed and run; a run keeps what it runs, and says of which definition and version', async () => {
    expect(await put('say', body)).toMatchObject({
      status: 200,
      body: { namespace: 'default', name: 'say', version: 1, steps: 1, description: 'says it' },
    });
    expect((await put('say', body)).body).toMatchObject({ version: 1 });
    expect((await put('say', { ...body, onFailure: 'stop' })).body).toMatchObject({ version: 2 });
    const read = (path: string) => one.call('GET', `/v1/definitions${path}`);
    expect((await read('/say')).body).toMatchObject({ version: 2, body: { onFailure: 'stop' } });
    expect((await read('/say?version=1')).body).toMatchObject({
      body: { tasks: [{ id: 'a', type: 'echo' }] },
    });
    expect((await read('')).body).toMatchObject({ items: [{ name: 'say', version: 2 }], next: null });
    expect((await read('/say/versions?limit=1')).body).toMatchObject({ items: [{ version: 2 }], next: '2' });
    const run = { definition: 'say', input: { text: 'hi' }, idempotencyKey: 'say-once' };
    const accepted = await post('/v1/workflows', run);
    expect(accepted.status).toBe(202);
    const { id } = accepted.body as { id: string };
    await put('say', body);
    expect((await post('/v1/workflows', run)).body).toMatchObject({ id, duplicate: true });
    expect(await one.workflow(id, 10_000)).toMatchObject({
      state: 'succeeded',
      name: 'say',
      definition: { name: 'say', version: 2 },
    });
    expect(await one.call('DELETE', '/v1/definitions/say?requestedBy=ann')).toMatchObject({
      status: 200,
      body: { name: 'say', version: 3 },
    });
    expectProblem(await read('/say'), 404, 'definition-not-found');
    expectProblem(await one.call('DELETE', '/v1/definitions/say'), 404, 'definition-not-found');
    expect(await one.workflow(id)).toMatchObject({ definition: { name: 'say', version: 2 } });
  });

  test('everything that is wrong with one is told at once, and nothing is stored', async () => {
    const answer = await put('wrong', {
      name: 'x',
      tasks: [
        { id: 'a', type: 'echo' },
        { id: 'b', workflow: { definition: 'nowhere' } },
      ],
      dependencies: { a: ['c'] },
      inputSchema: { type: 'strnig' },
    });
    expectProblem(answer, 400, 'invalid-workflow', [
      '/dependencies/a/0',
      '/inputSchema',
      '/name',
      '/tasks/1/workflow/definition',
    ]);
    expect((await one.call('GET', '/v1/definitions')).body).toMatchObject({ items: [] });
  });

  test('a run with an input that its schema does not allow is refused, of a definition and with steps in place', async () => {
    await put('strict', body);
    expectProblem(await post('/v1/workflows', { definition: 'strict', input: {} }), 400, 'invalid-request', [
      '/input',
    ]);
    const { description: _description, ...inPlace } = body;
    expectProblem(await post('/v1/workflows', inPlace), 400, 'invalid-request', ['/input']);
    expectProblem(
      await post('/v1/workflows', { definition: 'strict', version: 9 }),
      404,
      'definition-not-found',
    );
    expect((await post('/v1/workflows/validate', { definition: 'strict', version: 9 })).body).toMatchObject({
      valid: false,
      findings: [{ pointer: '/definition', code: 'definition-not-found' }],
    });
  });

  test('a validation says what the present fleet could not run, and is about the workflow all the same', async () => {
    const tasks = [
      { id: 'a', type: 'echo' },
      { id: 'b', type: 'paint', requirements: { capabilities: ['brush'] } },
    ];
    const answer = await post('/v1/workflows/validate', { tasks });
    expect(answer.body).toMatchObject({ valid: true, findings: [], steps: 2 });
    expect((answer.body as { warnings: unknown }).warnings).toMatchObject([
      { pointer: '/tasks/1', code: 'no-swarm', message: expect.stringContaining('type "paint"') },
    ]);
  });
});

describe('schedules', () => {
  const nightly = {
    name: 'nightly',
    cron: '30 2 * * *',
    timeZone: 'Europe/Berlin',
    timeField: 'day',
    workflow: { tasks: [{ id: 'a', type: 'echo', inputs: '$.run.input' }] },
  };
  const at = (path: string) => `/v1/schedules${path}`;

  test('are created once, shown with their next times, changed, paused and deleted', async () => {
    const dry = await post(at(''), { ...nightly, dryRun: true });
    expect(dry).toMatchObject({ status: 200, body: { name: 'nightly', overlap: 'skip' } });
    expectProblem(await one.call('GET', at('/nightly')), 404, 'schedule-not-found');
    const made = await post(at(''), { ...nightly, requestedBy: 'ann' });
    expect(made).toMatchObject({ status: 201, body: { requestedBy: 'ann', next: expect.any(Array) } });
    expect((await post(at(''), nightly)).body).toMatchObject({ requestedBy: 'ann' });
    expectProblem(await post(at(''), { ...nightly, cron: '0 1 * * *' }), 409, 'schedule-exists');
    const changed = await one.call('PATCH', at('/nightly'), { overlap: 'buffer-one', timeField: null });
    expect(changed.body).toMatchObject({ overlap: 'buffer-one', cron: '30 2 * * *' });
    expect(changed.body).not.toHaveProperty('timeField');
    const paused = await post(at('/nightly/pause'), { note: 'moving', requestedBy: 'bob' });
    expect(paused.body).toMatchObject({ paused: { note: 'moving', requestedBy: 'bob' } });
    const list = await one.call('GET', at('?limit=1'));
    expect(list.body).toMatchObject({ items: [{ name: 'nightly', paused: { note: 'moving' } }], next: null });
    expect((await post(at('/nightly/resume'), {})).body).not.toHaveProperty('paused');
    expect((await one.call('DELETE', at('/nightly'))).status).toBe(200);
    expectProblem(await one.call('DELETE', at('/nightly')), 404, 'schedule-not-found');
  });

  test('start runs when they are triggered, and for times that have passed, which they show', async () => {
    await post(at(''), { ...nightly, paused: true });
    const asked = { idempotencyKey: 'once', requestedBy: 'ann' };
    const triggered = await post(at('/nightly/trigger'), asked);
    expect(triggered.status).toBe(202);
    expect((await post(at('/nightly/trigger'), asked)).body).toEqual(triggered.body);
    const { workflowId, at: time } = triggered.body as { workflowId: string; at: string };
    await eventually(async () => (await one.call('GET', `/v1/workflows/${workflowId}`)).status === 200);
    expect(await one.workflow(workflowId, 10_000)).toMatchObject({
      state: 'succeeded',
      name: 'nightly',
      schedule: 'nightly',
      input: { day: time },
      metadata: { scheduledAt: time },
    });
    const range = { from: '2026-03-28T00:00:00Z', to: '2026-03-30T00:00:00Z' };
    const dry = await post(at('/nightly/backfill'), { ...range, dryRun: true });
    expect(dry.body).toEqual({
      times: 2,
      first: '2026-03-28T01:30:00.000Z',
      last: '2026-03-29T01:00:00.000Z',
    });
    expect((await post(at('/nightly/backfill'), range)).body).toEqual(dry.body);
    const shown = await eventually(async () => {
      const { body } = await one.call('GET', at('/nightly?recent=3&next=2'));
      const { counts, running } = body as { counts: { started: number }; running: unknown[] };
      return counts.started === 3 && running.length === 0 ? body : undefined;
    });
    expect(shown).toMatchObject({
      next: [{ at: expect.any(String) }, { at: expect.any(String) }],
      backfills: [],
      counts: { started: 3, skipped: 0, missed: 0, failed: 0 },
      recent: [
        { at: '2026-03-29T01:00:00.000Z', cause: 'backfill', outcome: 'started', state: 'succeeded' },
        { at: '2026-03-28T01:30:00.000Z', cause: 'backfill', state: 'succeeded' },
        { at: time, cause: 'trigger', workflowId, state: 'succeeded', requestedBy: 'ann' },
      ],
    });
  });

  test('everything that is wrong with one is told at once', async () => {
    const answer = await post(at(''), {
      name: 'wrong',
      cron: '99 * * * *',
      timeZone: 'Mars/Olympus',
      workflow: {
        tasks: [{ id: 'a', type: 'echo' }],
        dependencies: { a: ['b'] },
        deadline: '2030-01-01T00:00:00Z',
      },
    });
    expectProblem(answer, 400, 'invalid-request', [
      '/cron',
      '/timeZone',
      '/workflow/deadline',
      '/workflow/dependencies/a/0',
    ]);
    const missing = { ...nightly, workflow: { definition: 'nowhere' } };
    expectProblem(await post(at(''), missing), 400, 'invalid-request', ['/workflow/definition']);
    expectProblem(await post(at(''), { ...nightly, name: 'n'.repeat(81) }), 400, 'invalid-request', [
      '/name',
    ]);
  });

  test('clients over NATS make, change and command them as those over HTTP do', async () => {
    const client = await connect({ servers: world.nats.url, requestedBy: 'kim' });
    try {
      const { schedules } = client;
      const { name: _name, ...given } = nightly;
      expect(await schedules.create('by-nats', given)).toMatchObject({ requestedBy: 'kim' });
      await expect(schedules.create('by-nats', { ...given, cron: '@daily' })).rejects.toMatchObject({
        code: 'schedule-exists',
      });
      expect(await schedules.update('by-nats', { cron: '@daily' })).toMatchObject({ cron: '@daily' });
      const paused = await schedules.pause('by-nats', { note: 'moving' });
      expect(paused.paused).toMatchObject({ note: 'moving', requestedBy: 'kim' });
      const range = { from: '2026-03-01T00:00:00Z', to: '2026-03-31T00:00:00Z', dryRun: true };
      expect(await schedules.backfill('by-nats', range)).toMatchObject({ times: 30 });
      const { workflowId } = await schedules.trigger('by-nats');
      const run = await eventually(() =>
        client
          .workflow(workflowId)
          .get()
          .catch(() => undefined),
      );
      expect(run.schedule).toBe('by-nats');
      expect(await schedules.resume('by-nats')).not.toHaveProperty('paused');
      expect((await schedules.list()).items.map(({ name }) => name)).toContain('by-nats');
      await schedules.delete('by-nats');
      await expect(schedules.get('by-nats')).rejects.toMatchObject({ code: 'schedule-not-found' });
    } finally {
      await client.close();
    }
  });
});
