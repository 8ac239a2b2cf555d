import { connect } from 'node:net';

const EXCHANGE_TIMEOUT_MS = 1_000;

/**
 * Connects, sends `request`, and resolves to what came back as soon as `isComplete` says so; to undefined when nobody
 * listens, the connection ends early, or a second has passed.
 */
export function exchange(
  port: number,
  request: string,
  isComplete: (reply: string) => boolean,
  host = '127.0.0.1',
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: EXCHANGE_TIMEOUT_MS });
    let reply = '';
    const finish = (result: string | undefined): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setEncoding('utf8');
    socket.once('connect', () => socket.write(request));
    socket.on('data', (chunk: string) => {
      reply += chunk;
      if (isComplete(reply)) finish(reply);
    });
    socket.once('timeout', () => finish(undefined));
    socket.once('error', () => finish(undefined));
    socket.once('close', () => resolve(undefined));
  });
}
