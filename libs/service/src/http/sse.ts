import type { Response } from 'express';
import { LIMITS } from '@multiswarm/contracts';
import { deferred, every, systemClock, type Clock } from '@multiswarm/core';
import { stoppingOf } from './stopping';

export interface ServerSentEvent {
  event?: string;
  id?: string | number;
  /** Text as it is, anything else as JSON. */
  data: unknown;
}

export interface SseOptions {
  heartbeatMs?: number;
  maxBufferedBytes?: number;
  stalledMs?: number;
  clock?: Clock;
}

export interface SseStream {
  /** False once the stream is over: the client left, was too slow, or the service stops. */
  send(event: ServerSentEvent): boolean;
  comment(text: string): boolean;
  /** The place to come back to, where nothing was sent for it. */
  position(id: string): boolean;
  /**
   * Resolves once the reader has taken what it was sent, but for what the connection itself holds: who waits for it between two
   * events is slowed down by a slow reader, and not cut off. True while the stream is open; after `stalledMs` (default 60 s)
   * without any sign of the reader the stream is cut.
   */
  room(): Promise<boolean>;
  end(): void;
  /** Fires when the stream is over, whoever ended it. */
  readonly ended: AbortSignal;
}

const HEARTBEAT_MS = 15_000;
/** A reader that takes nothing for so long is most likely gone: it holds a place and memory. */
const STALLED_MS = 60_000;

/**
 * Opens a stream of server-sent events. A reader that falls more than `maxBufferedBytes` behind is cut off, not
 * buffered for ever; it comes back with `Last-Event-ID`.
 */
export function sse(response: Response, options: SseOptions = {}): SseStream {
  const {
    heartbeatMs = HEARTBEAT_MS,
    maxBufferedBytes = LIMITS.SSE_BUFFER_BYTES,
    stalledMs = STALLED_MS,
    clock = systemClock,
  } = options;
  const stopping = stoppingOf(response.app).signal;
  const over = new AbortController();
  // Who left while the stream was prepared: `close` has been and does not come again.
  if (response.destroyed) return leftAlready(over);
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Proxies of nginx's kind hold answers back unless told not to.
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();

  const isOver = (): boolean => over.signal.aborted || response.destroyed;
  const write = (text: string): boolean => {
    if (isOver() || response.writableEnded) return false;
    response.write(text);
    if (response.writableLength <= maxBufferedBytes) return true;
    response.destroy();
    return false;
  };
  const room = async (): Promise<boolean> => {
    if (isOver()) return false;
    if (!response.writableNeedDrain) return true;
    const drained = deferred<void>();
    const goOn = (): void => drained.resolve();
    const giveUp = clock.after(stalledMs, () => response.destroy());
    response.once('drain', goOn).once('close', goOn);
    await drained.promise;
    giveUp();
    response.off('drain', goOn).off('close', goOn);
    return !isOver();
  };
  const end = (): void => {
    if (!response.writableEnded) response.end();
  };
  const stopHeartbeat = every(clock, heartbeatMs, () => void write(': alive\n\n'));
  response.once('close', () => {
    stopHeartbeat();
    stopping.removeEventListener('abort', end);
    over.abort();
  });
  if (stopping.aborted) end();
  else stopping.addEventListener('abort', end, { once: true });

  return {
    send: (event) => write(format(event)),
    comment: (text) => write(`: ${oneLine(text)}\n\n`),
    position: (id) => write(`id: ${oneLine(id)}\n\n`),
    room,
    end,
    ended: over.signal,
  };
}

function leftAlready(over: AbortController): SseStream {
  over.abort();
  const no = (): boolean => false;
  return {
    ...{ send: no, comment: no, position: no },
    room: () => Promise.resolve(false),
    end: () => undefined,
    ended: over.signal,
  };
}

function format({ event, id, data }: ServerSentEvent): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  const lines = text.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  const head = `${event === undefined ? '' : `event: ${oneLine(event)}\n`}${id === undefined ? '' : `id: ${oneLine(String(id))}\n`}`;
  return `${head}${lines.join('')}\n`;
}

/** A line break inside a field would begin a field of somebody else's choice. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}
