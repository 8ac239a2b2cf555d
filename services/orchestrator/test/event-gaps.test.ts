import { deferred } from '@multiswarm/core';
import { eventually } from '@multiswarm/testing';
import { ask, endOf, EventReader, type Sent } from './support/event-reader';
import { World, type Replica } from './support/world';

let world: World;
let one: Replica;

beforeAll(async () => {
  world = await World.start();
  one = await world.replica();
  await world.swarm('a');
});

afterAll(() => world.stop());

const Reader = {
  open: (query?: string, lastEventId?: string) => EventReader.open(one.url, query, lastEventId),
};

async function run(): Promise<string> {
  const id = await one.submit({});
  await one.ended(id);
  return id;
}

test('a range that the stream has dropped is told as a gap, before the rest', async () => {
  const live = await Reader.open();
  const first = await run();
  const lastId = (await live.until(endOf(first)))[0]?.id ?? '';
  await run();
  await live.until((all) => all.length > 5);
  await live.close();
  await world.bus.connection.request('$JS.API.STREAM.PURGE.EVENTS');
  const after = await run();
  const replay = await Reader.open('', lastId);
  const events = await replay.until(endOf(after));
  const [gap] = events;
  expect(gap?.event).toBe('gap');
  expect(gap?.data['from']).toBe(Number(lastId.split('-')[0]) + 1);
  const next = events[1]?.id.split('-')[0];
  expect(gap?.data['to']).toBe(Number(next) - 1);
  expect(events.filter(({ event }) => event === 'gap')).toHaveLength(1);
  await replay.close();
  // The history is of the truth: it has what the stream has not.
  const history = (await one.call('GET', `/v1/tasks/${first}/events`)).body as { items: { seq: number }[] };
  expect(history.items.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
});

test('an id beyond the end of the stream is told as a gap, and what happens from now on follows', async () => {
  const reader = await Reader.open('', '999999999-0');
  await reader.until((all) => all.some(({ event }) => event === 'gap'));
  const id = await run();
  const events = await reader.until(endOf(id));
  expect(events[0]).toMatchObject({ event: 'gap', data: { from: 1_000_000_000, to: null } });
  await reader.close();
});

test('events of a namespace are shown no longer than it keeps them, and what is not shown is told', async () => {
  await one.call('PUT', '/v1/namespaces/brief', { eventRetentionMs: 1_000 });
  const hidden = await one.submit({ namespace: 'brief' });
  await one.ended(hidden);
  const shown = await run();
  const live = await Reader.open('', '1-0');
  await live.until(endOf(shown));
  await live.close();
  const events = await eventually(
    async () => {
      const reader = await Reader.open('?follow=false&type=task.*', '1-0');
      await reader.ended();
      return reader.events.some(({ data }) => data['root'] === hidden) ? undefined : reader.events;
    },
    { timeoutMs: 30_000, describe: 'the events of the namespace being past' },
  );
  expect(events.filter(({ data }) => data['reason'] === 'retention')).not.toHaveLength(0);
  expect(endOf(shown)(events)).toBe(true);
  expect((await one.call('GET', `/v1/tasks/${hidden}/events`)).body.items).toHaveLength(5);
});

test('a reader who is too slow holds nothing up, and is told what left the stream before it was read', async () => {
  const { connection } = world.bus;
  const began = await Reader.open('', '1-0');
  await began.until((all) => all.length > 0);
  await began.close();
  const text = 'x'.repeat(60_000);
  const response = await ask(`${one.url}/v1/events?type=task.progress`, {}, false);
  const COUNT = 600;
  const progress = (seq: number): string =>
    JSON.stringify({
      ...{ v: 1, shard: 99, epoch: 1, batchSeq: seq },
      events: [
        {
          ...{
            v: 1,
            seq,
            at: Date.now(),
            type: 'task.progress',
            namespace: 'default',
            root: 't99-slowreader',
          },
          data: { text },
        },
      ],
    });
  for (let seq = 1; seq <= COUNT; seq += 1) await connection.request('ms.v1.event.99', progress(seq));
  await connection.request('$JS.API.STREAM.PURGE.EVENTS', JSON.stringify({ keep: 5 }));
  expect((await run()).startsWith('t')).toBe(true); // everybody else goes on
  const sent: { event: string; data: { seq: number; from: number; to: number; reason: string } }[] = [];
  const isLast = deferred<void>();
  let rest = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const match = /event: (\S+)\n(?:id: \S+\n)?data: (.*)$/.exec(part);
      if (match) sent.push({ event: match[1] as string, data: JSON.parse(match[2] as string) });
    }
    if (sent.at(-1)?.data.seq === COUNT) isLast.resolve();
  });
  await isLast.promise;
  response.destroy();
  const gaps = sent.filter(({ event }) => event === 'gap');
  expect(gaps).toHaveLength(1);
  expect(gaps[0]?.data.reason).toBe('left-behind');
  const at = sent.findIndex(({ event }) => event === 'gap');
  const seqs = sent.filter(({ event }) => event !== 'gap').map(({ data }) => data.seq);
  const missing = (gaps[0]?.data.to ?? 0) - (gaps[0]?.data.from ?? 0) + 1;
  // What was read before the gap, what the gap tells of, and what came behind it are all there is.
  expect(seqs.slice(0, at)).toEqual(Array.from({ length: at }, (_, index) => index + 1));
  expect(seqs[at]).toBe(at + missing + 1);
}, 30_000);

test('a stream that NATS has lost is made anew, and readers are told, those who stayed and those who come back', async () => {
  const before = await run();
  const [stayed, left] = [await Reader.open('', '1-0'), await Reader.open('', '1-0')];
  await Promise.all([stayed.until(endOf(before)), left.until(endOf(before))]);
  await left.close();
  await world.bus.connection.request('$JS.API.STREAM.DELETE.EVENTS');
  const ids = [await run(), await run()];
  const lost = (events: Sent[]): boolean => events.some(({ data }) => data['reason'] === 'stream-lost');
  const all = ids.map(endOf);
  await eventually(() => lost(stayed.events) && all.every((isThere) => isThere(stayed.events)), {
    timeoutMs: 20_000,
    describe: () => `all that came after the loss, got ${JSON.stringify(stayed.events.slice(-12))}`,
  });
  const back = await Reader.open('', left.lastId);
  const events = await back.until((seen) => all.every((isThere) => isThere(seen)));
  expect(events[0]).toMatchObject({ event: 'gap', data: { reason: 'stream-lost', to: null } });
  const again = await Reader.open('?follow=false', events[0]?.id);
  await again.ended();
  expect(again.events[0]?.event).not.toBe('gap');
  await Promise.all([stayed.close(), back.close()]);
}, 40_000);
