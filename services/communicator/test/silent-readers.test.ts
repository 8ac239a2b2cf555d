import { mailReaderOf } from '@multiswarm/contracts';
import { systemClock } from '@multiswarm/core';
import { MailReader, MailSites, type MailDelivery } from '@multiswarm/messaging';
import { eventually } from '@multiswarm/testing';
import { FakeSwarm } from './fake-swarm';
import { World } from './world';

let world: World;

beforeEach(async () => {
  world = await World.start();
});

afterEach(async () => {
  await world.stop();
});

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
    ...{ onFault: () => undefined, onUnreadable: () => undefined },
  });
  swarm.beat();
  reader.start();
  return { has, reader, die: () => bus.close() };
}

test('what a process had that is gone without a word is handed to another one as soon as three of its heartbeats are missing', async () => {
  const { communicator } = await world.replica();
  await eventually(() => communicator.served.length === 16);
  const a = await world.swarm('a');
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
