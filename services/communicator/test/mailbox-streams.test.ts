import { once } from 'node:events';
import { createHttpApp, listen, type Listening } from '@multiswarm/service';
import { createLogger } from '@multiswarm/telemetry';
import { eventually } from '@multiswarm/testing';
import WebSocket from 'ws';
import { World, type Replica } from './world';

let world: World;
let server: Listening;
let replica: Replica;

beforeAll(async () => {
  world = await World.start();
  replica = await world.replica({ rules: { ackWaitMs: 2_000 } });
  const { communicator, telemetry } = replica;
  await eventually(() => communicator.served.length === 16);
  const logger = createLogger({ service: 'communicator', level: 'silent' });
  const app = createHttpApp({
    ...{ service: 'communicator', version: '1', title: 'Communicator', checks: {}, logger, telemetry },
    routes: communicator.routes,
  });
  server = await listen(app, { host: '127.0.0.1', port: 0, logger });
});

afterAll(async () => {
  await server.close(100);
  await world.stop();
});

interface Frame {
  type: string;
  seq: number;
  message: { data: unknown; attempt: number };
  [key: string]: unknown;
}

/** A reader over a WebSocket, with all that was said to it. */
class Reader {
  readonly frames: Frame[] = [];

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.frames.push(JSON.parse(data.toString()) as Frame));
  }

  static async open(mailbox: string, query = ''): Promise<Reader> {
    const url = `${server.url.replace('http', 'ws')}/v1/mailboxes/${mailbox}/socket${query}`;
    const reader = new Reader(new WebSocket(url));
    await reader.some('open');
    return reader;
  }

  say(frame: object | string): void {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  of(type: string): Frame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  some(type: string, count = 1): Promise<Frame[]> {
    return eventually(() => this.of(type).length >= count && this.of(type));
  }

  get data(): unknown[] {
    return this.of('message').map(({ message }) => message.data);
  }

  async close(): Promise<void> {
    this.socket.close();
    await once(this.socket, 'close');
  }
}

async function post(path: string, body: object): Promise<unknown> {
  const answer = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  expect([answer.ok, text]).toEqual([true, text]);
  return JSON.parse(text);
}

async function fill(mailbox: string, data: readonly unknown[]): Promise<void> {
  await post(`/v1/mailboxes/${mailbox}/pull`, { reader: 'first' });
  for (const each of data)
    await post('/v1/messages', {
      from: 'operator',
      to: mailbox,
      kind: 'work',
      data: each,
      qos: 'at-least-once',
    });
}

const depth = async (mailbox: string): Promise<{ depth: number; inHand: number; sessions: number }> =>
  (await (await fetch(`${server.url}/v1/mailboxes/${mailbox}`)).json()) as never;

test('over a WebSocket messages come as credits allow, are settled, and what is unknown is told', async () => {
  await fill('ws-one', [1, 2, 3, 4, 5]);
  const reader = await Reader.open('ws-one', '?credits=2');
  expect(reader.of('open')[0]).toMatchObject({ credits: 2, ackWaitMs: 2_000, depth: 5 });
  const [first, second] = await reader.some('message', 2);
  expect((await depth('ws-one')).inHand).toBe(2);
  reader.say({ type: 'ack', seqs: [first?.seq, 999], id: 'a' });
  expect((await reader.some('settled'))[0]).toEqual({ type: 'settled', unknown: [999], id: 'a' });
  await reader.some('message', 3);
  expect(reader.data).toEqual([1, 2, 3]);
  reader.say({ type: 'nak', naks: [{ seq: second?.seq, delayMs: 0 }] });
  reader.say({ type: 'release', seqs: [reader.of('message')[2]?.seq] });
  await eventually(() => reader.of('message').some(({ message }) => message.attempt === 2));
  reader.say({ type: 'credits', credits: 10 });
  await eventually(() => reader.data.includes(5));
  reader.say({ type: 'ack', seqs: reader.of('message').map(({ seq }) => seq) });
  await eventually(async () => (await depth('ws-one')).depth === 0);
  await reader.close();
});

test('what is wrong on a WebSocket is told, and loses nothing', async () => {
  await fill('ws-two', ['kept']);
  const reader = await Reader.open('ws-two');
  const [kept] = await reader.some('message');
  reader.say('{"type":');
  reader.say({ type: 'shout', id: 7 });
  reader.say({ type: 'ack', seqs: ['one'], id: 'b' });
  reader.say({ type: 'credits', credits: -1 });
  reader.say(`"${'x'.repeat(100)}"`);
  const errors = await reader.some('error', 5);
  expect(errors.map(({ code, id }) => [code, id]).sort()).toEqual(
    [
      ['invalid-json', undefined],
      ['invalid-request', 7],
      ['invalid-request', 'b'],
      ['invalid-request', undefined],
      ['invalid-request', undefined],
    ].sort(),
  );
  expect(await depth('ws-two')).toMatchObject({ depth: 1, inHand: 1 });
  reader.say({ type: 'ack', seqs: [kept?.seq], id: 'c' });
  expect((await reader.some('settled'))[0]).toMatchObject({ unknown: [], id: 'c' });
  reader.say({ type: 'ping', id: 'p' });
  expect((await reader.some('pong'))[0]).toEqual({ type: 'pong', id: 'p' });
  await reader.close();
});

test('with the connection the session ends: what was not acknowledged comes again at once, in order', async () => {
  await fill('ws-three', [1, 2, 3]);
  const lost = await Reader.open('ws-three');
  await lost.some('message', 3);
  lost.socket.terminate();
  const next = await Reader.open('ws-three');
  await next.some('message', 3);
  expect(next.of('message').map(({ message: { data, attempt } }) => [data, attempt])).toEqual([
    [1, 2],
    [2, 1],
    [3, 1],
  ]);
  await next.close();
});

test('what is neither acknowledged nor extended comes again', async () => {
  await fill('ws-four', [1]);
  const reader = await Reader.open('ws-four');
  const [first] = await reader.some('message');
  reader.say({ type: 'extend', seqs: [first?.seq] });
  expect((await reader.some('settled'))[0]).toMatchObject({ unknown: [] });
  const [, again] = await reader.some('message', 2);
  expect(again).toMatchObject({ seq: first?.seq, message: { attempt: 2 } });
  await reader.close();
});

test('large messages come in several answers, whole and in order', async () => {
  const large = 'x'.repeat(200_000);
  await fill(
    'ws-five',
    Array.from({ length: 9 }, (_, n) => `${n} ${large}`),
  );
  const reader = await Reader.open('ws-five', '?credits=100');
  await reader.some('message', 9);
  expect(reader.data.map((data) => parseInt(String(data), 10))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  await reader.close();
});

test('an event stream brings the same messages, and they are settled by POST', async () => {
  await fill('sse-one', [1, 2, 3]);
  const leave = new AbortController();
  const answer = await fetch(`${server.url}/v1/mailboxes/sse-one/events?credits=2`, { signal: leave.signal });
  let text = '';
  const reading = (async () => {
    for await (const chunk of answer.body ?? []) text += Buffer.from(chunk).toString();
  })().catch(() => undefined);
  const events = (name: string): Record<string, unknown>[] =>
    [...text.matchAll(new RegExp(`event: ${name}\ndata: (.*)\n`, 'g'))].map(
      ([, data = '']) => JSON.parse(data) as Record<string, unknown>,
    );
  await eventually(() => events('message').length === 2);
  const [{ reader } = {}] = events('open');
  const seqs = events('message').map(({ seq }) => seq);
  expect(await post('/v1/mailboxes/sse-one/ack', { reader, seqs })).toEqual({ unknown: [] });
  await eventually(() => events('message').length === 3);
  leave.abort();
  await reading;
  await eventually(async () => (await depth('sse-one')).inHand === 0);
  const { messages } = (await post('/v1/mailboxes/sse-one/pull', { reader: 'r', waitMs: 5_000 })) as {
    messages: { message: { data: unknown; attempt: number } }[];
  };
  expect(messages).toMatchObject([{ message: { data: 3, attempt: 2 } }]);
});
