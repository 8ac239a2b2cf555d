import { connectBus, ensureStream, type Bus } from '@multiswarm/bus';
import { ManualClock } from '@multiswarm/core';
import type { SseStream } from '@multiswarm/service';
import { eventually, startNats, type TestServer } from '@multiswarm/testing';
import { extentOf } from '../src/adapters/http/event-beginning';
import { EventSession, type Asked } from '../src/adapters/http/event-session';

let nats: TestServer;
let bus: Bus;

beforeAll(async () => {
  nats = await startNats();
  bus = await connectBus({ servers: nats.url, name: 'session' });
});
afterAll(async () => {
  await bus.close();
  await nats.stop();
});

beforeEach(() =>
  ensureStream(bus.connection, {
    ...{ name: 'EVENTS', subjects: ['ms.v1.event.*'], replicas: 1 },
    ...{ maxAgeMs: 3_600_000, maxBytes: 16_000_000, dedupWindowMs: 1_000 },
  }),
);
afterEach(() => bus.connection.request('$JS.API.STREAM.DELETE.EVENTS'));

const LOOK_MS = 2_000;

/** A bus of which the consumers deliver nothing until they are let: what they ask the server for waits. */
class SilentConsumers {
  readonly bus: Bus;
  private held: (() => void)[] | undefined = [];

  constructor() {
    const connection = Object.create(bus.connection) as Bus['connection'];
    connection.publish = (subject, ...rest) => {
      const publish = (): void => bus.connection.publish(subject, ...rest);
      if (this.held && subject.startsWith('$JS.API.CONSUMER.MSG.NEXT.')) this.held.push(publish);
      else publish();
    };
    this.bus = Object.defineProperty(Object.create(bus) as Bus, 'connection', { value: connection });
  }

  deliver(): void {
    const held = this.held ?? [];
    this.held = undefined;
    for (const publish of held) publish();
  }
}

/** A session of which the time passes look by look, and what its reader is sent. */
class Session {
  readonly consumers = new SilentConsumers();
  readonly sent: { event: string | undefined; data: unknown }[] = [];
  readonly over: Promise<void>;
  private readonly clock: ManualClock;
  private looks = 0;

  constructor(query: Asked['query'], now = Date.now()) {
    this.clock = new ManualClock(now);
    const parts = {
      ...{ bus: this.consumers.bus, clock: this.clock, eventRetentionMs: () => undefined },
      look: async () => {
        const extent = await extentOf(bus);
        this.looks += 1;
        return extent;
      },
    };
    this.over = EventSession.run(parts, { query, shard: undefined, after: undefined }, () => this.stream());
  }

  get names(): (string | undefined)[] {
    return this.sent.map(({ event }) => event);
  }

  /** Lets so many looks be taken, or as many as there are until the session is over. */
  async look(count: number): Promise<void> {
    const enough = this.looks + count;
    let isOver = false;
    void this.over.then(() => (isOver = true));
    await eventually(() => {
      if (this.looks < enough && !isOver) this.clock.advance(LOOK_MS);
      return this.looks >= enough || isOver;
    });
  }

  private stream(): SseStream {
    const ended = new AbortController();
    return {
      send: ({ event, data }) => this.sent.push({ event, data }) > 0,
      comment: () => true,
      position: () => true,
      room: () => Promise.resolve(!ended.signal.aborted),
      end: () => ended.abort(),
      ended: ended.signal,
    };
  }
}

let batchSeq = 0;

function happen(at = Date.now()): Promise<unknown> {
  batchSeq += 1;
  const event = { v: 1, seq: batchSeq, at, type: 'task.progress', namespace: 'default', root: 't1-a' };
  const batch = { v: 1, shard: 1, epoch: 1, batchSeq, events: [event] };
  return bus.publishStored('ms.v1.event.1', batch, { messageId: String(batchSeq) });
}

const minuteAgo = (): string => new Date(Date.now() - 60_000).toISOString();

test.each([
  ['what there is', () => ({ from: minuteAgo(), follow: false })],
  [
    'what there is up to an instant',
    () => ({ from: minuteAgo(), to: new Date(Date.now() + 1_000).toISOString() }),
  ],
])(
  'a session that began at an instant, with the end at %s, does not say that it has ended before it was sent what is there',
  async (_name, query) => {
    await happen();
    await happen();
    const session = new Session(query());
    await session.look(5);
    expect(session.names).toEqual([]);
    session.consumers.deliver();
    await session.over;
    expect(session.names).toEqual(['task.progress', 'task.progress', 'end']);
  },
);

test('a session that began at an instant ends where all since then was removed before it came, and says what it missed', async () => {
  await happen();
  const before = await extentOf(bus);
  await eventually(() => Date.now() > before.lastAt + 1);
  await happen();
  const { lastAt } = await extentOf(bus);
  await happen();
  // It looks five seconds further back, since clocks differ: to the second message.
  const session = new Session({ from: new Date(lastAt + 5_000).toISOString(), follow: false });
  await session.look(3);
  expect(session.names).toEqual([]);
  for (const seq of [2, 3])
    await bus.connection.request('$JS.API.STREAM.MSG.DELETE.EVENTS', JSON.stringify({ seq }));
  await session.look(3);
  await session.over;
  expect(session.sent).toMatchObject([
    { event: 'gap', data: { reason: 'dropped', to: 3 } },
    { event: 'end', data: { events: 0 } },
  ]);
});

test('a session that began at an instant ends without a word more where nothing has happened since', async () => {
  await happen();
  // Half a minute from now nothing has happened, and nothing happens until it ends.
  const [from, to] = [30_000, 31_000].map((ms) => new Date(Date.now() + ms).toISOString());
  const session = new Session({ from, to }, Date.now() + 30_500);
  await session.look(5);
  await session.over;
  expect(session.sent).toMatchObject([{ event: 'end', data: { events: 0 } }]);
});
