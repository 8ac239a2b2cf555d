import {
  hasMessageSince,
  nextMessage,
  readStream,
  streamRange,
  type Bus,
  type Replayed,
} from '@multiswarm/bus';
import { EventBatch, streams } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { Position } from '../../application/event-feed';
import { isExhausted, openingAt, type Opening, type StreamExtent } from '../../application/event-opening';

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

/**
 * Whether a reader will still be sent something up to `end`. That nothing comes says nothing: the consumer of one who reads may be
 * away, as it is for seconds after NATS was started again.
 * @param seen up to where the reader has all; undefined for one who began at an instant and has got nothing yet
 * @param now what the stream has
 */
export async function isToCome(
  bus: Bus,
  opening: Opening,
  seen: number | undefined,
  end: number,
  now: StreamExtent,
): Promise<boolean> {
  const { start } = opening;
  if (seen === undefined && 'at' in start)
    return (
      !isExhausted(opening, now, end) &&
      hasMessageSince(bus.connection, streams.events, [now.firstSeq, end], start.at)
    );
  const next = await nextMessage(bus.connection, streams.events, (seen ?? 0) + 1);
  return next !== undefined && next.seq <= end;
}
