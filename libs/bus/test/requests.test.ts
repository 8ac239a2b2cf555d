import { NobodyListensError, type Bus } from '@multiswarm/bus';
import { MultiswarmError } from '@multiswarm/contracts';
import { eventually } from '@multiswarm/testing';
import fc from 'fast-check';
import { z } from 'zod';
import { Buses, gate } from './buses';

let buses: Buses;
let client: Bus;
let server: Bus;
let faults: [error: unknown, subject: string][];

beforeAll(async () => {
  buses = await Buses.start();
});

beforeEach(async () => {
  faults = [];
  client = await buses.connect();
  server = await buses.connect({ onFault: (error, subject) => faults.push([error, subject]) });
});

afterEach(() => buses.disconnect());
afterAll(() => buses.stop());

const Ask = z.strictObject({ n: z.number() });
const Answer = z.object({ n: z.number() });

/** Answers on `subject`; resolves once the server knows of it. */
async function respond(
  subject: string,
  handler: Parameters<typeof server.respond<typeof Ask>>[2],
  bus = server,
): Promise<void> {
  bus.respond(subject, { request: Ask }, handler);
  await bus.rttMs();
}

test('a request gets what the handler returns, and undefined arrives as null', async () => {
  await respond('double', async ({ n }) => ({ n: n * 2 }));
  await respond('nothing', async () => undefined);
  expect(await client.request('double', { n: 21 }, { reply: Answer })).toEqual({ n: 42 });
  expect(await client.request('nothing', { n: 1 }, { reply: z.null() })).toBeNull();
});

test('what a handler returns or throws at once is answered as what it promises', async () => {
  await respond('at-once', ({ n }) => {
    if (n < 0) throw new MultiswarmError('invalid-request', 'too small');
    // JSON has no word for it: nobody could be told.
    return n === 0 ? { n: 0n } : { n: n * 2 };
  });
  const ask = (n: number): Promise<unknown> => client.request('at-once', { n }, { reply: Answer });
  expect(await Promise.all([ask(1), ask(2)])).toEqual([{ n: 2 }, { n: 4 }]);
  await expect(ask(-1)).rejects.toMatchObject({ code: 'invalid-request', message: 'too small' });
  expect(faults).toEqual([]);
  await expect(ask(0)).rejects.toMatchObject({ code: 'internal' });
  expect(faults).toMatchObject([[expect.any(TypeError), 'at-once']]);
});

test('an error of the handler arrives with its code, text and findings', async () => {
  const findings = [{ pointer: '/tasks/0', code: 'cycle', message: 'a -> a' }];
  await respond('fail', async () => {
    throw new MultiswarmError('invalid-workflow', 'it has a cycle', { findings });
  });
  await expect(client.request('fail', { n: 1 }, { reply: Answer })).rejects.toMatchObject({
    code: 'invalid-workflow',
    message: 'it has a cycle',
    findings,
    retryable: false,
  });
  expect(faults).toEqual([]);
});

test('a fault of the handler arrives as internal, and is reported where it happened', async () => {
  await respond('broken', async () => {
    throw new TypeError('x is undefined');
  });
  await expect(client.request('broken', { n: 1 }, { reply: Answer })).rejects.toMatchObject({
    code: 'internal',
    message: 'x is undefined',
  });
  expect(faults).toEqual([[new TypeError('x is undefined'), 'broken']]);
});

test('a request that does not fit its schema never reaches the handler', async () => {
  const handler = jest.fn(async () => ({ n: 0 }));
  await respond('strict', handler);
  await expect(client.request('strict', { n: 'one', m: 1 }, { reply: Answer })).rejects.toMatchObject({
    code: 'invalid-request',
    findings: [{ pointer: '/n' }, { pointer: '/m', code: 'unknown-field' }],
  });
  expect(handler).not.toHaveBeenCalled();
});

test('an answer that does not fit its schema is the fault of the responder, not of the request', async () => {
  await respond('wrong', async () => ({ n: 'many' }));
  await expect(client.request('wrong', { n: 1 }, { reply: Answer })).rejects.toMatchObject({
    code: 'internal',
    findings: [{ pointer: '/n' }],
  });
});

test('where nobody listens the request fails at once and may be repeated', async () => {
  const timeoutMs = 60_000;
  const error: unknown = await client
    .request('silence', { n: 1 }, { reply: Answer, timeoutMs })
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(NobodyListensError);
  expect(error).toMatchObject({
    code: 'bus-unavailable',
    retryable: true,
    message: expect.stringContaining('nobody listens'),
  });
});

test('a handler that takes too long is a timeout, and its late answer disturbs nobody', async () => {
  const { opened, open } = gate();
  await respond('slow', ({ n }) => (n === 1 ? opened.then(() => ({ n: -1 })) : Promise.resolve({ n })));
  const late = client.request('slow', { n: 1 }, { reply: Answer, timeoutMs: 30 });
  await expect(late).rejects.toMatchObject({ code: 'timeout', message: 'no answer on slow within 30 ms' });
  open();
  await server.rttMs();
  expect(await client.request('slow', { n: 2 }, { reply: Answer })).toEqual({ n: 2 });
});

describe('sizes', () => {
  const limit = 1024 * 1024;

  test('a request over the limit of the server is refused here, in letters of any width', async () => {
    const received = jest.fn(async () => ({ n: 1 }));
    server.respond('large', { request: z.string() }, received);
    await server.rttMs();
    for (const text of ['x'.repeat(limit), 'é'.repeat(limit / 2), '🚀'.repeat(limit / 4)])
      await expect(client.request('large', text, { reply: Answer })).rejects.toMatchObject({
        code: 'body-too-large',
      });
    expect(() => client.publish('large', 'x'.repeat(limit))).toThrow(/NATS carries 1048576/);
    expect(received).not.toHaveBeenCalled();
    expect(await client.request('large', 'x'.repeat(limit - 2), { reply: Answer })).toEqual({ n: 1 });
  });

  test('headers count too: what fits only without them is refused, not sent again and again', async () => {
    const whole = 'x'.repeat(limit - 2);
    const withHeaders = { reply: Answer, traceparent: '00-a-b-01' };
    await expect(client.request('large', whole, withHeaders)).rejects.toMatchObject({
      code: 'body-too-large',
      retryable: false,
    });
    expect(() => client.publish('large', whole, { traceparent: '00-a-b-01' })).toThrow(
      expect.objectContaining({ code: 'body-too-large' }),
    );
  });

  test.each(['x', 'é', '🚀'])(
    'an answer of %s that is too large says so instead of a timeout',
    async (letter) => {
      await respond('much', async () => letter.repeat(limit / Buffer.byteLength(letter)));
      await expect(client.request('much', { n: 1 }, { reply: z.string() })).rejects.toMatchObject({
        code: 'body-too-large',
        message: expect.stringContaining('the answer on much'),
      });
    },
  );

  test('an error that is too large arrives without what makes it so', async () => {
    const message = 'é'.repeat(limit / 2);
    await respond('loud', async () => {
      throw new MultiswarmError('invalid-workflow', `first ${message}`, {
        findings: [{ pointer: '', code: 'cycle', message }],
      });
    });
    await expect(client.request('loud', { n: 1 }, { reply: Answer })).rejects.toMatchObject({
      code: 'invalid-workflow',
      message: expect.stringMatching(/^first é+$/),
      findings: [],
    });
  });
});

test('answers of many requests at once never cross', async () => {
  const waiting: { n: number; answer: (value: { n: number }) => void }[] = [];
  await respond('shuffle', ({ n }) => new Promise((answer) => waiting.push({ n, answer })));
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray([...Array(200).keys()], { minLength: 200 }), async (order) => {
      const asked = order.map((_, n) => client.request('shuffle', { n }, { reply: Answer }));
      await eventually(() => waiting.length === order.length);
      const batch = waiting.splice(0);
      for (const index of order) batch[index]!.answer({ n: batch[index]!.n * 7 });
      expect(await Promise.all(asked)).toEqual(order.map((_, n) => ({ n: n * 7 })));
    }),
    { numRuns: 5 },
  );
});

test('members of a queue group share the requests, each handled once', async () => {
  const other = await buses.connect();
  const handled: string[] = [];
  for (const [name, bus] of Object.entries({ server, other }))
    bus.respond('shared', { queue: 'group', request: Ask }, async ({ n }) => {
      handled.push(name);
      return { n };
    });
  await Promise.all([server.rttMs(), other.rttMs()]);
  await Promise.all([...Array(100).keys()].map((n) => client.request('shared', { n }, { reply: Answer })));
  expect(handled).toHaveLength(100);
  expect(new Set(handled)).toEqual(new Set(['server', 'other']));
});

test('every subscriber outside a group hears a publish, until it stops', async () => {
  const heard: string[] = [];
  const first = server.subscribe('news', { schema: Ask }, ({ n }) => void heard.push(`first ${n}`));
  server.subscribe('news', { schema: Ask }, ({ n }) => void heard.push(`second ${n}`));
  await server.rttMs();
  client.publish('news', { n: 1 });
  await eventually(() => heard.length === 2);
  first.stop();
  await server.rttMs();
  client.publish('news', { n: 2 });
  await eventually(() => heard.length === 3);
  expect(heard.sort()).toEqual(['first 1', 'second 1', 'second 2']);
});

test('trace context and headers travel with requests and publishes', async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  const seen: unknown[] = [];
  server.respond('traced.*', { request: Ask }, async (_body, delivery) => {
    seen.push([
      delivery.subject,
      delivery.traceparent,
      delivery.headers?.get('ms-version'),
      delivery.headers?.get('ms-namespace'),
    ]);
    return { n: 1 };
  });
  await server.rttMs();
  const headers = { 'ms-namespace': 'shop' };
  await client.request('traced.a', { n: 1 }, { reply: Answer, traceparent, headers });
  await client.request('traced.b', { n: 1 }, { reply: Answer });
  client.publish('traced.c', { n: 1 }, { traceparent });
  await eventually(() => seen.length === 3);
  expect(seen).toEqual([
    ['traced.a', traceparent, '1', 'shop'],
    ['traced.b', undefined, undefined, undefined],
    ['traced.c', traceparent, '1', ''],
  ]);
});

test('a request that was on its way when its responder stopped is answered, and the next one finds nobody', async () => {
  for (let round = 0; round < 20; round += 1) {
    const responder = server.respond('moving', { request: Ask }, ({ n }) => Promise.resolve({ n }));
    await server.rttMs();
    const asked = Array.from({ length: 50 }, (_, n) =>
      client.request('moving', { n }, { reply: Answer, timeoutMs: 2_000 }).catch((error: unknown) => error),
    );
    // The server hands them over while the responder still is, or just was, listening.
    for (let turn = 0; turn < round % 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    responder.stop();
    for (const answer of await Promise.all(asked))
      if (answer instanceof Error) expect(answer).toMatchObject({ code: 'bus-unavailable' });
    await server.rttMs();
    await expect(client.request('moving', { n: 1 }, { reply: Answer })).rejects.toMatchObject({
      code: 'bus-unavailable',
    });
  }
});

describe('hostile peers', () => {
  const payloads: [string, string | Uint8Array][] = [
    ['nothing', ''],
    ['text', 'hello'],
    ['half of an object', '{"n":1'],
    ['null', 'null'],
    ['bytes that are no UTF-8', new Uint8Array([0xff, 0xfe, 0x00, 0x80])],
    ['nesting that no stack holds', '['.repeat(400_000) + ']'.repeat(400_000)],
    ['a key of the prototype', '{"n":1,"__proto__":{"n":2}}'],
  ];

  test.each(payloads)('a request of %s is answered with an error', async (_name, payload) => {
    const handler = jest.fn(async () => ({ n: 1 }));
    await respond('asked', handler);
    const reply = await client.connection.request('asked', payload, { timeout: 5_000 });
    expect(reply.json()).toMatchObject({
      error: { status: 400, code: expect.stringMatching(/^invalid-(json|request)$/) },
    });
    expect(handler).not.toHaveBeenCalled();
    expect(faults).toEqual([]);
  });

  test.each(payloads)('a publish of %s is a fault, and the next one is heard', async (_name, payload) => {
    const heard: number[] = [];
    server.subscribe('told', { schema: Ask }, ({ n }) => void heard.push(n));
    await server.rttMs();
    client.connection.publish('told', payload);
    client.publish('told', { n: 7 });
    await eventually(() => heard.length > 0);
    expect(heard).toEqual([7]);
    expect(faults).toEqual([[expect.any(Error), 'told']]);
  });

  test('a subscriber that throws is a fault, and hears the next one', async () => {
    const heard: number[] = [];
    server.subscribe('told', { schema: Ask }, ({ n }) => {
      heard.push(n);
      if (n === 1) throw new Error('not this one');
    });
    await server.rttMs();
    client.publish('told', { n: 1 });
    client.publish('told', { n: 2 });
    await eventually(() => heard.length === 2);
    expect(faults).toEqual([[new Error('not this one'), 'told']]);
  });

  test.each([
    ...payloads,
    ['a number', '7'],
    ['another protocol', '{"result":1}'],
    ['no problem', '{"error":5}'],
  ])('an answer of %s is an internal error of the responder', async (_name, payload) => {
    server.connection.subscribe('answered', { callback: (_error, message) => void message.respond(payload) });
    await server.rttMs();
    await expect(client.request('answered', { n: 1 }, { reply: Answer })).rejects.toMatchObject({
      code: 'internal',
    });
  });

  test('answers that nobody waits for are ignored', async () => {
    server.connection.subscribe('answered', {
      callback: (_error, message) => {
        for (const n of [1, 2, 3]) message.respond(`{"ok":{"n":${n}}}`);
        server.connection.publish(message.reply!.replace(/[^.]*$/, 'zzz'), '{"ok":{"n":9}}');
      },
    });
    await server.rttMs();
    expect(await client.request('answered', { n: 0 }, { reply: Answer })).toEqual({ n: 1 });
    expect(await client.request('answered', { n: 0 }, { reply: Answer })).toEqual({ n: 1 });
  });
});
