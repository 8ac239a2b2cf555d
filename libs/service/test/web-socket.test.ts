import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { MultiswarmError } from '@multiswarm/contracts';
import { deferred, type Deferred } from '@multiswarm/core';
import { createHttpApp, defineRoute, defineSocketRoute, listen, type Listening } from '@multiswarm/service';
import { createLogger, startTelemetry } from '@multiswarm/telemetry';
import WebSocket from 'ws';
import { z } from 'zod';

const logger = createLogger({ service: 'test', level: 'silent' });
const telemetry = startTelemetry({ service: 'test', version: '1.0.0', env: {} });
afterAll(() => telemetry.shutdown());

let server: Listening;
let hold: Deferred<void> | undefined;

const routes = [
  defineSocketRoute({
    path: '/echo/:name',
    summary: 'Says it again',
    params: z.object({ name: z.string().max(5) }),
    open: async ({ params: { name } }) => {
      if (name === 'nobo') throw new MultiswarmError('recipient-unknown', 'nobody is called nobo');
      return (socket) => {
        return {
          take: async (text) => {
            await hold?.promise;
            socket.send({ name, text });
          },
          run: () => once(socket.ended, 'abort').then(() => undefined),
        };
      };
    },
  }),
  defineRoute({
    method: 'post',
    path: '/echo',
    summary: 'Echo',
    body: z.json(),
    handler: async ({ body }) => body,
  }),
];

beforeEach(async () => {
  hold = undefined;
  const app = createHttpApp({
    ...{ service: 'test', version: '1', title: 'Test', routes, checks: {}, logger, telemetry },
  });
  server = await listen(app, { host: '127.0.0.1', port: 0, logger });
});
afterEach(() => server.close(100));

const socketTo = (path: string, options: object = {}): WebSocket =>
  new WebSocket(server.url.replace('http', 'ws') + path, options);

async function refusal(socket: WebSocket): Promise<{ status: number | undefined; body: unknown }> {
  const [, response] = (await once(socket, 'unexpected-response')) as [
    unknown,
    import('node:http').IncomingMessage,
  ];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode, body: JSON.parse(text) };
}

test('frames go both ways; what is refused is answered with problem details before the connection is one', async () => {
  const socket = socketTo('/echo/eve');
  await once(socket, 'open');
  socket.send('hello');
  const [data] = (await once(socket, 'message')) as [Buffer];
  expect(JSON.parse(data.toString())).toEqual({ name: 'eve', text: 'hello' });
  expect(await refusal(socketTo('/echo/far-too-long'))).toMatchObject({
    ...{ status: 400, body: { code: 'invalid-request' } },
  });
  expect(await refusal(socketTo('/echo/nobo'))).toMatchObject({
    ...{ status: 404, body: { code: 'recipient-unknown' } },
  });
  expect(await refusal(socketTo('/nowhere'))).toMatchObject({
    ...{ status: 404, body: { code: 'route-not-found' } },
  });
  const foreign = socketTo('/echo/eve', { origin: 'http://elsewhere.example' });
  expect(await refusal(foreign)).toMatchObject({ status: 403, body: { code: 'origin-not-allowed' } });
  const plain = await fetch(`${server.url}/echo/eve`);
  expect([plain.status, await plain.json()]).toMatchObject([400, { code: 'invalid-request' }]);
  const own = socketTo('/echo/eve', { origin: server.url });
  await once(own, 'open');
  own.terminate();
  socket.close();
  await once(socket, 'close');
});

test('no more is read than can be taken; what waits is taken after that', async () => {
  const release = (hold = deferred<void>());
  const socket = socketTo('/echo/eve');
  await once(socket, 'open');
  let answers = 0;
  const all = deferred<void>();
  socket.on('message', () => {
    answers += 1;
    if (answers === 200) all.resolve();
  });
  for (let n = 0; n < 200; n++) socket.send('x');
  release.resolve();
  await all.promise;
  socket.close();
  await once(socket, 'close');
});

test('a service that stops says so on each connection', async () => {
  const socket = socketTo('/echo/eve');
  await once(socket, 'open');
  const closed = once(socket, 'close') as Promise<[number, Buffer]>;
  await server.close(1_000);
  const [code, reason] = await closed;
  expect([code, String(reason)]).toEqual([1001, 'the service stops: connect again']);
});

test('a client that offers another protocol is answered in this one, its body too', async () => {
  const body = JSON.stringify({ large: 'x'.repeat(100_000) });
  const headers = {
    ...{
      connection: 'Upgrade, HTTP2-Settings',
      upgrade: 'h2c',
      'http2-settings': 'AAMAAABkAAQAoAAAAAIAAAAA',
    },
    ...{ 'content-type': 'application/json', 'content-length': String(body.length) },
  };
  const sent = httpRequest(`${server.url}/echo`, { method: 'POST', headers });
  sent.write(body.slice(0, 10));
  sent.end(body.slice(10));
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  expect([response.statusCode, text]).toEqual([200, body]);
});
