import { ManualClock, seededRandom } from '@multiswarm/core';
import { pass, turns } from '@multiswarm/testing';
import { event } from '../../test/support/builders';
import { MemoryShardStore } from '../../test/support/memory-shard-store';
import type { Batch, EventMessage, PublishedEvents } from '../ports';
import { Departures } from './departures';
import { eventMessages } from './event-batches';
import { OutboxRelay } from './outbox-relay';

/** A stream as JetStream is one after its window of numbers: it may store what it does not acknowledge, and stores all that it is given. */
class FlakyStream {
  readonly stored: number[] = [];
  tries = 0;
  epoch = 0;
  looks = 0;
  fails: () => 'before' | 'after' | undefined = () => undefined;

  async publish({ batchSeq }: EventMessage): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.tries += 1;
    const failure = this.fails();
    if (failure === 'before') throw new Error('no answer');
    this.stored.push(batchSeq);
    if (failure === 'after') throw new Error('the answer got lost');
  }

  async last(): Promise<PublishedEvents | undefined> {
    await new Promise((resolve) => setImmediate(resolve));
    this.looks += 1;
    if (this.fails() === 'before') throw new Error('no answer');
    const batchSeq = this.stored.at(-1);
    return batchSeq === undefined ? undefined : { epoch: this.epoch, batchSeq };
  }
}

function bench() {
  const store = new MemoryShardStore();
  const { epoch } = store.take();
  const stream = new FlakyStream();
  stream.epoch = epoch;
  const clock = new ManualClock();
  const faults: unknown[] = [];
  const relayOf = (): OutboxRelay =>
    new OutboxRelay(
      0,
      { epoch, batchSeq },
      store,
      stream,
      clock,
      new Departures(clock, 0),
      (fault) => void faults.push(fault),
    );
  let batchSeq = 0;
  /** What an owner does: commit, then hand over. */
  const commit = async (relay?: OutboxRelay, pressing = true): Promise<void> => {
    batchSeq += 1;
    const writes = [{ kind: 'event' as const, event: event('t0-00000001', batchSeq) }];
    const batch: Batch = { shard: 0, epoch, after: batchSeq - 1, batchSeq, writes };
    await store.commit(batch);
    for (const message of eventMessages(batch)) relay?.add(message, pressing);
  };
  return { store, stream, clock, faults, relayOf, commit };
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

test('what an earlier owner left behind goes first, then what is new, in order', async () => {
  const { stream, relayOf, commit } = bench();
  for (let index = 0; index < 250; index += 1) await commit();
  const relay = relayOf();
  relay.start();
  for (let index = 0; index < 50; index += 1) await commit(relay);
  await turns(1_000);
  expect(stream.stored).toEqual(upTo(300));
  await relay.stop();
});

test('a batch that comes when the relay has just fallen idle is published at once', async () => {
  const { stream, clock, relayOf, commit } = bench();
  const relay = relayOf();
  relay.start();
  await turns();
  for (let index = 1; index <= 20; index += 1) {
    await commit(relay);
    await turns(index % 5);
  }
  await turns(60);
  expect(stream.stored).toEqual(upTo(20));
  expect(clock.monotonic()).toBe(0);
  await relay.stop();
});

test('nothing is lost and the order holds while the stream fails at random, before or after it stored', async () => {
  const { stream, clock, faults, relayOf, commit } = bench();
  const random = seededRandom(7);
  stream.fails = () => (random.next() < 0.3 ? 'before' : random.next() < 0.3 ? 'after' : undefined);
  const relay = relayOf();
  relay.start();
  for (let index = 0; index < 200; index += 1) {
    await commit(relay);
    if (index % 10 === 0) await pass(clock, 500, 100);
  }
  for (let round = 0; stream.stored.length < 200 && round < 500; round += 1) await pass(clock, 2_000, 1_000);
  expect(stream.stored).toEqual(upTo(200));
  expect(faults.length).toBeGreaterThan(20);
  stream.fails = () => undefined;
  await relay.stop();
});

test('what an earlier owner has published and not yet trimmed is not published again, however long ago that was', async () => {
  const { stream, relayOf, commit, store } = bench();
  const before = relayOf();
  before.start();
  for (let index = 0; index < 40; index += 1) await commit(before);
  await turns(200);
  expect(stream.stored).toEqual(upTo(40));
  expect(await store.outbox(0, 0, 100)).toHaveLength(40); // it died before it had trimmed them
  for (let index = 0; index < 10; index += 1) await commit();
  const looks = stream.looks;
  stream.epoch -= 1;
  const relay = relayOf();
  relay.start();
  for (let index = 0; index < 10; index += 1) await commit(relay);
  await turns(300);
  expect(stream.stored).toEqual(upTo(60));
  expect(stream.looks).toBe(looks + 1);
  await relay.stop();
});

test('what an owner commits is published also where the stream has its numbers already, from data that was lost', async () => {
  const { stream, relayOf, commit } = bench();
  stream.epoch -= 1;
  for (let index = 0; index < 3; index += 1) await commit();
  stream.stored.push(1, 2, 3, 4, 5);
  const relay = relayOf();
  relay.start();
  await commit(relay);
  await commit(relay);
  await turns(100);
  expect(stream.stored).toEqual([1, 2, 3, 4, 5, 4, 5]);
  await relay.stop();
});

test('an owner who finds nothing that was left asks for nothing', async () => {
  const { stream, relayOf, commit } = bench();
  const relay = relayOf();
  relay.start();
  await turns();
  for (let index = 0; index < 10; index += 1) await commit(relay);
  await turns(100);
  expect([stream.stored, stream.looks]).toEqual([upTo(10), 0]);
  await relay.stop();
});

test('an entry is trimmed only when the stream has it', async () => {
  const { store, stream, relayOf, commit } = bench();
  let allowed = 0;
  stream.fails = () => (stream.stored.length < allowed ? undefined : 'before');
  const relay = relayOf();
  relay.start();
  for (let index = 0; index < 100; index += 1) await commit(relay);
  allowed = 70;
  await turns(200);
  expect(stream.stored).toEqual(upTo(70));
  const left = (await store.outbox(0, 0, 1_000)).map(({ batchSeq }) => batchSeq);
  expect(left[0]).toBeLessThanOrEqual(71);
  expect(left.at(-1)).toBe(100);
});

test('while the stream is away memory is bounded: the outbox is the queue, and is read back', async () => {
  const { stream, clock, relayOf, commit } = bench();
  const relay = relayOf();
  relay.start();
  await turns();
  stream.fails = () => 'before';
  for (let index = 0; index < 2_500; index += 1) await commit(relay);
  const { queue } = relay as unknown as { queue: unknown[] };
  expect(queue.length).toBeLessThanOrEqual(1_000);
  stream.fails = () => undefined;
  for (let round = 0; stream.stored.length < 2_500 && round < 100; round += 1) {
    clock.advance(2_000);
    await turns(200);
  }
  expect(stream.stored).toEqual(upTo(2_500));
  await relay.stop();
});

test('an overflow while the last page is on its way is read back without waiting for another batch', async () => {
  const { stream, relayOf, commit } = bench();
  await commit();
  const relay = relayOf();
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  const publish = stream.publish.bind(stream);
  let first = true;
  stream.publish = async (batch) => {
    if (first) {
      first = false;
      await gate;
    }
    await publish(batch);
  };
  relay.start();
  await turns();
  for (let index = 0; index < 1_001; index += 1) await commit(relay);
  release();
  await turns(3_000);
  expect(stream.stored).toHaveLength(1_002);
  await relay.stop();
});

test('stopped, it finishes what is on its way, trims, and publishes no more', async () => {
  const { store, stream, relayOf, commit } = bench();
  const relay = relayOf();
  relay.start();
  for (let index = 0; index < 5; index += 1) await commit(relay);
  await turns(4);
  await relay.stop();
  const published = stream.stored.length;
  await commit(relay);
  await turns();
  expect(stream.stored).toHaveLength(published);
  expect((await store.outbox(0, 0, 100))[0]?.batchSeq).toBe(published + 1);
});

test('what nobody waits for goes with the next that is pressing, in order, or by itself after a few milliseconds', async () => {
  const { stream, clock, relayOf, commit } = bench();
  const relay = relayOf();
  relay.start();
  await turns();
  await commit(relay, false);
  await commit(relay, false);
  await turns(20);
  expect(stream.stored).toEqual([]);
  await commit(relay, true);
  await turns(20);
  expect(stream.stored).toEqual([1, 2, 3]);
  await commit(relay, false);
  await turns(20);
  expect(stream.stored).toEqual([1, 2, 3]);
  await pass(clock, 10, 5);
  await turns(20);
  expect(stream.stored).toEqual([1, 2, 3, 4]);
  await relay.stop();
});
