import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { MultiswarmError, NamespaceSettings } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import { connect, type Client } from '../src';
import { silent } from './fixtures';
import { event, explanation, swarm, task } from './records';

const ID = 't3-00000001';

interface Asked {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: unknown;
}

let server: Server;
let client: Client;
let asked: Asked[];
let respond: (request: Asked, response: ServerResponse) => void;

beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = await connect({ url: address(), logger: silent, requestTimeoutMs: 2_000 });
});
afterEach(async () => {
  await client.close();
  await stopServer();
});

function address(): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function stopServer(): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  const call = {
    method: request.method ?? '',
    url: request.url ?? '',
    headers: request.headers,
    body: body ? (JSON.parse(body) as unknown) : undefined,
  };
  asked.push(call);
  respond(call, response);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function problem(response: ServerResponse, error: MultiswarmError): void {
  json(response, error.toProblem().status, error.toProblem());
}

describe('the client over HTTP', () => {
  test('submits, waits and cancels by the routes of the orchestrator', async () => {
    respond = ({ method, url }, response) => {
      if (url === '/v1/tasks') json(response, 202, { id: ID, state: 'queued', duplicate: false });
      else if (method === 'GET') json(response, 200, task(ID, 'succeeded', { output: [1] }));
      else json(response, 202, task(ID, 'running'));
    };
    const run = await client.submit('echo', { a: 1 });
    expect(await run.result()).toEqual([1]);
    await run.cancel('not needed');
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v1/tasks',
      `GET /v1/tasks/${ID}?waitMs=20000`,
      `POST /v1/tasks/${ID}/cancel`,
    ]);
    expect(asked[0]?.body).toMatchObject({
      type: 'echo',
      input: { a: 1 },
      idempotencyKey: expect.any(String) as string,
    });
    expect(asked[0]?.headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(asked[2]?.body).toEqual({ reason: 'not needed' });
  });

  test('commands tasks, workflows, swarms and namespaces by the routes of the orchestrator', async () => {
    const view = { ...NamespaceSettings.parse({}), namespace: 'acme', revision: 3 };
    respond = ({ url }, response) => {
      if (url.startsWith('/v1/namespaces?')) json(response, 200, { items: [view], next: null });
      else if (url.startsWith('/v1/namespaces')) json(response, 200, view);
      else if (url.startsWith('/v1/swarms')) json(response, 202, swarm('s1', 'ready'));
      else if (url.endsWith('/rerun')) json(response, 202, { id: ID, state: 'queued', duplicate: true });
      else json(response, 202, task(ID, 'running'));
    };
    const flow = client.workflow('w3-00000001');
    await flow.addSteps({ tasks: [{ id: 'a', type: 'echo' }] });
    await flow.approve('review', { note: 'fine' });
    await flow.rerun({ from: { event: 7 }, idempotencyKey: 'k' });
    const run = client.task(ID);
    await run.pause('later');
    await run.resume();
    await run.signal('go', 1);
    await run.retry({ requestedBy: 'kim' });
    expect((await run.rerun({ idempotencyKey: 'k' })).duplicate).toBe(true);
    await client.fleet.cordon('s1', 'maintenance');
    await client.fleet.drain('s1');
    await client.fleet.uncordon('s1');
    await client.namespaces.get('acme');
    await client.namespaces.list({ cursor: 'a' });
    await client.namespaces.put('acme', { weight: 2 }, { ifRevision: 3 });
    await client.namespaces.put('acme', {});
    expect(asked.map(({ method, url, body }) => [`${method} ${url}`, body])).toEqual([
      ['POST /v1/workflows/w3-00000001/steps', { tasks: [{ id: 'a', type: 'echo' }] }],
      ['POST /v1/workflows/w3-00000001/approve', { step: 'review', approved: true, note: 'fine' }],
      ['POST /v1/workflows/w3-00000001/rerun', { from: { event: 7 }, idempotencyKey: 'k' }],
      [`POST /v1/tasks/${ID}/pause`, { reason: 'later' }],
      [`POST /v1/tasks/${ID}/resume`, {}],
      [`POST /v1/tasks/${ID}/signal`, { name: 'go', payload: 1 }],
      [`POST /v1/tasks/${ID}/retry`, { requestedBy: 'kim' }],
      [`POST /v1/tasks/${ID}/rerun`, { idempotencyKey: 'k' }],
      ['POST /v1/swarms/s1/cordon', { reason: 'maintenance' }],
      ['POST /v1/swarms/s1/drain', {}],
      ['POST /v1/swarms/s1/uncordon', {}],
      ['GET /v1/namespaces/acme', undefined],
      ['GET /v1/namespaces?cursor=a', undefined],
      ['PUT /v1/namespaces/acme', { weight: 2 }],
      ['PUT /v1/namespaces/acme', {}],
    ]);
    expect(asked.slice(-2).map(({ headers }) => headers['if-match'])).toEqual(['"3"', undefined]);
  });

  test('makes, reads and commands schedules by the routes of the orchestrator', async () => {
    const view = {
      ...{ namespace: 'default', name: 'nightly', cron: '@daily', timeZone: 'UTC', overlap: 'skip' },
      ...{ jitterMs: 0, catchUpMs: 60_000, workflow: { definition: 'report' }, requestedBy: 'ann' },
      ...{ createdAt: '2026-01-01T00:00:00Z', updatedAt: '2026-01-01T00:00:00Z', next: [], running: [] },
      ...{ waiting: [], backfills: [], recent: [], counts: { started: 0, skipped: 0, missed: 0, failed: 0 } },
    };
    const at = '2026-01-01T00:00:00Z';
    respond = ({ method, url }, response) => {
      if (url.endsWith('/trigger')) json(response, 202, { at, workflowId: 'w3-00000001' });
      else if (url.endsWith('/backfill')) json(response, 202, { times: 0 });
      else if (url.startsWith('/v1/schedules?')) json(response, 200, { items: [view], next: null });
      else if (method === 'DELETE') json(response, 200, { namespace: 'default', name: 'nightly' });
      else json(response, 200, view);
    };
    const { schedules } = client;
    const workflow = { tasks: [{ id: 'a', task: 'echo' }] };
    expect(await schedules.create('nightly', { cron: '@daily', workflow })).toEqual(view);
    await schedules.update('nightly', { until: null, workflow: { definition: 'report' } });
    await schedules.get('nightly', { next: 2 });
    await schedules.list({ limit: 5 });
    await schedules.pause('nightly', { note: 'moving', requestedBy: 'kim' });
    await schedules.resume('nightly');
    await schedules.trigger('nightly');
    await schedules.backfill('nightly', { from: at, to: at, dryRun: true });
    await schedules.delete('nightly');
    expect(asked.map(({ method, url, body }) => [`${method} ${url}`, body])).toEqual([
      [
        'POST /v1/schedules',
        { name: 'nightly', cron: '@daily', workflow: { tasks: [{ id: 'a', type: 'echo' }] } },
      ],
      ['PATCH /v1/schedules/nightly', { until: null, workflow: { definition: 'report' } }],
      ['GET /v1/schedules/nightly?next=2', undefined],
      ['GET /v1/schedules?limit=5', undefined],
      ['POST /v1/schedules/nightly/pause', { note: 'moving', requestedBy: 'kim' }],
      ['POST /v1/schedules/nightly/resume', {}],
      ['POST /v1/schedules/nightly/trigger', { idempotencyKey: expect.any(String) as string }],
      ['POST /v1/schedules/nightly/backfill', { from: at, to: at, dryRun: true }],
      ['DELETE /v1/schedules/nightly', undefined],
    ]);
  });

  test('submits a batch as it is', async () => {
    respond = ({ body }, response) => {
      const { tasks } = body as { tasks: unknown[] };
      const results = tasks.map((_task, index) => ({ index, id: ID, duplicate: false }));
      json(response, 202, { accepted: tasks.length, rejected: 0, results });
    };
    const outcome = await client.submitBatch([{ task: 'echo', input: { text: '漢字' } }, { task: 'echo' }]);
    expect(outcome.accepted).toBe(2);
    expect(asked[0]?.body).toEqual({
      tasks: [
        { type: 'echo', input: { text: '漢字' }, idempotencyKey: expect.any(String) as string },
        { type: 'echo', idempotencyKey: expect.any(String) as string },
      ],
    });
  });

  test('passes filters as a query', async () => {
    respond = (_request, response) => json(response, 200, { items: [], next: null });
    await client.listTasks({ state: 'running', limit: 5 });
    await client.listWorkflows();
    await client.swarms();
    expect(asked.map(({ url }) => url)).toEqual([
      '/v1/tasks?state=running&limit=5',
      '/v1/workflows',
      '/v1/swarms',
    ]);
  });

  test('finds tasks page by page, asks for several values as several parameters, and counts', async () => {
    const pages = [
      { items: [task('t0-00000001', 'queued'), task('t0-00000002', 'queued')], next: 'abc' },
      { items: [task('t0-00000003', 'queued')], next: null },
    ];
    const counts = { by: 'type', total: 3, groups: [{ value: 'a', count: 3 }], others: 0 };
    respond = ({ url }, response) => json(response, 200, url.includes('counts') ? counts : pages.shift());
    const found: string[] = [];
    for await (const { id } of client.searchTasks({ state: ['queued', 'running'], label: 'a=b, c' }))
      found.push(id);
    expect(found).toEqual(['t0-00000001', 't0-00000002', 't0-00000003']);
    expect(await client.countTasks({ by: 'type', namespace: 'shop' })).toEqual(counts);
    const filter = 'limit=100&state=queued&state=running&label=a%3Db%2C+c';
    expect(asked.map(({ url }) => url)).toEqual([
      `/v1/tasks?${filter}`,
      `/v1/tasks?${filter}&cursor=abc`,
      '/v1/tasks/counts?by=type&namespace=shop',
    ]);
  });

  test('turns problem details into the error that they describe', async () => {
    const findings = [{ pointer: '/tasks/0/id', code: 'duplicate-id', message: 'twice' }];
    respond = (_request, response) =>
      problem(response, new MultiswarmError('invalid-workflow', 'it has faults', { findings }));
    await expect(client.submitWorkflow({ tasks: [{ id: 'a', task: 'x' }] })).rejects.toMatchObject({
      code: 'invalid-workflow',
      findings,
    });
    respond = (_request, response) =>
      problem(response, new MultiswarmError('task-not-found', 'no such task'));
    await expect(client.getTask(ID)).rejects.toMatchObject({ code: 'task-not-found' });
  });

  test('asks why a task is where it is, by its id and through its handle', async () => {
    respond = (_request, response) => json(response, 200, explanation(ID));
    expect(await client.explain(ID)).toEqual(explanation(ID));
    expect((await client.task(ID).explain()).why.reason).toBe('limit');
    expect(asked.map(({ method, url }) => `${method} ${url}`)).toEqual(
      Array(2).fill(`GET /v1/tasks/${ID}/explain`),
    );
  });

  test('waits out an orchestrator that is restarting, and proxies that say so in their own words', async () => {
    respond = (_request, response) => {
      if (asked.length === 1) problem(response, new MultiswarmError('shutting-down', 'later'));
      else if (asked.length === 2)
        response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>');
      else if (asked.length === 3) response.destroy();
      else json(response, 200, task(ID, 'succeeded'));
    };
    expect(await client.getTask(ID)).toMatchObject({ id: ID });
    expect(asked).toHaveLength(4);
  });

  test('says which address does not answer', async () => {
    await stopServer();
    const hasty = await connect({ url: 'http://127.0.0.1:1', logger: silent, retryForMs: 0 });
    await expect(hasty.status()).rejects.toMatchObject({
      code: 'bus-unavailable',
      message: expect.stringContaining('http://127.0.0.1:1') as string,
    });
    await expect(connect({ url: 'localhost:8080' })).rejects.toMatchObject({ code: 'invalid-configuration' });
  });

  test('says at once what can never be sent, and what is no option', async () => {
    await expect(client.submit('echo', { n: 1n })).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining('cannot be sent as JSON'),
    });
    await expect(client.submit('echo', {}, { timeout: 5 } as never)).rejects.toMatchObject({
      code: 'invalid-request',
      message: expect.stringContaining('unknown option "timeout"'),
    });
    expect(asked).toEqual([]);
  });

  test('a handle is its id in JSON, as is each of a batch', async () => {
    respond = ({ url }, response) => {
      if (url === '/v1/tasks') json(response, 202, { id: ID, state: 'queued', duplicate: false });
      else
        json(response, 202, { accepted: 1, rejected: 0, results: [{ index: 0, id: ID, duplicate: false }] });
    };
    expect(JSON.stringify(await client.submit('echo'))).toBe(`{"id":"${ID}"}`);
    expect(JSON.stringify(client.workflow('w3-00000001'))).toBe('{"id":"w3-00000001"}');
    const { items } = await client.submitBatch([{ task: 'echo' }]);
    expect(JSON.stringify(items)).toBe(`[{"index":0,"handle":{"id":"${ID}"}}]`);
  });

  test('is of no use once it is closed, nor without an address', async () => {
    await client.close();
    await expect(client.submit('echo')).rejects.toMatchObject({ code: 'invalid-request', retryable: false });
    await expect(connect({} as never)).rejects.toMatchObject({ code: 'invalid-configuration' });
  });

  test('gives up a request that is not answered, and goes on with the next', async () => {
    const quick = await connect({ url: address(), logger: silent, requestTimeoutMs: 30 });
    respond = (_request, response) => {
      if (asked.length > 1) json(response, 200, task(ID, 'queued'));
    };
    expect(await quick.getTask(ID)).toMatchObject({ state: 'queued' });
    expect(asked).toHaveLength(2);
  });
});

describe('events over HTTP', () => {
  const write = (
    response: ServerResponse,
    id: string,
    seq: number,
    type: 'task.queued' | 'task.succeeded' = 'task.queued',
  ) => response.write(`id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(event(ID, seq, type))}\n\n`);

  test('go on after a broken connection with what follows the last one that was seen', async () => {
    respond = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (asked.length === 1) {
        write(response, '7-0', 1);
        write(response, '7-1', 2);
        response.end();
      } else {
        response.write('event: gap\ndata: {"from":8,"to":9}\n\n');
        write(response, '10-0', 3);
      }
    };
    const seen: unknown[] = [];
    const gaps: string[] = [];
    for await (const { id, seq } of client.events({
      root: ID,
      lastEventId: '6-4',
      onGap: (reason) => gaps.push(reason),
    })) {
      seen.push([id, seq]);
      if (seq === 3) break;
    }
    expect(seen).toEqual([
      ['7-0', 1],
      ['7-1', 2],
      ['10-0', 3],
    ]);
    expect(gaps).toEqual(['{"from":8,"to":9}']);
    expect(asked.map(({ url, headers }) => [url, headers['last-event-id']])).toEqual([
      [`/v1/events?root=${ID}`, '6-4'],
      [`/v1/events?root=${ID}`, '7-1'],
    ]);
  });

  test('are asked for by every filter, and a gap says what is missing and why', async () => {
    const told = {
      v: 1,
      reason: 'stream-lost',
      from: 8,
      to: null,
      detail: 'the stream was made anew',
    } as const;
    respond = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`event: gap\ndata: ${JSON.stringify(told)}\n\n`);
      write(response, '10-0', 3);
    };
    const gaps: unknown[] = [];
    const filter = {
      type: ['task.*', 'workflow.*'],
      state: 'queued',
      namespace: 'a,b',
      swarm: 's',
      region: ['r'],
    };
    const options = { ...filter, shard: 3, from: new Date(0) };
    const stream = client.events({ ...options, onGap: (...gap) => gaps.push(gap) })[Symbol.asyncIterator]();
    expect((await stream.next()).value).toMatchObject({ seq: 3 });
    await stream.return?.();
    expect(gaps).toEqual([['the stream was made anew', told]]);
    const { searchParams } = new URL(asked[0]?.url ?? '', 'http://peer');
    expect(
      Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)])),
    ).toEqual({
      ...{
        type: ['task.*', 'workflow.*'],
        state: ['queued'],
        namespace: ['a', 'b'],
        swarm: ['s'],
        region: ['r'],
      },
      ...{ shard: ['3'], from: ['1970-01-01T00:00:00.000Z'] },
    });
    const wrong = client.events({ state: 'done', root: 'x' })[Symbol.asyncIterator]();
    await expect(wrong.next()).rejects.toMatchObject({
      code: 'invalid-request',
      findings: [{ pointer: '/root' }, { pointer: '/state' }],
    });
  });

  test('go on from the place that the server has told, also where it had no event for it', async () => {
    respond = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (asked.length > 1) return void write(response, '4711-0', 2);
      write(response, '7-0', 1);
      response.end('id: 4700-999999999-abc\n\n');
    };
    const seen: number[] = [];
    for await (const { seq } of client.events()) {
      seen.push(seq);
      if (seq === 2) break;
    }
    expect(seen).toEqual([1, 2]);
    expect(asked[1]?.headers['last-event-id']).toBe('4700-999999999-abc');
  });

  test('that a connection was lost before its first bytes said where the stream is are told to be missing', async () => {
    respond = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (asked.length === 1) response.write(': hello\n\n', () => response.destroy());
      else if (asked.length === 2) response.end('id: 4-999999999-abc\n\n');
      else write(response, '5-0', 1);
    };
    const gaps: string[] = [];
    for await (const { seq } of client.events({ onGap: (reason) => gaps.push(reason) })) if (seq === 1) break;
    expect(gaps).toEqual(['the connection broke before the server had said where its stream is']);
    expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual([
      undefined,
      undefined,
      '4-999999999-abc',
    ]);
  });

  test('end with the error of the server when it refuses the stream for good', async () => {
    respond = (_request, response) =>
      problem(response, new MultiswarmError('invalid-request', 'not an id of this stream'));
    const events = client.events({ lastEventId: 'x' })[Symbol.asyncIterator]();
    await expect(events.next()).rejects.toMatchObject({ code: 'invalid-request' });
  });

  test('of a task join its history with the live stream, until its end', async () => {
    respond = ({ url }, response) => {
      if (url.endsWith(`/${ID}/events`)) {
        json(response, 200, {
          items: [event(ID, 1, 'task.submitted'), event(ID, 2, 'task.queued')],
          next: null,
        });
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      write(response, '4-0', 2);
      write(response, '5-0', 3, 'task.succeeded');
    };
    const seen: number[] = [];
    for await (const { seq } of client.task(ID).events()) seen.push(seq);
    expect(seen).toEqual([1, 2, 3]);
  });

  test('stop the connection when the reader stops', async () => {
    let closed = false;
    respond = (_request, response) => {
      response.on('close', () => (closed = true));
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      write(response, '1-0', 1);
    };
    for await (const { seq } of client.events()) if (seq === 1) break;
    await eventually(() => closed);
  });
});

test('dead letters have their routes', async () => {
  respond = ({ method }, response) =>
    json(
      response,
      200,
      method === 'GET'
        ? { items: [], next: null }
        : { dryRun: false, done: 0, unchanged: 0, refused: 0, items: [], next: null },
    );
  await client.deadLetters.list({ code: 'no-key' });
  await client.deadLetters.redrive({ ids: [ID], idempotencyKey: 'k1' });
  await client.deadLetters.purge({ ids: [ID] });
  expect(asked.map(({ method, url, body }) => [method, url, body])).toEqual([
    ['GET', '/v1/dead-letters?code=no-key', undefined],
    ['POST', '/v1/dead-letters/redrive', { ids: [ID], idempotencyKey: 'k1' }],
    ['POST', '/v1/dead-letters/purge', { ids: [ID] }],
  ]);
});
