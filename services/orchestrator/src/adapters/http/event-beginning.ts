import { nextMessageSeq, readStream, streamRange, type Bus, type Replayed } from '@multiswarm/bus';
import { EventBatch, streams } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { Position } from '../../application/event-feed';
import { openingAt, type Opening, type StreamExtent } from '../../application/event-opening';

const LOOK_FRESH_MS = 1_000;

/** A stream as it was found, and where it is read from. */
export interface Beginning {
  extent: StreamExtent;
  opening: Opening;
  messages: AsyncIterable<Replayed>;
  close: () => void;
}

export async function begin(
  bus: Bus,
  after: Position | undefined,
  from: number | undefined,
): Promise<Beginning> {
  const extent = await extentOf(bus);
  const opening = openingAt(extent, after, from);
  return { extent, opening, ...(await readStream(bus.connection, streams.events, opening.start)) };
}

/** One look for all the sessions that want one at about the same time. */
export function sharedLook(bus: Bus, clock: Clock): () => Promise<StreamExtent | undefined> {
  let [lookedAt, look]: [number, Promise<StreamExtent | undefined>] = [-Infinity, Promise.resolve(undefined)];
  return () => {
    if (clock.monotonic() - lookedAt < LOOK_FRESH_MS) return look;
    lookedAt = clock.monotonic();
    look = extentOf(bus).catch(() => undefined); // away for now: it will be there again
    return look;
  };
}

export function extentOf(bus: Bus): Promise<StreamExtent> {
  return streamRange(bus.connection, streams.events);
}

export function epochMs(instant: string | undefined): number | undefined {
  return instant === undefined ? undefined : Date.parse(instant);
}

/** Undefined for what is none of ours: a reader that broke off at it would come back to it for ever. */
export function batchIn(text: string): EventBatch | undefined {
  try {
    return EventBatch.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Whether the stream has a message with a sequence in `[from, to]`. */
export async function hasMessages(bus: Bus, from: number, to: number): Promise<boolean> {
  const next = await nextMessageSeq(bus.connection, streams.events, from);
  return next !== undefined && next <= to;
}
