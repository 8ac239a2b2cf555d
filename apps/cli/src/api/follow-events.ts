import { delay, type Clock } from '@multiswarm/core';
import { Fault } from '../faults';
import { isPassing, PATIENCE_MS } from './await-end';
import type { HttpApi, Query } from './http-api';
import { paths } from './paths';
import type { ServerSentEvent } from './server-sent-events';

export interface FollowedEvents {
  /** Unless told, the events of the orchestrator. */
  path?: string;
  query: Query;
  /** The id to go on after; undefined: what the query says, else from now on. */
  after: string | undefined;
  signal: AbortSignal;
  /** The connection broke, and is taken up again where it ended. */
  onBroken: (after: string | undefined) => void;
  /** The place in the stream up to which everything was passed on. */
  onPosition?: (id: string) => void;
}

const RECONNECT_MS = 500;
/** Nobody knows what follows, so what happens until the next connection is missing. */
const NO_PLACE: ServerSentEvent = {
  ...{ id: undefined, event: 'gap' },
  data: JSON.stringify({ detail: 'the connection broke before the server had said where its stream is' }),
};

/**
 * Events, over any number of connections: until the signal is aborted, or the server says that this was all (its `end` is
 * passed on, too).
 * @throws Fault where the server refuses, or when nobody has answered for a minute
 */
export async function* followEvents(
  api: HttpApi,
  clock: Clock,
  { path = paths.events, query, after, signal, onBroken, onPosition }: FollowedEvents,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  let place = after;
  let lastSeen = clock.monotonic();
  const moved = (id: string): void => {
    place = id;
    onPosition?.(id);
  };
  while (!signal.aborted) {
    let isOpen = false;
    try {
      const messages = await api.events(path, query, place, signal, moved);
      isOpen = true;
      for await (const message of messages) {
        lastSeen = clock.monotonic();
        place = message.id ?? place;
        yield message;
        if (message.event === 'end') return;
      }
    } catch (error) {
      if (isOver(signal)) return;
      if (error instanceof Fault && !isPassing(error)) throw error;
      if (clock.monotonic() - lastSeen > PATIENCE_MS) throw error;
      onBroken(place);
    }
    if (isOpen && place === undefined && query['from'] === undefined && !isOver(signal)) yield NO_PLACE;
    await delay(clock, RECONNECT_MS, signal).catch(() => undefined);
  }
}

/** It may be since it was looked at last. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}
