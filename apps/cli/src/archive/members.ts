import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { constants, createGunzip, gunzipSync, inflateRawSync, type Gunzip } from 'node:zlib';

/** What each member begins with as it is written: gzip's own mark, deflate, no flags, no time. */
const MARK = Buffer.from('1f8b080000000000', 'hex');
/** https://www.rfc-editor.org/rfc/rfc1952: the mark, what made it, and for which system; at the end checksum and length. */
const [HEAD_BYTES, TAIL_BYTES] = [10, 8];
const CHUNK_BYTES = 64 * 1024;
/** A block of a megabyte is far smaller than the first; none that is written is larger than the last. */
const [FIRST_LOOK_BYTES, LAST_LOOK_BYTES] = [1024 * 1024, 64 * 1024 * 1024];

/**
 * The text of a compressed file. Members are given to gzip one by one, since it keeps what it has of a chunk to itself when
 * something in it is broken: so all that is before the broken member is handed out before the error.
 */
export async function* gunzipped(path: string): AsyncGenerator<Buffer, void, undefined> {
  const gunzip = createGunzip();
  const ready: Buffer[] = [];
  const over = new Promise<Over>((resolve) => {
    gunzip.once('error', (error) => resolve({ error })).once('end', () => resolve({}));
  });
  gunzip.on('data', (text: Buffer) => ready.push(text));
  try {
    for await (const piece of pieces(createReadStream(path, { highWaterMark: CHUNK_BYTES }))) {
      const ended = await Promise.race([written(gunzip, piece), over]);
      yield* ready.splice(0);
      if (ended?.error) throw ended.error;
      if (ended) return; // what follows the last member is none
    }
    gunzip.end();
    const { error } = await over;
    yield* ready.splice(0);
    if (error) throw error;
  } finally {
    gunzip.destroy();
  }
}

interface Over {
  error?: Error;
}

/** Of a piece in which something is broken it never resolves. */
function written(gunzip: Gunzip, piece: Buffer): Promise<undefined> {
  return new Promise((resolve) => {
    gunzip.write(piece, () => {
      while (gunzip.read() !== null); // so that what is there is told as `data` now, and not later
      resolve(undefined);
    });
  });
}

/** Each mark begins a piece; not each piece begins with one. */
async function* pieces(chunks: AsyncIterable<unknown>): AsyncGenerator<Buffer, void, undefined> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    for (let at = rest.indexOf(MARK, 1); at > 0; at = rest.indexOf(MARK, 1)) {
      yield rest.subarray(0, at);
      rest = rest.subarray(at);
    }
    const sure = rest.length - (MARK.length - 1); // a mark may have begun
    if (sure <= 0) continue;
    yield rest.subarray(0, sure);
    rest = rest.subarray(sure);
  }
  if (rest.length > 0) yield rest;
}

export interface Member {
  text: Buffer;
  /** The place in the file behind it. */
  end: number;
}

/** Undefined where no whole member of ours begins. */
export async function memberAt(path: string, offset: number): Promise<Member | undefined> {
  const file = await open(path, 'r');
  try {
    for (let size = FIRST_LOOK_BYTES; ; size *= 4) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(size), 0, size, offset);
      const member = inflated(buffer.subarray(0, bytesRead));
      if (member) return { text: member.text, end: offset + member.end };
      if (bytesRead < size || size >= LAST_LOOK_BYTES) return undefined;
    }
  } finally {
    await file.close();
  }
}

/** What there is of the text of a member that is the last one and was cut off; undefined where none of ours begins. */
export async function cutOffTextAt(path: string, offset: number): Promise<Buffer | undefined> {
  const file = await open(path, 'r');
  try {
    const size = Math.min(Math.max(0, (await file.stat()).size - offset), LAST_LOOK_BYTES);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(size), 0, size, offset);
    return cutOffText(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

function cutOffText(bytes: Buffer): Buffer | undefined {
  if (!bytes.subarray(0, MARK.length).equals(MARK)) return undefined;
  try {
    return inflateRawSync(bytes.subarray(HEAD_BYTES), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return undefined;
  }
}

/** The whole members that begin at `from` or behind it, whatever is between them. */
export async function* membersFrom(path: string, from: number): AsyncGenerator<Member, void, undefined> {
  let offset = from;
  for await (const piece of pieces(createReadStream(path, { start: from, highWaterMark: CHUNK_BYTES }))) {
    const member = piece.subarray(0, MARK.length).equals(MARK) ? await memberAt(path, offset) : undefined;
    if (member) yield member;
    offset += piece.length;
  }
}

function inflated(bytes: Buffer): Member | undefined {
  if (!bytes.subarray(0, MARK.length).equals(MARK)) return undefined;
  try {
    // Its types do not tell that `info` makes it answer so.
    const { engine } = inflateRawSync(bytes.subarray(HEAD_BYTES), { info: true }) as unknown as {
      engine: { bytesWritten: number };
    };
    const end = HEAD_BYTES + engine.bytesWritten + TAIL_BYTES;
    return end > bytes.length ? undefined : { text: gunzipSync(bytes.subarray(0, end)), end };
  } catch {
    return undefined;
  }
}
