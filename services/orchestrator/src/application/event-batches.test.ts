import fc from 'fast-check';
import { event, queuedTask } from '../../test/support/builders';
import type { Batch, Write } from '../ports';
import { eventBatches, eventMessages, numbersOf, printedEvents } from './event-batches';

const NATS_BYTES = 1024 * 1024;

function batchOf(sizes: number[], before = 7): Batch {
  const writes: Write[] = sizes.flatMap((size, index): Write[] => [
    { kind: 'task', record: queuedTask(`t${index}`), isNew: true },
    { kind: 'event', event: { ...event('t0-00000001', index + 1), data: { text: 'x'.repeat(size) } } },
  ]);
  return { shard: 3, epoch: 2, batchSeq: before + numbersOf(writes), writes };
}

test('the messages of a batch hold all its events in order, fit into NATS, and count on from the batch before', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(200_000), { maxLength: 30 }), (sizes) => {
      const batch = batchOf(sizes);
      const messages = eventBatches(batch);
      expect(messages.flatMap(({ events }) => events.map(({ seq }) => seq))).toEqual(
        sizes.map((_, index) => index + 1),
      );
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

test('the texts of the messages say what the messages say, and are printed from the events once', () => {
  const batch = batchOf([10, 300_000, 0, 300_000, 20]);
  const texts = eventMessages(batch).map(({ text }) => text);
  expect(texts.map((text) => JSON.parse(text) as unknown)).toEqual(eventBatches(batch));
  expect(texts.length).toBeGreaterThan(1);
  const again = printedEvents(batch.writes);
  expect(printedEvents(batch.writes)).toBe(again);
});

test('characters of several bytes count as such', () => {
  const write = (seq: number): Write => ({
    kind: 'event',
    event: { ...event('t0-00000001', seq), data: { text: '漢'.repeat(100_000) } },
  });
  const writes = [write(1), write(2)];
  expect(numbersOf(writes)).toBe(2);
});

test('neighbours of one root that are kept make a run, and so do those that are only published', () => {
  const happened = (root: string, seq: number, implied = false): Write => ({
    kind: 'event',
    event: event(root, seq),
    ...(implied ? { implied } : {}),
  });
  const writes = [
    happened('a', 1, true),
    happened('a', 2, true),
    happened('b', 1, true),
    happened('b', 2),
    happened('c', 1),
    happened('c', 2),
    happened('b', 3),
  ];
  expect(printedEvents(writes).runs).toEqual([
    { root: undefined, count: 3 },
    { root: 'b', count: 1 },
    { root: 'c', count: 2 },
    { root: 'b', count: 1 },
  ]);
  const forgotten: Write[] = [...writes, { kind: 'forget', root: 'b', taskIds: ['b'] }, happened('b', 1)];
  expect(printedEvents(forgotten).runs.map(({ root }) => root)).toEqual([
    undefined,
    undefined,
    'c',
    undefined,
    'b',
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
