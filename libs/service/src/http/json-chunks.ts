import { MultiswarmError } from '@multiswarm/contracts';
import { tooDeep } from './body';
import { JsonScanner } from './json-scanner';

/**
 * Passes on what comes in pieces and is JSON as a whole: held to the same rules as a body that is read at once, without holding it.
 * @throws MultiswarmError `invalid-json`, at the piece that is no JSON any more, or at the end
 */
export async function* jsonChunks(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const scanner = new JsonScanner();
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const check = (expected: string | undefined): void => {
    if (expected === undefined) return;
    if (scanner.isTooDeep) throw tooDeep();
    const message = `line ${scanner.line}, column ${scanner.column}: expected ${expected}`;
    throw new MultiswarmError('invalid-json', `the body is not valid JSON at ${message}`, {
      findings: [{ pointer: '', code: 'invalid-json', message }],
    });
  };
  for await (const chunk of chunks) {
    check(scanner.push(chunk));
    decoded(() => utf8.decode(chunk, { stream: true }));
    yield chunk;
  }
  // Where there is nothing at all, who stores it has a word for that.
  if (scanner.hasBegun) check(scanner.end());
  decoded(() => utf8.decode());
}

function decoded(decode: () => string): void {
  try {
    decode();
  } catch (cause) {
    throw new MultiswarmError('invalid-json', 'the body is not valid UTF-8', { cause });
  }
}
