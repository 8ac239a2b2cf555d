import { get, Agent, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { z } from 'zod';
import {
  createHttpApp,
  defineRoute,
  defineStreamRoute,
  listen,
  sse,
  type Listening,
  type SseStream,
} from '@multiswarm/service';
import { createLogger, startTelemetry } from '@multiswarm/telemetry';
import { deferred, type Deferred } from '@multiswarm/core';

const logger = createLogger({ service: 'test', level: 'silent' });
const telemetry = startTelemetry({ service: 'test', version: '1.0.0', env: {} });
afterAll(() => telemetry.shutdown());

let entered: Deferred<void>;
let release: Deferred<string>;
let aborted: Deferred<void>;
let opened: Deferred<SseStream>;
let app: ReturnType<typeof createHttpApp>;
let server: Listening;
let heartbeatMs: number | undefined;

const routes = [
  defineRoute({
    method: 'get',
    path: '/slow',
    summary: 'Answers when it is released',
    handler: async ({ signal }) => {
      signal.addEventListener('abort', () => aborted.resolve());
      entered.resolve();
      return { said: await release.promise };
    },
  }),
  defineRoute({
    method: 'get',
    path: '/poll',
    summary: 'Waits until the service stops',
    handler: ({ stopping }) =>
      new Promise((resolve) => {
        stopping.addEventListener('abort', () => resolve({ state: 'running' }));
        entered.resolve();
      }),
  }),
  defineRoute({
    method: 'post',
    path: '/echo',
    summary: 'Echo',
    body: z.json(),
    bodyLimitBytes: 1_000,
    handler: async ({ body }) => body,
  }),
  defineStreamRoute({
    method: 'get',
    path: '/events',
    summary: 'Events',
    handler: async (_request, response) => {
      opened.resolve(
        sse(response, { maxBufferedBytes: 100_000, ...(heartbeatMs === undefined ? {} : { heartbeatMs }) }),
      );
    },
  }),
];

beforeEach(async () => {
  [entered, release, aborted, opened] = [deferred(), deferred(), deferred(), deferred()];
  heartbeatMs = undefined;
  app = createHttpApp({
    service: 'test',
    version: '1',
    title: 'Test',
    routes,
    checks: {},
    telemetry,
    logger,
  });
  server = await listen(app, { host: '127.0.0.1', port: 0, logger });
});
afterEach(() => server.close(0));

function open(path: string, agent?: Agent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(server.url + path, agent ? { agent } : {}, resolve).on('error', reject);
  });
}

async function readUntil(stream: IncomingMessage, part: string): Promise<string> {
  let text = '';
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.includes(part)) return text;
  }
  throw new Error(`the stream ended before ${part}: ${text}`);
}

describe('listen', () => {
  test('serves requests that are born with the prototypes of the app, which express then need not change', async () => {
    const { setPrototypeOf } = Object;
    const changes: boolean[] = [];
    const spy = jest.spyOn(Object, 'setPrototypeOf').mockImplementation((target: object, prototype) => {
      if (prototype === app.request || prototype === app.response) {
        changes.push(Object.getPrototypeOf(target) !== prototype);
      }
      return setPrototypeOf(target, prototype) as object;
    });
    const reply = await fetch(`${server.url}/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '[1]',
    });
    spy.mockRestore();
    expect(await reply.json()).toEqual([1]);
    expect(changes).toEqual([false, false]);
  });

  test('a taken port is one clear line that names the port and the setting', async () => {
    const second = createHttpApp({
      service: 'test',
      version: '1',
      title: 'Test',
      routes: [],
      checks: {},
      telemetry,
      logger,
    });
    await expect(
      listen(second, { host: '127.0.0.1', port: server.port, portSetting: 'ORCHESTRATOR_PORT', logger }),
    ).rejects.toMatchObject({
      code: 'invalid-configuration',
      message: `port ${server.port} on 127.0.0.1 is taken: stop what listens there, or set ORCHESTRATOR_PORT to another port (0 takes a free one)`,
    });
  });

  test('a body over the limit is answered even while the client still writes it', async () => {
    const pieces = Array.from({ length: 64 }, () => new Uint8Array(65_536).fill(0x20));
    const reply = await fetch(`${server.url}/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: ReadableStream.from(pieces),
      duplex: 'half',
    });
    expect(reply.status).toBe(413);
    expect(await reply.json()).toMatchObject({ code: 'body-too-large' });
  });

  test.each([
    [
      'headers that are too long',
      431,
      'headers-too-large',
      `POST /echo HTTP/1.1\r\nx: ${'a'.repeat(20_000)}`,
    ],
    ['what is no HTTP', 400, 'invalid-request', 'SEND /echo HTTP/1.1'],
  ])(
    '%s are answered once, with problem details, and however much is written behind',
    async (_, status, code, head) => {
      const socket = connect(server.port, '127.0.0.1');
      let heard = '';
      socket.setEncoding('utf8').on('data', (text: string) => (heard += text));
      const written = new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.write(`${head}\r\ncontent-length: 10000000\r\n\r\n`);
        socket.write(Buffer.alloc(10_000_000, 'a'), (error) => (error ? reject(error) : resolve()));
      });
      const ended = once(socket, 'end');
      await written;
      await ended;
      const [answer, problem] = heard.split('\r\n\r\n');
      expect(answer).toMatch(
        new RegExp(`^HTTP/1.1 ${status} .*\r\ncontent-type: application/problem\\+json`),
      );
      expect(JSON.parse(problem ?? '')).toMatchObject({ status, code });
      socket.destroy();
    },
  );

  test('a body that breaks its own form halfway ends its connection at once', async () => {
    const socket = connect(server.port, '127.0.0.1');
    const head =
      'POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';
    socket.write(`${head}zz\r\n`);
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(String(first)).toMatch(/^HTTP\/1.1 400 /);
    await once(socket, 'close');
  });

  test('a handler learns that its client went away', async () => {
    const leave = new AbortController();
    const reply = fetch(`${server.url}/slow`, { signal: leave.signal });
    await entered.promise;
    leave.abort();
    await expect(reply).rejects.toThrow();
    await aborted.promise;
    release.resolve('too late');
  });
});

describe('close', () => {
  test('finishes the request in flight, takes no new connection, and does not wait for idle ones', async () => {
    const agent = new Agent({ keepAlive: true });
    const idle = await open('/health/live', agent);
    await readUntil(idle, 'alive');
    const inFlight = fetch(`${server.url}/slow`);
    await entered.promise;
    const closed = server.close(60_000);
    await expect(fetch(`${server.url}/health/live`)).rejects.toThrow();
    release.resolve('done');
    expect(await (await inFlight).json()).toEqual({ said: 'done' });
    await closed;
    agent.destroy();
  });

  test('does not wait for a connection that has sent no request', async () => {
    const spare = connect(server.port, '127.0.0.1');
    await new Promise((resolve) => spare.once('connect', resolve));
    // A request of another connection is answered after the spare one was accepted.
    await readUntil(await open('/health/live'), 'alive');
    const over = new Promise((resolve) => spare.once('close', resolve));
    await server.close(60_000);
    await over;
  });

  test('lets long polls answer with what there is, and ends event streams', async () => {
    const poll = fetch(`${server.url}/poll`);
    await entered.promise;
    const stream = await open('/events');
    const { ended } = await opened.promise;
    const closed = server.close(60_000);
    expect(await (await poll).json()).toEqual({ state: 'running' });
    stream.resume();
    await new Promise((resolve) => stream.once('end', resolve));
    await closed;
    expect(ended.aborted).toBe(true);
  });

  test('cuts what is still in flight when the grace period is over', async () => {
    const inFlight = fetch(`${server.url}/slow`);
    await entered.promise;
    await Promise.all([server.close(20), expect(inFlight).rejects.toThrow()]);
    release.resolve('too late');
  });
});

describe('server-sent events', () => {
  test('carry event, id and data; line breaks cannot forge fields', async () => {
    const stream = await open('/events');
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
    });
    const events = await opened.promise;
    events.send({ event: 'task.queued', id: 7, data: { a: 1 } });
    events.send({ event: 'x\ndata: forged', data: 'two\nlines' });
    events.comment('bye\n\ndata: forged');
    const text = await readUntil(stream, 'bye');
    expect(text).toBe(
      'event: task.queued\nid: 7\ndata: {"a":1}\n\n' +
        'event: x data: forged\ndata: two\ndata: lines\n\n' +
        ': bye data: forged\n\n',
    );
    stream.destroy();
  });

  test('say that they live while nothing happens', async () => {
    heartbeatMs = 5;
    const stream = await open('/events');
    expect(await readUntil(stream, ': alive\n\n: alive')).toMatch(/^(: alive\n\n)+/);
    stream.destroy();
  });

  test('end for a reader who is too slow instead of filling the memory', async () => {
    const stream = await open('/events');
    const events = await opened.promise;
    const data = 'x'.repeat(50_000);
    let sent = 0;
    while (sent < 10_000 && events.send({ data })) sent += 1;
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(10_000);
    await new Promise<void>((resolve) => {
      if (events.ended.aborted) resolve();
      else events.ended.addEventListener('abort', () => resolve());
    });
    expect(events.send({ data })).toBe(false);
    stream.destroy();
  });

  test('end when the reader leaves', async () => {
    const stream = await open('/events');
    const events = await opened.promise;
    stream.destroy();
    await new Promise<void>((resolve) => events.ended.addEventListener('abort', () => resolve()));
    expect(events.send({ data: 1 })).toBe(false);
  });
});
