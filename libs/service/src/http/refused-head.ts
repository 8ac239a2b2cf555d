import { maxHeaderSize, STATUS_CODES, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { MultiswarmError } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';

/** How long what a client still writes is discarded behind the refusal. */
const LINGER_MS = 2_000;

/**
 * Answers what is refused before it is a request, by the parser of Node.js: with problem details, and without a reset. Node.js by
 * itself closes the connection at once, which is reset where the client still writes a body, and then it never sees why.
 */
export function answerRefusedHeads(server: Server, clock: Clock): void {
  const answered = new WeakSet<Socket>();
  server.on('clientError', (error: NodeJS.ErrnoException, stream) => {
    const socket = stream as Socket; // of a plain HTTP server it is always one
    if (answered.has(socket)) return; // what comes behind it is refused again, piece by piece
    answered.add(socket);
    const underWay = responseOn(socket);
    if (!socket.writable || error.code === 'ECONNRESET' || underWay?.headersSent) {
      socket.destroy(error);
      return;
    }
    socket.end(refusal(error));
    if (underWay) {
      socket.destroySoon(); // its handler hears of the end
      return;
    }
    const cut = clock.after(LINGER_MS, () => socket.destroy());
    socket.once('close', cut);
  });
}

/** As the handler of Node.js asks it: an answer that has begun must not get another one into it. */
function responseOn(socket: Socket): ServerResponse | null | undefined {
  return (socket as { _httpMessage?: ServerResponse | null })._httpMessage;
}

function refusal({ code = '' }: NodeJS.ErrnoException): string {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return 'HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n';
  const problem = problemOf(code).toProblem();
  const body = JSON.stringify(problem);
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}

function problemOf(code: string): MultiswarmError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new MultiswarmError(
      'headers-too-large',
      `path, query and headers may have ${maxHeaderSize} bytes together`,
    );
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return new MultiswarmError('body-too-large', 'the extensions of its chunks are over the limit');
  return new MultiswarmError('invalid-request', `this is no request of HTTP/1.1 (${code})`);
}
