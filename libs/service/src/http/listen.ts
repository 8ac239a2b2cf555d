import { createServer, IncomingMessage, ServerResponse, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Express } from 'express';
import { MultiswarmError } from '@multiswarm/contracts';
import { every, systemClock, type Clock } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import { answerRefusedHeads } from './refused-head';
import { stoppingOf } from './stopping';
import { passUpgrades } from './upgrade';

export interface ListenOptions {
  host: string;
  /** 0 takes a free port. */
  port: number;
  logger: Logger;
  /** The setting that changes the port, named when the port is taken. */
  portSetting?: string;
  clock?: Clock;
}

export interface Listening {
  readonly port: number;
  readonly url: string;
  /** Takes no new connections, ends event streams, lets requests in flight finish for at most `graceMs`, then cuts. */
  close(graceMs: number): Promise<void>;
}

/** Longer than the idle time of common load-balancers (60 s), so that the side that reuses a connection is not the one it dies on. */
const KEEP_ALIVE_MS = 65_000;
const HEADERS_MS = 20_000;
/** Time to receive one whole request, body included. */
const REQUEST_MS = 120_000;

/** How often connections that became idle are closed while the server shuts down. */
const IDLE_SWEEP_MS = 25;

export async function listen(app: Express, options: ListenOptions): Promise<Listening> {
  const server = createFastServer(app);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;
  const silent = silentConnections(server);
  const clock = options.clock ?? systemClock;
  answerRefusedHeads(server, clock);
  passUpgrades(server, app);
  await bind(server, options);
  server.on('error', (error) => options.logger.error('the HTTP server failed', { error }));
  const { port } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    port,
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    close: (graceMs) => (closing ??= close(server, silent, app, graceMs, clock)),
  };
}

/** `close` of Node.js ends only the connections that are idle at that moment; the sweep ends the others as they become so. */
async function close(
  server: Server,
  silent: ReadonlySet<Socket>,
  app: Express,
  graceMs: number,
  clock: Clock,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  stoppingOf(app).abort();
  for (const socket of silent) socket.destroy();
  const stopSweep = every(clock, IDLE_SWEEP_MS, () => server.closeIdleConnections());
  const cancelCut = clock.after(graceMs, () => server.closeAllConnections());
  await closed;
  stopSweep();
  cancelCut();
}

/** Connections that have not sent a request yet, such as spare ones of a client: Node.js counts them as busy for ever. */
function silentConnections(server: Server): ReadonlySet<Socket> {
  const silent = new Set<Socket>();
  server.on('connection', (socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  for (const event of ['request', 'upgrade'])
    server.on(event, ({ socket }: IncomingMessage) => void silent.delete(socket));
  return silent;
}

function bind(server: Server, { host, port, portSetting }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(bindError(cause, host, port, portSetting)));
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

function bindError(
  cause: NodeJS.ErrnoException,
  host: string,
  port: number,
  portSetting = 'the port',
): MultiswarmError {
  const remedy = `stop what listens there, or set ${portSetting} to another port (0 takes a free one)`;
  const reasons: Record<string, string> = {
    EADDRINUSE: `port ${port} on ${host} is taken: ${remedy}`,
    EACCES: `port ${port} needs more rights than this process has: set ${portSetting} to a port above 1023`,
    EADDRNOTAVAIL: `this machine has no address ${host}: set HOST to one that it has`,
    ENOTFOUND: `the host name ${host} does not resolve: set HOST to an address`,
  };
  const message = reasons[cause.code ?? ''] ?? `cannot listen on ${host}:${port}: ${cause.message}`;
  return new MultiswarmError('invalid-configuration', message, { cause });
}

/**
 * Express gives each request and response its own prototypes, and changing the prototype of a live object makes V8
 * drop what it has learned about it. Objects that are born with the app's prototypes make express's change a no-op;
 * a JSON route serves about twice as many requests.
 */
function createFastServer(app: Express): Server {
  return createServer(
    {
      IncomingMessage: born(IncomingMessage, app.request),
      ServerResponse: born(ServerResponse, app.response),
    },
    app,
  );
}

/**
 * A constructor whose objects have `prototype`, which itself inherits from the base's. The base is called as the plain
 * function that it is in Node.js: `Reflect.construct` would do as well, but makes objects that are as slow as before.
 */
function born<B extends object>(base: B, prototype: object): B {
  function Born(this: object, ...args: unknown[]): void {
    Reflect.apply(base as unknown as (...args: unknown[]) => void, this, args);
  }
  Born.prototype = prototype;
  // `new Born()` does what `new base()` does, and servers use nothing else of the class.
  return Born as unknown as B;
}
