import type { Request, Response } from 'express';
import { LIMITS, MultiswarmError } from '@multiswarm/contracts';
import { deferred, every, systemClock } from '@multiswarm/core';
import { WebSocketServer, type WebSocket } from 'ws';
import type { z } from 'zod';
import { assertOwnOrigin } from './own-origin';
import { defineStreamRoute, type Route, type StreamRouteDefinition } from './route';
import { stoppingOf } from './stopping';
import { upgradeOf, type Upgrade } from './upgrade';

/** One WebSocket that is open. */
export interface SocketStream {
  /** One frame of JSON. False once the connection is over. */
  send(frame: object): boolean;
  /** Resolves once what was sent has left, but for what the connection itself holds. True while it is open. */
  room(): Promise<boolean>;
  close(code: number, reason: string): void;
  /** Fires when the connection is over, whoever ended it. */
  readonly ended: AbortSignal;
}

/** Takes what comes on a connection. No further frame is read while `LIMITS.SOCKET_FRAMES` are being taken. */
export interface SocketServing {
  /** @param text of a frame, whatever is in it */
  take(text: string): Promise<void>;
  /** Runs until the connection is over. */
  run(): Promise<void>;
}

type Schema = z.ZodType | undefined;

export interface SocketRouteDefinition<P extends Schema, Q extends Schema> extends Omit<
  StreamRouteDefinition<P, Q, undefined>,
  'method' | 'handler' | 'body' | 'consumes' | 'produces'
> {
  /**
   * What it throws is answered before the connection becomes a WebSocket. Where the caller is gone by then, what it returns gets a
   * connection that is over.
   */
  open: (
    request: Parameters<StreamRouteDefinition<P, Q, undefined>['handler']>[2],
  ) => Promise<(socket: SocketStream) => SocketServing>;
}

interface Opened {
  socket: WebSocket;
  raw: Upgrade['socket'];
}

const PING_MS = 15_000;
/** How long the other side has to agree to an end. */
const CLOSE_MS = 2_000;
const GOING_AWAY = 1001;
const FAILED = 1011;
/** https://www.iana.org/assignments/websocket: reasons have 123 bytes at most. */
const REASON_CHARS = 120;

const server = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  perMessageDeflate: false,
  maxPayload: LIMITS.HTTP_BODY_BYTES,
});

/** A route that is a WebSocket: validated, traced and refused like any other, then open in both directions. */
export function defineSocketRoute<P extends Schema = undefined, Q extends Schema = undefined>(
  definition: SocketRouteDefinition<P, Q>,
): Route {
  const { open, ...route } = definition;
  return defineStreamRoute<P, Q>({
    ...route,
    method: 'get',
    produces: 'application/json',
    handler: async (request, response, input) => {
      const upgrade = upgradeOf(request);
      if (upgrade === undefined)
        throw new MultiswarmError(
          'invalid-request',
          'this is a WebSocket: ask for it with "Connection: Upgrade" and "Upgrade: websocket"',
        );
      assertOwnOrigin(input);
      const serve = await open(input);
      const socket = await accepted(request, response, upgrade);
      await served(serve, socket, stoppingOf(request.app).signal);
    },
  });
}

/** Resolves with nothing where the caller is gone, or its handshake is none: it has its answer then. */
function accepted(
  request: Request,
  response: Response,
  { socket, head }: Upgrade,
): Promise<Opened | undefined> {
  response.detachSocket(socket);
  return new Promise((resolve) => {
    socket.once('close', () => {
      response.emit('close'); // whoever measures the request hears of its end
      resolve(undefined);
    });
    if (socket.destroyed) resolve(undefined);
    else server.handleUpgrade(request, socket, head, (opened) => resolve({ socket: opened, raw: socket }));
  });
}

async function served(
  serve: (socket: SocketStream) => SocketServing,
  opened: Opened | undefined,
  stopping: AbortSignal,
): Promise<void> {
  if (opened === undefined) return serve(OVER).run();
  const { socket } = opened;
  const over = new AbortController();
  const serving = serve(streamOf(opened, over.signal));
  const end = (): void => close(socket, GOING_AWAY, 'the service stops: connect again');
  const stopPinging = ping(socket);
  socket.once('close', () => {
    stopPinging();
    stopping.removeEventListener('abort', end);
    over.abort();
  });
  socket.on('error', () => undefined); // `close` follows
  takeFrames(socket, serving);
  if (stopping.aborted) end();
  else stopping.addEventListener('abort', end, { once: true });
  try {
    await serving.run();
  } catch (error) {
    close(socket, FAILED, 'internal error');
    throw error;
  }
}

function takeFrames(socket: WebSocket, serving: SocketServing): void {
  let underWay = 0;
  socket.on('message', (data) => {
    underWay += 1;
    if (underWay === LIMITS.SOCKET_FRAMES) socket.pause();
    const text = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer); // a Buffer, unless told otherwise
    serving
      .take(text.toString('utf8'))
      .catch(() => close(socket, FAILED, 'internal error'))
      .finally(() => {
        underWay -= 1;
        if (underWay === LIMITS.SOCKET_FRAMES - 1) socket.resume();
      });
  });
}

/** Who says nothing from one ping to the next is gone: its connection holds what others could have. */
function ping(socket: WebSocket): () => void {
  let heard = true;
  const hear = (): void => {
    heard = true;
  };
  socket.on('pong', hear).on('message', hear);
  return every(systemClock, PING_MS, () => {
    if (!heard) return socket.terminate();
    heard = false;
    socket.ping();
  });
}

function streamOf({ socket, raw }: Opened, ended: AbortSignal): SocketStream {
  const isOpen = (): boolean => !ended.aborted && socket.readyState === socket.OPEN;
  return {
    send: (frame) => {
      if (!isOpen()) return false;
      socket.send(JSON.stringify(frame));
      return true;
    },
    room: async () => {
      if (!isOpen() || !raw.writableNeedDrain) return isOpen();
      const drained = deferred<void>();
      const goOn = (): void => drained.resolve();
      raw.once('drain', goOn).once('close', goOn);
      await drained.promise;
      raw.off('drain', goOn).off('close', goOn);
      return isOpen();
    },
    close: (code, reason) => close(socket, code, reason),
    ended,
  };
}

function close(socket: WebSocket, code: number, reason: string): void {
  socket.close(code, reason.slice(0, REASON_CHARS));
  const cancel = systemClock.after(CLOSE_MS, () => socket.terminate());
  socket.once('close', cancel);
}

/** A connection that was over before it began. */
const OVER: SocketStream = {
  send: () => false,
  room: () => Promise.resolve(false),
  close: () => undefined,
  ended: AbortSignal.abort(),
};
