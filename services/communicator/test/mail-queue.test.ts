import { connectBus, dropReaders, Printed, readQueue, storeMessage, type Bus } from '@multiswarm/bus';
import { mailboxShardOf, streams, subjects } from '@multiswarm/contracts';
import { deferred, systemClock } from '@multiswarm/core';
import { eventually, startNats, type TestServer } from '@multiswarm/testing';
import { JetStreamMailQueue } from '../src/adapters/jetstream/mail-queue';
import { ensureMailStreams } from '../src/adapters/jetstream/mail-streams';
import { MAIL } from './world';

const PLACE = { domain: 'hub', shard: mailboxShardOf('b') };
/** Of the last level that is opened: nothing else gives them time to come. */
const COUNT = 2_000;

let nats: TestServer;
let bus: Bus;

beforeAll(async () => {
  nats = await startNats();
  bus = await connectBus({ servers: nats.url, name: 'test', closeGraceMs: 100 });
  await ensureMailStreams(bus, 'hub', MAIL.streams);
  const subject = subjects.mail('at-least-once', PLACE, 'low', 'default', 'b', 'a');
  const numbers = Array.from({ length: COUNT }, (_, n) => n);
  await Promise.all(
    numbers.map((n) => bus.publishStored(subject, new Printed(String(n)), { messageId: `m-${n}` })),
  );
});

afterAll(async () => {
  await bus.close();
  await nats.stop();
});

test('who opens a part of the mailboxes has all that there is, and whoever had it before is given nothing more', async () => {
  const seen: number[] = [];
  const first = new JetStreamMailQueue(bus, PLACE, 1, systemClock);
  const ended = new Promise((resolve) => {
    void first.open(({ seq }) => seen.push(seq), resolve);
  });
  const second = new JetStreamMailQueue(bus, PLACE, 2, systemClock);
  const again: number[] = [];
  while (seen.length < COUNT) await bus.rttMs();
  expect(
    await second.open(
      ({ seq }) => again.push(seq),
      () => undefined,
    ),
  ).toBe(true);
  expect(again).toEqual(Array.from({ length: COUNT }, (_, n) => n + 1));
  await ended;
  second.stop();
  first.stop();
});

test('notes of others among those on tries keep nobody from opening a part, and are left out', async () => {
  const queue = new JetStreamMailQueue(bus, PLACE, 3, systemClock);
  const fault = { cause: 'handler-failed', message: 'no', atMs: 1 } as const;
  await queue.note(1, { id: 'm-1', attempts: 2, fault });
  for (const [seq, text] of [
    [2, 'no JSON {'],
    [3, '{"attempts":"many"}'],
  ] as const)
    await storeMessage(bus.connection, subjects.mailNote(PLACE, seq), text);
  expect([...(await queue.notes())]).toEqual([[1, { id: 'm-1', attempts: 2, fault }]]);
});

test('where a message is lost on its way nothing behind it is told, and another reader is told all of it', async () => {
  const place = { ...PLACE, shard: PLACE.shard + 1 };
  const subject = subjects.mail('at-least-once', place, 'low', 'default', 'c', 'a');
  const put = (n: number): Promise<unknown> =>
    bus.publishStored(subject, new Printed(String(n)), { messageId: `lost-${n}` });
  const read = async (
    name: string,
    seen: number[],
  ): Promise<{ stop: () => void; ended: Promise<unknown> }> => {
    const reader = { stream: streams.mailbox, name, subject };
    const ended = deferred<unknown>();
    const take = ({ data }: { data: Uint8Array }): void =>
      void seen.push(Number(Buffer.from(data).toString()));
    const { stop } = await readQueue(bus.connection, reader, take, ended.resolve);
    return { stop, ended: ended.promise };
  };
  const [first, again]: [number[], number[]] = [[], []];
  const { ended } = await read('gap', first);
  await put(0);
  await eventually(() => first.length === 1);
  // Somebody else is told one of the next, as on a line that is cut.
  const elsewhere = bus.connection.subscribe('elsewhere', { callback: () => undefined });
  bus.connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${streams.mailbox}.gap`, '{"batch":1}', {
    reply: elsewhere.getSubject(),
  });
  for (const n of [1, 2, 3]) await put(n);
  expect(String(await ended)).toContain('lost on their way');
  expect(first).toEqual([0, 1, 2, 3].slice(0, first.length));
  await dropReaders(bus.connection, streams.mailbox, 'gap');
  const { stop } = await read('gap-2', again);
  await eventually(() => again.length === 4);
  expect(again).toEqual([0, 1, 2, 3]);
  stop();
});
