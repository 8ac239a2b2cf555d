import type { Swarm } from '@multiswarm/sdk';
import { mailReaderOf } from '@multiswarm/contracts';
import { systemClock } from '@multiswarm/core';
import { MailReader, MailSites, type MailDelivery } from '@multiswarm/messaging';
import { eventually } from '@multiswarm/testing';
import { FakeSwarm } from './fake-swarm';
import { World, type Replica } from './world';

const LATE = { timeoutMs: 30_000 };
const COUNT = 300;

let world: World;

beforeEach(async () => {
  world = await World.start();
});

afterEach(async () => {
  await world.stop();
});

const join: World['swarm'] = (id, prepare) => world.swarm(id, prepare);

/** What a recipient has seen, in its order, and what its conversations sum up to. */
function recipient(id: string, seen: number[]): Promise<Swarm> {
  return join(id, ({ messages }) => {
    messages.on('work', ({ data }) => void seen.push((data as { n: number }).n));
    messages.onExactlyOnce<number[]>(
      'add',
      () => [],
      (all, { data }) => [...all, (data as { n: number }).n],
    );
  });
}

interface Load {
  acknowledged: { work: number[]; added: number[][] };
  ended: Promise<void>;
}

const CONVERSATIONS = 4;

/** Sends all the time, one after the other in each lane, and keeps what was acknowledged to it. */
function load(from: Swarm, to: string): Load {
  const acknowledged: Load['acknowledged'] = { work: [], added: [] };
  const send = (
    kind: string,
    n: number,
    qos: 'at-least-once' | 'exactly-once',
    conversation: string,
  ): Promise<unknown> =>
    from.messages.send({ to, kind, qos, conversation, data: { n, text: 'x'.repeat((n * 37) % 4_000) } });
  const works = async (): Promise<void> => {
    for (let n = 0; n < COUNT; n += 1) {
      await send('work', n, 'at-least-once', 'works');
      acknowledged.work.push(n);
    }
  };
  const adds = async (lane: number): Promise<void> => {
    const added: number[] = (acknowledged.added[lane] = []);
    for (let n = 0; n < COUNT / CONVERSATIONS; n += 1) {
      await send('add', n, 'exactly-once', `sum-${lane}`);
      added.push(n);
    }
  };
  const lanes = Array.from({ length: CONVERSATIONS }, (_, lane) => adds(lane));
  return { acknowledged, ended: Promise.all([works(), ...lanes]).then(() => undefined) };
}

/** First times only: what comes twice is allowed where it is promised at least once. */
function firsts(seen: readonly number[]): number[] {
  return [...new Set(seen)];
}

async function holdsPromises({ acknowledged, ended }: Load, seen: number[], to: Swarm): Promise<void> {
  await ended;
  await eventually(() => firsts(seen).length >= acknowledged.work.length, LATE);
  expect(firsts(seen)).toEqual(acknowledged.work); // nothing is lost, and the order holds
  for (const [lane, added] of acknowledged.added.entries()) {
    const state = await eventually(async () => {
      const now = await to.messages.state<number[]>(`sum-${lane}`);
      return (now?.length ?? 0) >= added.length ? now : undefined;
    }, LATE);
    expect(state).toEqual(added); // one effect each
  }
}

async function ready(replica: Replica): Promise<void> {
  await eventually(() => replica.communicator.served.length > 0, LATE);
}

test('a nats-server that is killed and started again loses nothing that was acknowledged', async () => {
  await ready(await world.replica());
  const seen: number[] = [];
  const b = await recipient('b', seen);
  const running = load(await join('a'), 'b');
  await eventually(() => seen.length > 20, LATE);
  await world.nats.kill('SIGKILL');
  await world.nats.restart();
  await holdsPromises(running, seen, b);
}, 60_000);

test('communicators that are lost one after the other lose nothing that was acknowledged', async () => {
  let replica = await world.replica();
  await ready(replica);
  const seen: number[] = [];
  const b = await recipient('b', seen);
  const running = load(await join('a'), 'b');
  for (const after of [20, 120]) {
    await eventually(() => seen.length > after, LATE);
    const next = await world.replica();
    replica.communicator.drop();
    await replica.bus.close();
    replica = next;
  }
  await holdsPromises(running, seen, b);
}, 60_000);

test('a recipient that goes away under load goes on where it was', async () => {
  await ready(await world.replica());
  const seen: number[] = [];
  const b = await recipient('b', seen);
  const running = load(await join('a'), 'b');
  await eventually(() => seen.length > 20, LATE);
  await b.stop();
  const again = await recipient('b', seen);
  await holdsPromises(running, seen, again);
}, 60_000);

/** A process of the swarm `b` that reads its mailbox, and settles nothing by itself. */
async function process(
  instance: string,
  heartbeatMs: number,
): Promise<{ has: MailDelivery[]; reader: MailReader; die: () => Promise<void> }> {
  const bus = await world.bus(instance);
  const swarm = new FakeSwarm(bus, 'b', heartbeatMs, instance);
  const has: MailDelivery[] = [];
  const reader = new MailReader({
    ...{ bus, sites: new MailSites(bus), clock: systemClock, namespace: 'default', mailbox: 'b', window: 10 },
    reader: mailReaderOf('b', instance),
    onMail: (delivery) => void has.push(delivery),
    onFault: () => undefined,
  });
  swarm.beat();
  reader.start();
  return { has, reader, die: () => bus.close() };
}

test('what a process had that is gone without a word is handed to another one as soon as three of its heartbeats are missing', async () => {
  await ready(await world.replica());
  const a = await join('a');
  const first = await process('first', 100);
  const send = (n: number): Promise<unknown> =>
    a.messages.send({ to: 'b', kind: 'work', data: { n }, qos: 'at-least-once' });
  await Promise.all([1, 2, 3].map(send));
  await eventually(() => first.has.length === 3);
  await first.die();
  const second = await process('second', 60_000);
  // Its session would last for a minute, and what it has for half of one.
  await eventually(() => second.has.length === 3, { timeoutMs: 10_000 });
  // The first may have been begun, the others have waited behind it.
  expect(second.has.map(({ message: { data, attempt } }) => [data, attempt])).toEqual([
    [{ n: 1 }, 2],
    [{ n: 2 }, 1],
    [{ n: 3 }, 1],
  ]);
  await second.reader.stop();
});
