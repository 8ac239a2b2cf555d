import { MultiswarmError } from '@multiswarm/contracts';
import { ManualClock } from '@multiswarm/core';
import { pass, turns } from '@multiswarm/testing';
import fc from 'fast-check';
import { SendLane, WaitingRoom } from './send-lane';

const END_MS = 20_000;
const TIMEOUT_MS = 5_000;
const lost = (): MultiswarmError => new MultiswarmError('bus-unavailable', 'the connection was lost');

/** A server that takes what comes over one connection in its order, and can be lost with some of it. */
class Server {
  readonly stored: number[] = [];
  open = true;
  connected = true;
  /** It stands still: what comes is taken later, and not answered in time. */
  frozen = false;
  private readonly pipe: { n: number; resolve(n: number): void; reject(error: unknown): void }[] = [];

  constructor(readonly clock: ManualClock) {}

  attempt(n: number): Promise<number> {
    if (!this.connected || !this.open) return Promise.reject(lost());
    return new Promise((resolve, reject) => {
      const cancel = this.clock.after(TIMEOUT_MS, () => reject(new MultiswarmError('timeout', 'no answer')));
      const settled =
        <A>(settle: (of: A) => void) =>
        (of: A) => {
          cancel();
          settle(of);
        };
      this.pipe.push({ n, resolve: settled(resolve), reject: settled(reject) });
    });
  }

  get onTheWay(): number[] {
    return this.pipe.map(({ n }) => n);
  }

  /** Takes so many of those that are on their way. */
  take(count: number, answers = true): void {
    if (this.frozen) return;
    for (const { n, resolve } of this.pipe.splice(0, count)) {
      if (!this.stored.includes(n)) this.stored.push(n); // it knows ids
      if (answers) resolve(n);
    }
  }

  /** What was on its way is lost without a word. */
  drop(): void {
    this.pipe.length = 0;
  }

  lose(taken: number): void {
    this.connected = this.open = false;
    const before = [...this.pipe];
    this.take(taken, false);
    this.pipe.length = 0;
    for (const { reject } of before) reject(lost());
  }
}

function lane(server: Server, bytes?: number): SendLane<number> {
  return new SendLane<number>({
    isOpen: () => server.open,
    open: () => {
      if (!server.connected) return Promise.reject(lost());
      server.open = true;
      return Promise.resolve();
    },
    room: new WaitingRoom(bytes),
    clock: server.clock,
  });
}

const step = fc.oneof(
  fc.record({ do: fc.constant('send' as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ do: fc.constant('take' as const), count: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ do: fc.constant('lose' as const), count: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ do: fc.constant('connect' as const), count: fc.constant(0) }),
  fc.record({ do: fc.constant('freeze' as const), count: fc.constant(0) }),
  fc.record({ do: fc.constant('wait' as const), count: fc.integer({ min: 1, max: 60 }) }),
);

test('whatever is lost on the way, messages are stored in the order in which they were given, and each is answered as it is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 24 }), async (steps) => {
      const server = new Server(new ManualClock());
      const sends = lane(server);
      const outcomes: Promise<{ n: number; stored: boolean }>[] = [];
      const send = (): void => {
        const n = outcomes.length;
        const endMs = server.clock.monotonic() + END_MS;
        const sent = sends.send({ attempt: () => server.attempt(n), bytes: 1, endMs });
        outcomes.push(
          sent.then(
            () => ({ n, stored: true }),
            () => ({ n, stored: false }),
          ),
        );
      };
      for (const { do: what, count } of steps) {
        if (what === 'send') for (let n = 0; n < count; n += 1) send();
        else if (what === 'take') server.take(count);
        else if (what === 'lose') server.lose(count);
        else if (what === 'freeze') server.frozen = true;
        else if (what === 'connect') {
          server.frozen = false;
          server.connected = true;
        } else await pass(server.clock, count * 100, 100);
        await turns(2);
      }
      server.frozen = false;
      server.connected = true;
      for (let n = 0; n < 60; n += 1) {
        server.take(100);
        await pass(server.clock, 500, 100);
      }
      const all = await Promise.all(outcomes);
      expect(server.stored).toEqual([...server.stored].sort((a, b) => a - b));
      for (const { n, stored } of all) if (stored) expect(server.stored).toContain(n);
      expect(sends.isIdle).toBe(true);
    }),
    { numRuns: 80 },
  );
}, 30_000);

test('while nothing fails all is on its way at once; behind one that waits, the first goes alone', async () => {
  const server = new Server(new ManualClock());
  const sends = lane(server);
  const sent = (n: number): Promise<number> =>
    sends.send({ attempt: () => server.attempt(n), bytes: 1, endMs: END_MS });
  const before = [0, 1, 2].map(sent);
  expect(server.onTheWay).toEqual([0, 1, 2]);
  server.lose(1);
  await turns();
  const after = [3, 4].map(sent);
  server.connected = true;
  await pass(server.clock, 200);
  expect(server.onTheWay).toEqual([0]);
  server.take(1);
  await turns();
  expect(server.onTheWay).toEqual([1, 2, 3, 4]);
  server.take(9);
  expect(await Promise.all([...before, ...after])).toEqual([0, 1, 2, 3, 4]);
  expect(server.stored).toEqual([0, 1, 2, 3, 4]);
});

test('one that was on its way and fails later goes before what was given after it', async () => {
  const server = new Server(new ManualClock());
  const sends = lane(server);
  const sent = (n: number): Promise<number> =>
    sends.send({ attempt: () => server.attempt(n), bytes: 1, endMs: END_MS });
  const all = [sent(0)];
  await pass(server.clock, 1_000);
  all.push(sent(1));
  server.drop();
  await pass(server.clock, TIMEOUT_MS - 1_000);
  all.push(sent(2));
  for (let n = 0; n < 20; n += 1) {
    await pass(server.clock, 100);
    server.take(9);
  }
  expect(await Promise.all(all)).toEqual([0, 1, 2]);
  expect(server.stored).toEqual([0, 1, 2]);
});

test('what is refused for good is told at once, and what has waited too long too; neither keeps those behind it', async () => {
  const server = new Server(new ManualClock());
  const sends = lane(server);
  const refusal = new MultiswarmError('mailbox-full', 'no room');
  server.lose(0);
  const end = (n: number, attempt = (): Promise<number> => server.attempt(n)): Promise<unknown> =>
    sends.send({ attempt, bytes: 1, endMs: (n + 1) * 1_000 }).catch((error: unknown) => error);
  const outcomes = [end(0), end(4, () => Promise.reject(refusal)), end(5)];
  await pass(server.clock, 3_000);
  expect(await outcomes[0]).toMatchObject({ code: 'bus-unavailable' });
  server.connected = true;
  await pass(server.clock, 2_000);
  expect(await outcomes[1]).toBe(refusal);
  server.take(1);
  expect(await outcomes[2]).toBe(5);
});

test('more than there is room for does not wait: it is refused at once', async () => {
  const server = new Server(new ManualClock());
  const sends = lane(server, 2_000);
  server.lose(0);
  const end = (n: number, bytes: number): Promise<unknown> =>
    sends.send({ attempt: () => server.attempt(n), bytes, endMs: END_MS }).catch((error: unknown) => error);
  const first = end(0, 1_000);
  expect(await end(1, 1_000)).toMatchObject({ code: 'bus-unavailable', retryable: true });
  server.connected = true;
  await pass(server.clock, 500);
  server.take(1);
  expect(await first).toBe(0);
  server.lose(0);
  void end(2, 1_000);
  server.connected = true;
  await pass(server.clock, 500);
  server.take(1);
  await turns();
  expect(server.stored).toEqual([0, 2]);
});
