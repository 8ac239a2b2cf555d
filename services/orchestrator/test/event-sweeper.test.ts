import { connectBus, ensureStream, readStream, streamRange, type Bus } from '@multiswarm/bus';
import { systemClock } from '@multiswarm/core';
import { startNats, type TestServer } from '@multiswarm/testing';
import { EventSweeper } from '../src/adapters/bus/event-sweeper';

let nats: TestServer;
let bus: Bus;
const retention = new Map<string, number>();
const responsible = { is: true };

beforeAll(async () => {
  nats = await startNats();
  bus = await connectBus({ servers: nats.url, name: 'sweeper' });
});
afterAll(async () => {
  await bus.close();
  await nats.stop();
});

beforeEach(async () => {
  await bus.connection.request('$JS.API.STREAM.DELETE.EVENTS');
  await ensureStream(bus.connection, {
    ...{ name: 'EVENTS', subjects: ['ms.v1.event.*'], replicas: 1 },
    ...{ maxAgeMs: 3_600_000, maxBytes: 16_000_000, dedupWindowMs: 1_000 },
  });
  retention.clear();
  responsible.is = true;
});

/** Messages with the events of these namespaces, in their order. */
async function store(...messages: string[][]): Promise<void> {
  for (const [index, namespaces] of messages.entries())
    await bus.publishStored(
      'ms.v1.event.0',
      { events: namespaces.map((namespace) => ({ namespace })) },
      { messageId: `${index}-${Math.random()}` },
    );
}

/** Looks as if it were so much later. */
function sweeperAt(laterMs: number): EventSweeper {
  const clock = { ...systemClock, now: () => Date.now() + laterMs };
  return new EventSweeper({
    ...{ bus, clock },
    isResponsible: () => responsible.is,
    hasWork: () => retention.size > 0,
    retentionMs: (namespace) => retention.get(namespace),
    onFault: (error) => {
      throw error;
    },
  });
}

/** The sequences that are left. */
async function left(): Promise<number[]> {
  const { firstSeq, lastSeq } = await streamRange(bus.connection, 'EVENTS');
  if (firstSeq > lastSeq) return [];
  const { messages, close } = await readStream(bus.connection, 'EVENTS', { seq: 1 });
  const seqs: number[] = [];
  for await (const { seq, pending } of messages) {
    seqs.push(seq);
    if (pending === 0) close();
  }
  return seqs;
}

test('messages go when the last of their namespaces keeps its events no longer, wherever they stand in the stream', async () => {
  retention.set('brief', 60_000).set('long', 600_000);
  await store(
    ['brief'],
    ['brief', 'brief'],
    ['brief', 'long'],
    ['default'],
    ['brief'],
    ['brief', 'default'],
    ['long'],
  );
  await sweeperAt(50_000).sweep();
  expect(await left()).toEqual([1, 2, 3, 4, 5, 6, 7]);
  const later = sweeperAt(70_000);
  await later.sweep();
  expect(await left()).toEqual([3, 4, 6, 7]);
  await later.sweep();
  await sweeperAt(700_000).sweep();
  expect(await left()).toEqual([4, 6]);
});

test('one sweeper goes on where it was, and begins anew when settings change or the stream is another', async () => {
  retention.set('brief', 60_000);
  await store(['brief'], ['default']);
  const sweeper = sweeperAt(70_000);
  await sweeper.sweep();
  expect(await left()).toEqual([2]);
  await store(['brief'], ['default']);
  await sweeper.sweep();
  expect(await left()).toEqual([2, 4]);
  retention.set('default', 60_000);
  sweeper.forget();
  await sweeper.sweep();
  expect(await left()).toEqual([]);
  await bus.connection.request('$JS.API.STREAM.DELETE.EVENTS');
  await ensureStream(bus.connection, {
    ...{ name: 'EVENTS', subjects: ['ms.v1.event.*'], replicas: 1 },
    ...{ maxAgeMs: 3_600_000, maxBytes: 16_000_000, dedupWindowMs: 1_000 },
  });
  await store(['brief'], ['other']);
  await sweeper.sweep();
  expect(await left()).toEqual([2]);
});

test('only the responsible replica removes anything, and nobody where no namespace has a limit of its own', async () => {
  await store(['brief']);
  await sweeperAt(70_000).sweep();
  retention.set('brief', 60_000);
  responsible.is = false;
  await sweeperAt(70_000).sweep();
  expect(await left()).toEqual([1]);
  responsible.is = true;
  await sweeperAt(70_000).sweep();
  expect(await left()).toEqual([]);
});
