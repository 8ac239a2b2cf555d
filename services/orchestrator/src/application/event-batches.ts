import type { Event, EventBatch } from '@multiswarm/contracts';
import { chunkByBytes, jsonBytes } from '@multiswarm/core';
import type { Batch, Write } from '../ports';

/** Bytes of the events in one message of the stream: well under the 1 MiB that NATS carries. */
const MESSAGE_BYTES = 512 * 1024;

/**
 * The messages that carry a batch's events. One, as a rule; the events of a workflow of ten thousand steps are more than
 * NATS carries at once. Each message has a number of its own, the last that of the batch: so numbers go on growing by one
 * from message to message, and a batch takes as many of them as it needs.
 */
export function eventBatches({ shard, epoch, batchSeq, writes }: Batch): EventBatch[] {
  const parts = eventParts(writes);
  return parts.map((events, index) => ({
    v: 1,
    shard,
    epoch,
    batchSeq: batchSeq - parts.length + 1 + index,
    events,
  }));
}

/** How many numbers a batch with these writes takes: at least one, also without events. */
export function numbersOf(writes: readonly Write[]): number {
  return Math.max(1, eventParts(writes).length);
}

/** The same writes give the same parts, whoever asks. */
function eventParts(writes: readonly Write[]): Event[][] {
  const events = writes.flatMap((write) => (write.kind === 'event' ? [write.event] : []));
  return chunkByBytes(events, jsonBytes, { bytes: MESSAGE_BYTES });
}
