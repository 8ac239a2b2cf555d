import type { IncomingMessage } from 'node:http';
import { LIMITS, MultiswarmError } from '@multiswarm/contracts';
import { findJsonFault } from './json-fault';

/** The name of the limit that a body of this size broke, for the message. */
function limitName(bytes: number): string {
  const found = (['HTTP_BODY_BYTES', 'HTTP_BATCH_BODY_BYTES', 'PAYLOAD_BYTES'] as const).find(
    (name) => LIMITS[name] === bytes,
  );
  return found ?? 'the limit of this route';
}

function tooLarge(limit: number): MultiswarmError {
  return new MultiswarmError(
    'body-too-large',
    `the body may have ${limit} bytes at most (${limitName(limit)})`,
  );
}

/** The parsed JSON body; undefined where there is none. */
export async function readJsonBody(request: IncomingMessage, limit: number): Promise<unknown> {
  const declared = Number(request.headers['content-length'] ?? Number.NaN);
  if (declared === 0 || (Number.isNaN(declared) && request.headers['transfer-encoding'] === undefined))
    return undefined;
  checkMediaType(request);
  if (declared > limit) throw tooLarge(limit);
  const bytes = await collect(request, limit);
  return bytes.length === 0 ? undefined : parseJson(bytes);
}

/**
 * The body as it comes, for what is too large to be held. What is left of it when the reader stops is discarded by Node.js.
 * @throws MultiswarmError `unsupported-media-type`, `body-too-large`, `invalid-request` where the connection ends before the body
 */
export async function* bodyChunks(
  request: IncomingMessage,
  limit: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  checkMediaType(request);
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  let length = 0;
  try {
    // Left by itself, the iterator would destroy the connection, on which the answer is still to be sent.
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const bytes = chunk as Buffer; // no encoding is set
      length += bytes.length;
      if (length > limit) throw tooLarge(limit);
      yield bytes;
    }
  } catch (cause) {
    if (cause instanceof MultiswarmError) throw cause;
    throw new MultiswarmError('invalid-request', 'the connection ended before the body did', { cause });
  }
}

function checkMediaType({ headers }: IncomingMessage): void {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const json = type.trim() === 'application/json' || /^application\/[\w.-]+\+json$/.test(type.trim());
  if (!json) {
    const given =
      headers['content-type'] === undefined ? 'there is no Content-Type' : `got "${headers['content-type']}"`;
    throw new MultiswarmError('unsupported-media-type', `send the body as application/json; ${given}`);
  }
  const charset = parameters
    .find((parameter) => parameter.trim().startsWith('charset='))
    ?.split('=')[1]
    ?.trim();
  if (charset !== undefined && !/^"?utf-?8"?$/.test(charset)) {
    throw new MultiswarmError('unsupported-media-type', `send the body in UTF-8; got charset ${charset}`);
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new MultiswarmError(
      'unsupported-media-type',
      `send the body uncompressed; got Content-Encoding ${encoding}`,
    );
  }
}

/**
 * The body's bytes. Stops listening at the first byte over the limit. Node.js discards the rest behind the answer: a
 * connection that is closed instead is reset while the client still writes, and the client never sees why.
 */
function collect(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (finish: () => void): void => {
      request.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
      finish();
    };
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > limit) settle(() => reject(tooLarge(limit)));
      else chunks.push(chunk);
    };
    const onEnd = (): void =>
      settle(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    const cutShort = (cause?: Error): MultiswarmError =>
      new MultiswarmError('invalid-request', 'the connection ended before the body did', { cause });
    const onError = (error: Error): void => settle(() => reject(cutShort(error)));
    const onClose = (): void => settle(() => reject(cutShort()));
    request.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
  });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Parses JSON, or throws `invalid-json` with line and column. */
export function parseJson(bytes: Buffer): unknown {
  checkDepth(bytes);
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (cause) {
    throw new MultiswarmError('invalid-json', 'the body is not valid UTF-8', { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    const fault = findJsonFault(text);
    if (!fault) throw new MultiswarmError('invalid-json', 'the body is not valid JSON', { cause });
    const message = `line ${fault.line}, column ${fault.column}: expected ${fault.expected}`;
    const findings = [{ pointer: '', code: 'invalid-json', message }];
    throw new MultiswarmError('invalid-json', `the body is not valid JSON at ${message}`, {
      cause,
      findings,
    });
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Refuses nesting over LIMITS.JSON_DEPTH before anything recursive (schemas, serializers) meets it: a few kilobytes of
 * brackets would overflow their stacks.
 */
function checkDepth(bytes: Buffer): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (inString) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) inString = false;
    } else if (byte === QUOTE) inString = true;
    else if (byte === 0x7b || byte === 0x5b) depth += 1;
    else if (byte === 0x7d || byte === 0x5d) depth -= 1;
    if (depth > LIMITS.JSON_DEPTH) throw tooDeep();
  }
}

export function tooDeep(): MultiswarmError {
  const message = `the body may be nested ${LIMITS.JSON_DEPTH} levels deep at most (JSON_DEPTH)`;
  return new MultiswarmError('invalid-json', message, {
    findings: [{ pointer: '', code: 'too-deep', message }],
  });
}
