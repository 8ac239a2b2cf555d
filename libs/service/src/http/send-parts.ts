import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PayloadRef } from '@multiswarm/contracts';

/**
 * A payload as JSON, no faster than the client reads. What cannot be read at all is refused; a fault after the first byte cuts the connection, so
 * that nobody takes a part for the whole.
 */
export async function sendParts(
  response: ServerResponse,
  { id, bytes }: PayloadRef,
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const parts = content[Symbol.asyncIterator]();
  const first = await parts.next();
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes,
    etag: `"${id}"`,
  });
  try {
    await pipeline(Readable.from(from(first, parts), { objectMode: false }), response);
  } catch (error) {
    if (!signal.aborted) throw error; // the client has gone: there is nobody to be told
  }
}

async function* from(
  first: IteratorResult<Uint8Array>,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for (let next = first; !next.done; next = await rest.next()) yield next.value;
}
