import { once } from 'node:events';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { deferred } from '@multiswarm/core';
import { sse, type SseStream } from '@multiswarm/service';

test('a stream that is opened for a client who has left is over at once, and takes nothing', async () => {
  const [came, opened] = [deferred<void>(), deferred<SseStream>()];
  const app = express();
  app.get('/', async (_req, res) => {
    const left = once(res, 'close');
    came.resolve();
    await left;
    opened.resolve(sse(res));
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = get({ port: (server.address() as AddressInfo).port }).on('error', () => undefined);
  await came.promise;
  client.destroy();
  const stream = await opened.promise;
  expect(stream.ended.aborted).toBe(true);
  expect([stream.send({ data: 1 }), stream.comment('x'), stream.position('1')]).toEqual([
    false,
    false,
    false,
  ]);
  expect(await stream.room()).toBe(false);
  stream.end();
  server.close();
  await once(server, 'close');
});

test('who is cut off while the stream is open has no more room, also before that is told', async () => {
  const opened = deferred<[SseStream, () => void]>();
  const app = express();
  app.get('/', (_req, res) => opened.resolve([sse(res), () => void res.destroy()]));
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  get({ port: (server.address() as AddressInfo).port }, (answer) => {
    answer.on('error', () => undefined).resume();
  }).on('error', () => undefined);
  const [stream, cut] = await opened.promise;
  expect([stream.send({ data: 1 }), await stream.room()]).toEqual([true, true]);
  cut();
  expect([stream.send({ data: 2 }), await stream.room()]).toEqual([false, false]);
  if (!stream.ended.aborted) await once(stream.ended, 'abort');
  server.close();
  await once(server, 'close');
});
