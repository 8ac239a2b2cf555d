import fc from 'fast-check';
import { event, queuedTask } from '../../test/support/builders';
import type { Batch, Write } from '../ports';
import { eventBatches, numbersOf } from './event-batches';

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
