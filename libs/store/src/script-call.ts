import { Command } from 'ioredis';
import type { Script } from './script';

/** Heads of arguments of up to this many bytes are made once. */
const READY_HEADS = Array.from({ length: 4_096 }, (_, bytes) => makeHead(bytes));

/**
 * A call of a script that the server knows, as bytes of the protocol. A commit has thousands of arguments: the client would
 * look at each of them several times and hand the socket a string of as many pieces to take apart again, which costs more
 * than Redis needs to do what they say.
 */
export class ScriptCall extends Command {
  constructor(
    script: Script,
    private readonly scriptKeys: readonly string[],
    private readonly scriptArgs: readonly (string | number)[],
  ) {
    super('evalsha', [script.sha], { replyEncoding: 'utf8' });
  }

  override toWritable(): Buffer {
    const sha = String(this.args[0]);
    return encode(['EVALSHA', sha, this.scriptKeys.length, ...this.scriptKeys, ...this.scriptArgs]);
  }
}

/** Two bytes after each argument, and three more around the number of its bytes, which has no more than ten digits. */
const FRAME_BYTES = 15;
/** Up to this length characters are written one by one, which is faster than a call into native code. */
const SHORT = 48;

function encode(args: readonly (string | number)[]): Buffer {
  const texts = args.map((arg) => (typeof arg === 'string' ? arg : String(arg)));
  return encodePlain(texts) ?? encodeAny(texts);
}

/** Undefined where a character takes more than one byte: heads count bytes, and it is rare enough to begin again. */
function encodePlain(texts: readonly string[]): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(texts.reduce((sum, text) => sum + text.length + FRAME_BYTES, FRAME_BYTES));
  let at = bytes.write(`*${texts.length}`, 'latin1');
  for (const text of texts) {
    at = writeShort(bytes, at, headOf(text.length));
    const end = at + text.length;
    at = text.length <= SHORT ? writeShort(bytes, at, text) : at + bytes.write(text, at);
    if (at !== end) return undefined;
  }
  at = writeShort(bytes, at, '\r\n');
  return bytes.subarray(0, at);
}

/** @returns where it ends, or 0 where it is not plain */
function writeShort(bytes: Buffer, from: number, text: string): number {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 127) return 0;
    bytes[from + at] = code;
  }
  return from + text.length;
}

function encodeAny(texts: readonly string[]): Buffer {
  const pieces = texts.map((text) => headOf(Buffer.byteLength(text)) + text);
  return Buffer.from(`*${texts.length}${pieces.join('')}\r\n`);
}

function headOf(bytes: number): string {
  return READY_HEADS[bytes] ?? makeHead(bytes);
}

function makeHead(bytes: number): string {
  return `\r\n$${bytes}\r\n`;
}
