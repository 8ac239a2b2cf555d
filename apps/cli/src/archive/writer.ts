import { createHash, type Hash } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { Event, EventGap } from '@multiswarm/contracts';
import { FORMAT, printEventLine, printGapLine, type End, type Header, type Totals } from './format';
import { placeNew, temporaryName, type Place } from './placing';

/** Text of a block. */
const BLOCK_CHARS = 1024 * 1024;

/** What was written before, of an archive that is gone on with. */
export interface Kept {
  offset: number;
  hash: Hash;
  events: number;
  recovered: number;
  gaps: number;
  position: string | undefined;
  first: number | undefined;
  last: number | undefined;
}

const NOTHING = {
  ...{ offset: 0, events: 0, recovered: 0, gaps: 0 },
  ...{ position: undefined, first: undefined, last: undefined },
};

/**
 * Writes an archive, block by block: what was cut off after a checkpoint can be gone on with from there.
 *
 * W1. A file has its name only when its header is on the disk: one without could never be gone on with.
 * W2. After a write that failed nothing more is written. The checksum counts the lines of that write, which are lost: a whole block
 *     behind it would never be right, and the archive be damaged where it is only cut off.
 */
export class ArchiveWriter {
  private text: string[] = [];
  private chars = 0;
  private state: Kept;
  private failure: { error: unknown } | undefined;

  constructor(
    private readonly file: FileHandle,
    readonly path: string,
    private readonly isCompressed: boolean,
    kept: Kept | undefined,
  ) {
    this.state = kept ?? { ...NOTHING, hash: createHash('sha256') };
  }

  /** A new file; one that is there already is not touched. */
  static create(path: string, header: Omit<Header, 'archive' | 'version'>): Promise<ArchiveWriter> {
    return begin(path, { archive: FORMAT.name, version: FORMAT.version, ...header }, placeNew);
  }

  /** The same archive once more, from its beginning. */
  static restart(path: string, header: Header): Promise<ArchiveWriter> {
    return begin(path, header, rename);
  }

  /**
   * Goes on with a file after what is kept of it; the rest is cut off.
   * @param torn what has to stand at the end of what is kept, and does not as a whole
   */
  static async resume(
    path: string,
    isCompressed: boolean,
    kept: Kept,
    torn?: Buffer,
  ): Promise<ArchiveWriter> {
    const file = await open(path, 'r+');
    if (torn) await writeAll(file, torn, kept.offset - torn.length);
    await file.truncate(kept.offset);
    return new ArchiveWriter(file, path, isCompressed, kept);
  }

  get position(): string | undefined {
    return this.state.position;
  }

  get events(): number {
    return this.state.events;
  }

  get recovered(): number {
    return this.state.recovered;
  }

  get gaps(): number {
    return this.state.gaps;
  }

  /** Bytes of the file up to the last checkpoint. */
  get bytes(): number {
    return this.state.offset;
  }

  /** The time of the newest event, epoch ms. */
  get newest(): number | undefined {
    return this.state.last;
  }

  get sha256(): string {
    return this.state.hash.copy().digest('hex');
  }

  /** @param id its place in the stream; none of one that comes from a history */
  async event(event: Event, id: string | undefined): Promise<void> {
    const { state } = this;
    state.events += 1;
    if (id === undefined) state.recovered += 1;
    else state.position = id;
    state.first = Math.min(state.first ?? event.at, event.at);
    state.last = Math.max(state.last ?? event.at, event.at);
    this.line(printEventLine(event, id));
    if (this.chars >= BLOCK_CHARS) await this.checkpoint();
  }

  gap(gap: EventGap, id: string | undefined): void {
    this.state.gaps += 1;
    if (id !== undefined) this.state.position = id;
    this.line(printGapLine(gap, id));
  }

  /** The stream was read up to here, also where nothing of it was wanted. */
  moveTo(position: string): void {
    this.state.position = position;
  }

  /**
   * Ends the block, and has it on the disk.
   * @throws what a write before has failed with (W2), as all do that add something
   */
  async checkpoint(): Promise<void> {
    this.throwIfFailed();
    if (this.chars === 0) return;
    const { hash, events, position, offset } = this.state;
    for (const line of this.text) hash.update(line);
    const sha256 = this.sha256;
    this.line(JSON.stringify({ checkpoint: { events, ...withPosition(position), offset, sha256 } }));
    hash.update(this.text.at(-1) ?? '');
    await this.write();
  }

  /** The end of the archive; nothing can follow it. */
  async finish({ roots, holes }: Pick<Totals, 'roots' | 'holes'>): Promise<End> {
    await this.checkpoint();
    const { events, recovered, gaps, position, first, last } = this.state;
    const said = {
      ...{ events, recovered, gaps, roots, holes },
      ...withPosition(position),
      ...(first === undefined ? {} : { first: new Date(first).toISOString() }),
      ...(last === undefined ? {} : { last: new Date(last).toISOString() }),
    };
    const sha256 = this.state.hash.copy().update(JSON.stringify(said)).digest('hex');
    const end: End = { ...said, sha256 };
    this.line(JSON.stringify({ end }));
    await this.write();
    return end;
  }

  close(): Promise<void> {
    return this.file.close();
  }

  line(text: string): void {
    this.throwIfFailed();
    this.text.push(`${text}\n`);
    this.chars += text.length + 1;
  }

  private async write(): Promise<void> {
    const text = Buffer.from(this.text.join(''), 'utf8');
    const bytes = this.isCompressed ? gzipSync(text) : text;
    this.text = [];
    this.chars = 0;
    try {
      await writeAll(this.file, bytes, this.state.offset);
      await this.file.datasync();
    } catch (error) {
      this.failure = { error };
      throw error;
    }
    this.state.offset += bytes.length;
  }

  private throwIfFailed(): void {
    if (this.failure) throw this.failure.error;
  }
}

/** W1. */
async function begin(path: string, header: Header, place: Place): Promise<ArchiveWriter> {
  const temporary = temporaryName(path);
  const file = await open(temporary, 'wx');
  try {
    const writer = new ArchiveWriter(file, path, path.endsWith('.gz'), undefined);
    writer.line(JSON.stringify(header));
    await writer.checkpoint();
    await place(temporary, path);
    return writer;
  } catch (error) {
    await file.close();
    await rm(temporary, { force: true });
    throw error;
  }
}

function withPosition(position: string | undefined): { position?: string } {
  return position === undefined ? {} : { position };
}

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;)
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
}
