import type { Response } from 'express';
import { LIMITS } from '@multiswarm/contracts';
import { every, systemClock, type Clock } from '@multiswarm/core';
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
  clock?: Clock;
}

export interface SseStream {
  /** False once the stream is over: the client left, was too slow, or the service stops. */
  send(event: ServerSentEvent): boolean;
  comment(text: string): boolean;
  end(): void;
  /** Fires when the stream is over, whoever ended it. */
  readonly ended: AbortSignal;
}

const HEARTBEAT_MS = 15_000;

/**
 * Opens a stream of server-sent events. A reader that falls more than `maxBufferedBytes` behind is cut off, not
 * buffered for ever; it comes back with `Last-Event-ID`.
 */
export function sse(response: Response, options: SseOptions = {}): SseStream {
  const {
    heartbeatMs = HEARTBEAT_MS,
    maxBufferedBytes = LIMITS.SSE_BUFFER_BYTES,
    clock = systemClock,
  } = options;
  const stopping = stoppingOf(response.app).signal;
  const over = new AbortController();
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Proxies of nginx's kind hold answers back unless told not to.
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();

  const write = (text: string): boolean => {
    if (over.signal.aborted || response.writableEnded || response.destroyed) return false;
    response.write(text);
    if (response.writableLength <= maxBufferedBytes) return true;
    response.destroy();
    return false;
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
    end,
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
