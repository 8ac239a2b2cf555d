import type { Event, EventBatch } from '@multiswarm/contracts';
import { chunkByBytes } from '@multiswarm/core';
import type { Batch, EventMessage, Write } from '../ports';

/** Bytes of the events in one message of the stream: well under the 1 MiB that NATS carries. */
const MESSAGE_BYTES = 512 * 1024;
/** UTF-8 takes no more than this per UTF-16 unit. */
const MOST_BYTES_PER_UNIT = 3;

/** Neighbours among a batch's events that are of one root and are kept in its history, or are not kept at all. */
export interface EventRun {
  /** Undefined: published only. */
  root: string | undefined;
  count: number;
}

/**
 * The events of a batch in their order, each printed once: the same text goes into the history, the outbox and the
 * message of the stream.
 */
export interface PrintedEvents {
  events: readonly Event[];
  texts: readonly string[];
  /** How the events fall into runs, in order. */
  runs: readonly EventRun[];
  /** How many events each message carries, in order. */
  perMessage: readonly number[];
}

const printedBefore = new WeakMap<readonly Write[], PrintedEvents>();

/** The same writes give the same texts, whoever asks; only the first to ask pays for them. */
export function printedEvents(writes: readonly Write[]): PrintedEvents {
  let printed = printedBefore.get(writes);
  if (!printed) {
    printed = printEvents(writes);
    printedBefore.set(writes, printed);
  }
  return printed;
}

const messagesBefore = new WeakMap<Batch, EventMessage[]>();

/**
 * The messages that carry a batch's events. One, as a rule; the events of a workflow of ten thousand steps are more than
 * NATS carries at once. Each message has a number of its own, the last that of the batch: so numbers go on growing by one
 * from message to message, and a batch takes as many of them as it needs.
 */
export function eventMessages(batch: Batch): EventMessage[] {
  let messages = messagesBefore.get(batch);
  if (!messages) {
    const { shard, epoch, writes } = batch;
    const { texts } = printedEvents(writes);
    messages = cutsOf(batch).map(({ batchSeq, from, to }) => {
      const head = `{"v":1,"shard":${shard},"epoch":${epoch},"batchSeq":${batchSeq},"events":[`;
      return { shard, batchSeq, text: `${head}${texts.slice(from, to).join(',')}]}` };
    });
    messagesBefore.set(batch, messages);
  }
  return messages;
}

/** The same messages for those who read them in this process. */
export function eventBatches(batch: Batch): EventBatch[] {
  const { shard, epoch, writes } = batch;
  const { events } = printedEvents(writes);
  return cutsOf(batch).map(({ batchSeq, from, to }) => ({
    v: 1,
    shard,
    epoch,
    batchSeq,
    events: events.slice(from, to),
  }));
}

function cutsOf({ batchSeq: last, writes }: Batch): { batchSeq: number; from: number; to: number }[] {
  const { perMessage } = printedEvents(writes);
  let to = 0;
  return perMessage.map((count, index) => {
    to += count;
    return { batchSeq: last - perMessage.length + 1 + index, from: to - count, to };
  });
}

/** How many numbers a batch with these writes takes: at least one, also without events. */
export function numbersOf(writes: readonly Write[]): number {
  return Math.max(1, printedEvents(writes).perMessage.length);
}

function printEvents(writes: readonly Write[]): PrintedEvents {
  const events: Event[] = [];
  const texts: string[] = [];
  const runs: EventRun[] = [];
  let units = 0;
  for (const write of writes) {
    if (write.kind === 'forget') forgetRoot(runs, write.root);
    if (write.kind !== 'event') continue;
    const text = JSON.stringify(write.event);
    const root = write.implied ? undefined : write.event.root;
    const last = runs.at(-1);
    if (last && last.root === root) last.count += 1;
    else runs.push({ root, count: 1 });
    events.push(write.event);
    texts.push(text);
    units += text.length + 1;
  }
  return { events, texts, runs, perMessage: cut(texts, units) };
}

/** What is forgotten keeps nothing of what the same batch wrote before. */
function forgetRoot(runs: EventRun[], root: string): void {
  for (const run of runs) if (run.root === root) run.root = undefined;
}

function cut(texts: readonly string[], units: number): number[] {
  if (texts.length === 0) return [];
  if (units * MOST_BYTES_PER_UNIT <= MESSAGE_BYTES) return [texts.length];
  const bytesOf = (text: string): number => Buffer.byteLength(text) + 1;
  return chunkByBytes(texts, bytesOf, { bytes: MESSAGE_BYTES }).map((chunk) => chunk.length);
}
