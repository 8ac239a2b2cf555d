import { ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Express } from 'express';

/** What is left of a connection whose request asks for a WebSocket. */
export interface Upgrade {
  socket: Socket;
  /** Bytes that came behind the request. */
  head: Buffer;
}

const upgrades = new WeakMap<IncomingMessage, Upgrade>();
/** Headers that belong to an upgrade that is not made. */
const OF_UPGRADES: ReadonlySet<string> = new Set(['upgrade', 'http2-settings']);

/** Undefined where a request asks for no WebSocket. */
export function upgradeOf(request: IncomingMessage): Upgrade | undefined {
  return upgrades.get(request);
}

/**
 * Hands requests for WebSockets to the app, like any other: what it refuses is answered as any other request. Every other upgrade
 * is left out, as RFC 9110 (7.8) allows: Java's client offers `h2c` with each first request, and wants an answer to its body.
 */
export function passUpgrades(server: Server, app: Express): void {
  server.on('upgrade', (request, stream, head) => {
    const socket = stream as Socket; // of a plain HTTP server it is always one
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      socket.unshift(Buffer.concat([headWithoutUpgrade(request), head]));
      server.emit('connection', socket);
      return;
    }
    // Node.js has taken its own listener away: without one a reset would end the process.
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.destroySoon());
    upgrades.set(request, { socket, head });
    app(request, response);
  });
}

function headWithoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    const kept = name.toLowerCase() === 'connection' ? withoutUpgrade(value) : value;
    if (!OF_UPGRADES.has(name.toLowerCase()) && kept !== '') lines.push(`${name}: ${kept}`);
  }
  // As Node.js has read it: a byte is a character.
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

function withoutUpgrade(connection: string): string {
  const tokens = connection.split(',').map((token) => token.trim());
  return tokens.filter((token) => !OF_UPGRADES.has(token.toLowerCase())).join(', ');
}
