import type { Event } from '@multiswarm/contracts';
import { chunkByBytes } from '@multiswarm/core';
import type { Batch, EventMessage, Write } from '../ports';
import { toldEvents } from '../domain/task/told-events';
import { printEvent, printTold } from './event-printer';

/** Bytes of the events in one message of the stream: well under the 1 MiB that NATS carries. */
const MESSAGE_BYTES = 512 * 1024;
/** UTF-8 takes no more than this per UTF-16 unit. */
const MOST_BYTES_PER_UNIT = 3;

/** The events of a batch, each printed once: the same text goes into the history and into the message of the stream. */
export interface PrintedEvents {
  /** Per message, in order: its events, separated by commas. */
  messages: readonly string[];
  /** What is to be kept, by root. */
  histories: ReadonlyMap<string, readonly string[]>;
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
    const texts = printedEvents(writes).messages;
    const first = batch.batchSeq - texts.length + 1;
    messages = texts.map((events, index) => {
      const batchSeq = first + index;
      const head = `{"v":1,"shard":${shard},"epoch":${epoch},"batchSeq":${batchSeq},"events":[`;
      return { shard, epoch, batchSeq, text: `${head}${events}]}` };
    });
    messagesBefore.set(batch, messages);
  }
  return messages;
}

/** A commit holds their bytes now: the texts need not live until its answer. Whoever asks again has them printed again. */
export function letPrintedGo({ writes }: Batch): void {
  printedBefore.delete(writes);
}

const HEAD = /^\{"v":1,"shard":\d+,"epoch":(\d+),/;

/** The epoch in the text of a message; 0 where it has none. */
export function epochIn(text: string): number {
  return Number(HEAD.exec(text)?.[1] ?? 0);
}

export function textOf({ text }: EventMessage): string {
  return typeof text === 'string' ? text : Buffer.from(text.buffer, text.byteOffset, text.length).toString();
}

/** How many numbers a batch with these writes takes: at least one, also without events. */
export function numbersOf(writes: readonly Write[]): number {
  return Math.max(1, printedEvents(writes).messages.length);
}

/** What is published with these writes, in order. */
export function* eventsOf(writes: readonly Write[]): Generator<Event, void, undefined> {
  for (const write of writes)
    if (write.kind === 'event') yield write.event;
    else if (write.kind === 'task' && write.tells) yield* toldEvents(write.record).slice(-write.tells);
}

function printEvents(writes: readonly Write[]): PrintedEvents {
  const printed: string[] = [];
  const histories = new Map<string, string[]>();
  for (const write of writes)
    if (write.kind === 'task') {
      if (write.tells) printed.push(printTold(write.record, write.tells));
    } else if (write.kind === 'event') {
      const text = printEvent(write.event);
      printed.push(text);
      keep(histories, write.event.root, text);
    } else if (write.kind === 'keep') keep(histories, write.event.root, printEvent(write.event));
    else if (write.kind === 'forget') histories.delete(write.root); // also what the same batch wrote before
  return { messages: cut(printed), histories };
}

function keep(histories: Map<string, string[]>, root: string, text: string): void {
  const kept = histories.get(root);
  if (kept) kept.push(text);
  else histories.set(root, [text]);
}

function cut(texts: readonly string[]): string[] {
  if (texts.length === 0) return [];
  // Put together as the rest of the commit is, and copied with it: to join them would be one more copy of all events.
  let whole = '';
  for (const text of texts) whole = whole === '' ? text : `${whole},${text}`;
  if (whole.length * MOST_BYTES_PER_UNIT <= MESSAGE_BYTES) return [whole];
  const bytesOf = (text: string): number => Buffer.byteLength(text) + 1;
  return chunkByBytes(texts, bytesOf, { bytes: MESSAGE_BYTES }).map((chunk) => chunk.join(','));
}
