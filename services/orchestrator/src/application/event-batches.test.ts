import fc from 'fast-check';
import { event, queuedTask } from '../../test/support/builders';
import type { Batch, Write } from '../ports';
import type { Event, EventBatch } from '@multiswarm/contracts';
import { eventMessages, eventsOf, numbersOf, printedEvents, textOf } from './event-batches';

const NATS_BYTES = 1024 * 1024;

function batchOf(sizes: number[], before = 7): Batch {
  const writes: Write[] = sizes.flatMap((size, index): Write[] => [
    { kind: 'task', record: queuedTask(`t${index}`), isNew: true },
    { kind: 'event', event: { ...event('t0-00000001', index + 1), data: { text: 'x'.repeat(size) } } },
  ]);
  return { shard: 3, epoch: 2, after: before, batchSeq: before + numbersOf(writes), writes };
}

function eventBatches(batch: Batch): EventBatch[] {
  return eventMessages(batch).map((message) => {
    const { batchSeq } = message;
    const parsed = JSON.parse(textOf(message)) as EventBatch;
    expect(parsed.batchSeq).toBe(batchSeq);
    return parsed;
  });
}

test('the messages of a batch hold all its events in order, fit into NATS, and count on from the batch before', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(200_000), { maxLength: 30 }), (sizes) => {
      const batch = batchOf(sizes);
      const messages = eventBatches(batch);
      expect(messages.flatMap(({ events }) => events)).toEqual([...eventsOf(batch.writes)]);
      expect(messages.map(({ batchSeq }) => batchSeq)).toEqual(messages.map((_, index) => 8 + index));
      expect(messages.at(-1)?.batchSeq ?? 8).toBe(batch.batchSeq);
      for (const message of messages) {
        expect(message).toMatchObject({ shard: 3, epoch: 2 });
        expect(JSON.stringify(message).length).toBeLessThan(NATS_BYTES);
      }
    }),
    { numRuns: 50 },
  );
});

test('events are printed once, whoever asks for them', () => {
  const batch = batchOf([10, 300_000, 0, 300_000, 20]);
  const messages = eventMessages(batch);
  expect(messages.length).toBeGreaterThan(1);
  expect(eventMessages(batch)).toBe(messages);
  expect(printedEvents(batch.writes)).toBe(printedEvents(batch.writes));
});

test('characters of several bytes count as such', () => {
  const write = (seq: number): Write => ({
    kind: 'event',
    event: { ...event('t0-00000001', seq), data: { text: '漢'.repeat(100_000) } },
  });
  const writes = [write(1), write(2)];
  expect(numbersOf(writes)).toBe(2);
});

test('what is kept is kept by root, in its order, unless the root is forgotten afterwards', () => {
  const happened = (root: string, seq: number): Write => ({ kind: 'event', event: event(root, seq) });
  const keptOf = (given: Write[]): unknown[] =>
    [...printedEvents(given).histories].map(([root, texts]) => [
      root,
      texts.map((text) => (JSON.parse(text) as Event).seq),
    ]);
  const writes: Write[] = [
    { kind: 'task', record: { ...queuedTask('a'), events: 2 }, isNew: true, tells: 2 },
    { kind: 'keep', event: event('b', 1) },
    happened('b', 2),
    happened('c', 1),
    happened('c', 2),
    happened('b', 3),
  ];
  expect(keptOf(writes)).toEqual([
    ['b', [1, 2, 3]],
    ['c', [1, 2]],
  ]);
  expect([...eventsOf(writes)].map(({ root, seq }) => `${root}${seq}`).join()).toBe('a1,a2,b2,c1,c2,b3');
  const forgotten: Write[] = [...writes, { kind: 'forget', root: 'b', taskIds: ['b'] }, happened('b', 1)];
  expect(keptOf(forgotten)).toEqual([
    ['c', [1, 2]],
    ['b', [1]],
  ]);
});

test('a batch without events takes one number and makes no message', () => {
  const batch = batchOf([]);
  expect(batch.batchSeq).toBe(8);
  expect(eventBatches(batch)).toEqual([]);
});

test('ten thousand small events are a few messages', () => {
  const messages = eventBatches(batchOf(Array<number>(10_000).fill(20)));
  expect(messages.length).toBeGreaterThan(1);
  expect(messages.length).toBeLessThan(20);
});
