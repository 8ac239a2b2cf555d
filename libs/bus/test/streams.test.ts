import {
  connectBus,
  ensureStream,
  hasMessageSince,
  readStream,
  removeMessages,
  streamRange,
  type Bus,
  type Replayed,
  type StreamOptions,
} from '@multiswarm/bus';
import { jetstreamManager } from '@nats-io/jetstream';
import { eventually, startNats } from '@multiswarm/testing';
import { Buses } from './buses';

let buses: Buses;
let bus: Bus;

beforeEach(async () => {
  buses = await Buses.start();
  bus = await buses.connect();
});

afterEach(() => buses.stop());

const EVENTS: StreamOptions = {
  name: 'EVENTS',
  subjects: ['event.*'],
  maxAgeMs: 60_000,
  maxBytes: 1024 * 1024,
  replicas: 1,
  dedupWindowMs: 30_000,
};

async function store(count: number, from = 1): Promise<void> {
  for (let n = from; n < from + count; n++) await bus.publishStored('event.1', { n }, { messageId: `m${n}` });
}

/** Reads until `count` messages have come; `seen` grows while it goes. */
async function read(startSeq: number, count: number, seen: Replayed[] = []): Promise<Replayed[]> {
  const { messages, close } = await readStream(bus.connection, 'EVENTS', { seq: startSeq });
  for await (const message of messages) {
    seen.push(message);
    if (seen.length === count) close();
  }
  return seen;
}

const numbers = (seen: Replayed[]): number[] => seen.map(({ text }) => (JSON.parse(text) as { n: number }).n);

test('what is stored has a sequence, and a message id is stored once', async () => {
  await ensureStream(bus.connection, EVENTS);
  expect(await bus.publishStored('event.1', { n: 1 }, { messageId: 'a' })).toEqual({
    seq: 1,
    duplicate: false,
  });
  expect(await bus.publishStored('event.2', { n: 2 }, { messageId: 'b' })).toEqual({
    seq: 2,
    duplicate: false,
  });
  expect(await bus.publishStored('event.1', { n: 1 }, { messageId: 'a' })).toEqual({
    seq: 1,
    duplicate: true,
  });
  expect(await streamRange(bus.connection, 'EVENTS')).toMatchObject({ firstSeq: 1, lastSeq: 2 });
});

test('whether a message since an instant is there is found also where others were removed one by one', async () => {
  await ensureStream(bus.connection, EVENTS);
  const times = [0];
  for (let n = 1; n <= 6; n += 1) {
    await store(1, n);
    const { lastAt } = await streamRange(bus.connection, 'EVENTS');
    times.push(lastAt);
    await eventually(() => Date.now() > lastAt + 1);
  }
  const since = (n: number): Promise<boolean> =>
    hasMessageSince(bus.connection, 'EVENTS', [1, 5], times[n] ?? 0);
  expect(await Promise.all([1, 5, 6].map(since))).toEqual([true, true, false]);
  await removeMessages(bus.connection, 'EVENTS', [4, 5]);
  expect(await Promise.all([1, 3, 4, 5].map(since))).toEqual([true, true, false, false]);
  await removeMessages(bus.connection, 'EVENTS', [1, 2, 3]);
  expect(await since(1)).toBe(false);
});

test('where no stream takes the subject, storing fails at once and may be repeated', async () => {
  await expect(bus.publishStored('event.1', 1, { messageId: 'a' })).rejects.toMatchObject({
    code: 'bus-unavailable',
    retryable: true,
  });
});

test('what JetStream refuses is an error with its reason', async () => {
  await ensureStream(bus.connection, EVENTS);
  const manager = await jetstreamManager(bus.connection);
  await manager.streams.update('EVENTS', { max_msg_size: 10 });
  await expect(bus.publishStored('event.1', 'x'.repeat(20), { messageId: 'a' })).rejects.toMatchObject({
    code: 'bus-unavailable',
    message: expect.stringContaining('message size exceeds maximum allowed'),
  });
});

test('a stream is made with its limits, and brought to new ones without losing what it holds', async () => {
  await ensureStream(bus.connection, EVENTS);
  await store(3);
  await ensureStream(bus.connection, {
    ...EVENTS,
    maxAgeMs: 90_000,
    maxBytes: 2_000_000,
    subjects: ['event.*', 'more.*'],
  });
  const { config, state } = await (await jetstreamManager(bus.connection)).streams.info('EVENTS');
  expect(config).toMatchObject({
    subjects: ['event.*', 'more.*'],
    max_age: 90_000 * 1_000_000,
    max_bytes: 2_000_000,
    duplicate_window: 30_000 * 1_000_000,
    storage: 'file',
    retention: 'limits',
    discard: 'old',
  });
  expect(state.messages).toBe(3);
});

test('replicas that make the stream at the same time all succeed', async () => {
  const others = await Promise.all([buses.connect(), buses.connect(), buses.connect()]);
  await Promise.all([bus, ...others].map(({ connection }) => ensureStream(connection, EVENTS)));
  await store(1);
});

test('the oldest messages go at the limit, and a reader of what is gone starts with what is left', async () => {
  await ensureStream(bus.connection, { ...EVENTS, maxBytes: 2_000 });
  await store(100);
  const { firstSeq, lastSeq } = await streamRange(bus.connection, 'EVENTS');
  expect(lastSeq).toBe(100);
  expect(firstSeq).toBeGreaterThan(1);
  const seen = await read(1, lastSeq - firstSeq + 1);
  expect(seen.map(({ seq }) => seq)).toEqual(
    [...Array(lastSeq - firstSeq + 1).keys()].map((n) => n + firstSeq),
  );
});

test.each([
  [0, [1, 2, 3, 4, 5]],
  [1, [1, 2, 3, 4, 5]],
  [4, [4, 5]],
])('a replay from sequence %d has the stored messages in order, then the new ones', async (start, old) => {
  await ensureStream(bus.connection, EVENTS);
  await store(5);
  const seen: Replayed[] = [];
  const reading = read(start, old.length + 1, seen);
  await eventually(() => seen.length === old.length);
  await store(1, 6);
  expect(numbers(await reading)).toEqual([...old, 6]);
});

test('a reader goes on after a crash of the server, without a hole, a repeat or a change of order', async () => {
  await ensureStream(bus.connection, EVENTS);
  await store(300);
  const seen: Replayed[] = [];
  const reading = read(1, 310, seen);
  await eventually(() => seen.length === 300);
  await buses.nats.kill('SIGKILL');
  await eventually(() => !bus.connected);
  await buses.nats.restart();
  await eventually(() => bus.connected);
  await eventually(() => store(10, 301).then(() => true));
  expect(numbers(await reading)).toEqual([...Array(310).keys()].map((n) => n + 1));
});

test('messages are removed wherever they stand, also where some of them have gone before', async () => {
  await ensureStream(bus.connection, EVENTS);
  await store(9);
  await removeMessages(bus.connection, 'EVENTS', [1, 2, 5, 9]);
  expect(await streamRange(bus.connection, 'EVENTS')).toMatchObject({ firstSeq: 3, lastSeq: 9 });
  await removeMessages(bus.connection, 'EVENTS', [1, 5, 7, 9, 12]);
  expect(numbers(await read(1, 4))).toEqual([3, 4, 6, 8]);
  await removeMessages(bus.connection, 'EVENTS', [3, 4, 6, 8]);
  expect(await streamRange(bus.connection, 'EVENTS')).toMatchObject({ lastSeq: 9 });
  await store(1, 10);
  expect(numbers(await read(1, 1))).toEqual([10]);
});

test('a reader that is closed by somebody else ends', async () => {
  await ensureStream(bus.connection, EVENTS);
  const { messages, close } = await readStream(bus.connection, 'EVENTS', { seq: 1 });
  const iterator = messages[Symbol.asyncIterator]();
  const next = iterator.next();
  close();
  expect(await next).toMatchObject({ done: true });
});

test('where JetStream does not answer, whoever asks for a stream is told that it may pass', async () => {
  const plain = await startNats({ jetstream: false });
  const connected = await connectBus({ servers: plain.url, name: 'reader' });
  try {
    const mayPass = { code: 'bus-unavailable', retryable: true };
    await expect(streamRange(connected.connection, 'EVENTS')).rejects.toMatchObject(mayPass);
    await expect(readStream(connected.connection, 'EVENTS', { seq: 1 })).rejects.toMatchObject(mayPass);
  } finally {
    await connected.close();
    await plain.stop();
  }
});
