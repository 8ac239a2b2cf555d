import request from 'supertest';
import { z } from 'zod';
import { MultiswarmError, ServiceHealth, TaskSubmission } from '@multiswarm/contracts';
import { createHttpApp, defineRoute, type HealthCheck } from '@multiswarm/service';
import { createLogger, startTelemetry, traceIdOf } from '@multiswarm/telemetry';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const telemetry = startTelemetry({ service: 'test', version: '1.0.0', env: {} });
afterAll(() => telemetry.shutdown());

let checks: Record<string, HealthCheck> = {};
let notReady: string | undefined;

const routes = [
  defineRoute({
    method: 'post',
    path: '/v1/tasks',
    summary: 'Submit a task',
    body: TaskSubmission,
    bodyLimitBytes: 2_000,
    status: 202,
    reply: z.object({ type: z.string() }),
    errors: ['store-unavailable'],
    handler: async ({ body, traceparent }) => ({ type: body.type, priority: body.priority, traceparent }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/tasks/:id',
    summary: 'Read a task',
    params: z.object({ id: z.string().regex(/^t\d+$/) }),
    query: z.strictObject({ limit: z.coerce.number().int().min(1).default(5) }),
    handler: async ({ params, query }) => ({ id: params.id, limit: query.limit }),
  }),
  defineRoute({
    method: 'put',
    path: '/v1/tasks/:id',
    summary: 'Replies with status and headers of its own',
    params: z.object({ id: z.string() }),
    handler: async ({ params }) => ({
      status: 201,
      headers: { location: `/v1/tasks/${params.id}` },
      body: { made: true },
    }),
  }),
  defineRoute({
    method: 'get',
    path: '/v1/fails/:how',
    summary: 'Fails',
    params: z.object({ how: z.string() }),
    handler: async ({ params }) => {
      if (params.how === 'busy') throw new MultiswarmError('store-unavailable', 'Redis does not answer');
      throw new Error('the password is hunter2');
    },
  }),
  defineRoute({
    method: 'delete',
    path: '/v1/empty',
    summary: 'Empty',
    status: 204,
    handler: async () => undefined,
  }),
];

const app = createHttpApp({
  service: 'test',
  version: '1.0.0',
  title: 'Test <service>',
  routes,
  checks: () => checks,
  telemetry,
  logger: createLogger({ service: 'test', level: 'silent' }),
  notReady: () => notReady,
});
const post = (body: string) =>
  request(app).post('/v1/tasks').set('content-type', 'application/json').send(body);

/** supertest would serialize a buffer; a string in latin1 would be encoded anew. */
const postBytes = (bytes: Buffer) =>
  request(app)
    .post('/v1/tasks')
    .set('content-type', 'application/json')
    .serialize(() => bytes as unknown as string)
    .send({});

beforeEach(() => {
  checks = {};
  notReady = undefined;
});

describe('a route', () => {
  test('gets validated input with its defaults, and its reply has its status', async () => {
    const { status, body } = await post('{"type":"build"}');
    expect(status).toBe(202);
    expect(body).toMatchObject({ type: 'build', priority: 'normal' });
    expect((await request(app).get('/v1/tasks/t7?limit=3')).body).toEqual({ id: 't7', limit: 3 });
  });

  test('may reply with a status and headers of its own, or with nothing', async () => {
    const made = await request(app).put('/v1/tasks/t1');
    expect(made.status).toBe(201);
    expect(made.headers['location']).toBe('/v1/tasks/t1');
    expect(made.body).toEqual({ made: true });
    const empty = await request(app).delete('/v1/empty');
    expect([empty.status, empty.text]).toEqual([204, '']);
  });

  test('continues the trace of its caller, or begins one', async () => {
    const given = await post('{"type":"x"}').set('traceparent', TRACEPARENT);
    expect(given.body.traceparent).toBe(TRACEPARENT);
    expect(given.headers['traceparent']).toBe(TRACEPARENT);
    const invalid = await post('{"type":"x"}').set('traceparent', 'nonsense');
    expect(invalid.headers['traceparent']).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    expect(invalid.body.traceparent).toBe(invalid.headers['traceparent']);
  });

  test('answers HEAD as GET without a body', async () => {
    const { status, text } = await request(app).head('/v1/tasks/t7');
    expect([status, text]).toEqual([200, undefined]);
  });
});

describe('bad input', () => {
  test('all faults are listed at once, with pointers into body, query and path', async () => {
    const body = await post('{"type":"a b","bogus":1,"retry":{"maxAttempts":0}}');
    expect(body.status).toBe(400);
    expect(body.headers['content-type']).toBe('application/problem+json');
    expect(body.body).toMatchObject({
      code: 'invalid-request',
      retryable: false,
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    });
    expect(pointers(body)).toEqual(['/bogus', '/retry/maxAttempts', '/type']);
    const path = await request(app).get('/v1/tasks/nope?limit=0&typo=1');
    expect(pointers(path)).toEqual(['/params/id', '/query/limit', '/query/typo']);
  });

  test('a query parameter that no one reads is a fault', async () => {
    expect(pointers(await request(app).put('/v1/tasks/t1?dryRun=true'))).toEqual(['/query/dryRun']);
  });

  test('broken JSON is answered with line and column', async () => {
    const { status, body } = await post('{\n  "type": "x",\n}');
    expect([status, body.code]).toEqual([400, 'invalid-json']);
    expect(body.errors[0].message).toBe('line 3, column 1: expected a property name in double quotes');
  });

  test.each([
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['nesting that would overflow a stack', Buffer.from(`{"input":${'['.repeat(900)}${']'.repeat(900)}}`)],
  ])('%s are invalid JSON', async (_, bytes) => {
    const { status, body } = await postBytes(bytes);
    expect([status, body.code]).toEqual([400, 'invalid-json']);
  });

  test('a body over the limit is refused, and the limit is named', async () => {
    const big = JSON.stringify({ type: 'x', input: 'y'.repeat(3_000) });
    const declared = await post(big);
    expect([declared.status, declared.body.code]).toEqual([413, 'body-too-large']);
    expect(declared.body.detail).toContain('2000 bytes');
  });

  test.each([
    ['another type', { 'content-type': 'text/plain' }, /got "text\/plain"/],
    ['another charset', { 'content-type': 'application/json; charset=latin1' }, /charset latin1/],
    [
      'compression',
      { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      /Content-Encoding gzip/,
    ],
  ])('a body of %s is an unsupported media type', async (_, headers, detail) => {
    const { status, body } = await request(app).post('/v1/tasks').set(headers).send('{"type":"x"}');
    expect([status, body.code]).toEqual([415, 'unsupported-media-type']);
    expect(body.detail).toMatch(detail);
  });

  test('no body at all is validated as an empty one', async () => {
    expect(pointers(await request(app).post('/v1/tasks'))).toEqual(['/type']);
  });

  test('an unknown route, a wrong method and a broken path are told apart', async () => {
    const unknown = await request(app).get('/v1/nothing');
    expect([unknown.status, unknown.body.code]).toEqual([404, 'route-not-found']);
    const wrong = await request(app).patch('/v1/tasks/t1');
    expect([wrong.status, wrong.body.code, wrong.headers['allow']]).toEqual([
      405,
      'method-not-allowed',
      'GET, HEAD, PUT',
    ]);
    const options = await request(app).options('/v1/tasks');
    expect([options.status, options.headers['allow']]).toEqual([204, 'POST']);
    const broken = await request(app).get('/v1/tasks/%E0%A4%A');
    expect([broken.status, broken.body.code]).toEqual([400, 'invalid-request']);
  });
});

describe('failures', () => {
  test('a retryable 503 says when to come back', async () => {
    const { status, body, headers } = await request(app)
      .get('/v1/fails/busy')
      .set('traceparent', TRACEPARENT);
    expect([status, body.code, body.retryable]).toEqual([503, 'store-unavailable', true]);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(body.traceId).toBe(traceIdOf(TRACEPARENT));
  });

  test('what is not ours shows nothing of its inside', async () => {
    const { status, body, text } = await request(app).get('/v1/fails/hard');
    expect([status, body.code]).toEqual([500, 'internal']);
    expect(text).not.toContain('hunter2');
  });
});

describe('what every service has', () => {
  test('health is healthy, degraded or down, as its checks say', async () => {
    checks['nats'] = async () => ({ ok: true, detail: 'connected' });
    expect(ServiceHealth.parse((await request(app).get('/health').expect(200)).body).status).toBe('healthy');
    checks['cache'] = { degrades: true, check: async () => ({ ok: false, detail: 'cold' }) };
    expect((await request(app).get('/health').expect(200)).body.status).toBe('degraded');
    checks['redis'] = () => Promise.reject(new Error('connection refused'));
    const down = await request(app).get('/health').expect(503);
    expect(ServiceHealth.parse(down.body)).toMatchObject({
      status: 'down',
      checks: {
        nats: { ok: true },
        cache: { ok: false },
        redis: { ok: false, detail: 'connection refused' },
      },
    });
    const ready = await request(app).get('/health/ready').expect(503);
    expect(ready.body.reason).toContain('redis: connection refused');
    await request(app).get('/health/live').expect(200);
  });

  test('a check that does not answer does not hold up the answer', async () => {
    checks['stuck'] = () => new Promise(() => undefined);
    const { body } = await request(app).get('/health').expect(503);
    expect(body.checks.stuck.detail).toBe('no answer in 2000 ms');
  });

  test('it is not ready while it says so', async () => {
    notReady = 'the service is stopping';
    expect((await request(app).get('/health/ready').expect(503)).body).toEqual({
      ready: false,
      reason: notReady,
    });
    notReady = undefined;
    await request(app).get('/health/ready').expect(200);
  });

  test('requests are measured by route pattern, never by path', async () => {
    await request(app).get('/v1/tasks/t4711');
    const { text, headers } = await request(app).get('/metrics').expect(200);
    expect(headers['content-type']).toContain('text/plain; version=0.0.4');
    expect(text).toMatch(/_count\{method="GET",route="\/v1\/tasks\/:id",status="200"\} \d/);
    expect(text).not.toContain('t4711');
  });

  test('hardening headers are set, and express does not name itself', async () => {
    const { headers } = await request(app).get('/health');
    expect(headers).toHaveProperty('content-security-policy');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers).not.toHaveProperty('x-powered-by');
  });

  test('the OpenAPI document has every route, its schemas and its problems, and every reference resolves', async () => {
    const { body } = await request(app).get('/openapi.json').expect(200);
    expect(body.openapi).toBe('3.1.0');
    const submit = body.paths['/v1/tasks'].post;
    expect(submit.requestBody.content['application/json'].schema.required).toEqual(['type']);
    expect(Object.keys(submit.responses).sort()).toEqual(['202', '400', '413', '415', '500', '503']);
    const read = body.paths['/v1/tasks/{id}'].get;
    expect(read.parameters).toMatchObject([
      { name: 'id', in: 'path', required: true },
      { name: 'limit', in: 'query', required: false, schema: { type: 'integer', default: 5 } },
    ]);
    const references = [...JSON.stringify(body).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref ?? '');
    expect(references.length).toBeGreaterThan(3);
    for (const reference of references) {
      const name = reference.replace('#/components/schemas/', '');
      expect(body.components.schemas).toHaveProperty(name);
    }
  });

  test('the API page loads nothing from elsewhere', async () => {
    const page = await request(app).get('/docs').expect(200);
    expect(page.text).toContain('Test &lt;service>');
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    const urls = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? '');
    expect(urls.length).toBeGreaterThan(3);
    for (const url of urls) {
      expect(url).toMatch(/^\/docs\//);
      await request(app).get(url).expect(200);
    }
  });
});

function pointers({ body }: request.Response): string[] {
  const { errors } = body as { errors?: { pointer: string }[] };
  return (errors ?? []).map(({ pointer }) => pointer).sort();
}
