import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Fault } from '../faults';
import { cutOff, damaged, foreignVersion, noArchive, unreadable } from './faults';
import { FORMAT, parseLine, type ArchiveLine, type Checkpoint, type End, type Header } from './format';
import { gunzipped } from './members';

/** Part of an archive of which the checksum was right. */
export interface Block {
  /** The header, where it is the first block. */
  header?: Header;
  lines: ArchiveLine[];
  /** None in what stands behind the last block: the end alone. */
  checkpoint?: Checkpoint;
  end?: End;
  /** Of all text up to here. */
  hash: Hash;
  /** Of the text up to here. */
  bytes: number;
}

export interface ScanOptions {
  /** Stops without a fault where the file is cut off or damaged: what was found until then was whole. */
  partial?: boolean;
}

/** A block is a megabyte of text, and an event behind it; what is longer was not written by us. */
const MOST_BLOCK_BYTES = 64 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * Reads an archive block by block; nothing is handed out before its checksum was compared.
 * @throws Fault that says at which line it is damaged, cut off or foreign
 */
export async function* readBlocks(
  path: string,
  options: ScanOptions = {},
): AsyncGenerator<Block, void, undefined> {
  const scan = new Scan(path);
  try {
    for await (const chunk of await textOf(path)) yield* scan.push(chunk as Buffer);
    scan.finish();
  } catch (error) {
    const fault = scan.asFault(error);
    if (options.partial !== true || !STOPPED.has(fault.code)) throw fault;
    const beginning = scan.beginning();
    if (beginning === 'none') throw fault;
    if (beginning) yield beginning;
  }
}

const STOPPED: ReadonlySet<string> = new Set(['archive-damaged', 'archive-truncated']);

async function textOf(path: string): Promise<AsyncIterable<unknown>> {
  return (await startsLikeGzip(path)) ? gunzipped(path) : createReadStream(path);
}

/** What it is says the file, not its name. */
export async function startsLikeGzip(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'r');
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
      return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

class Scan {
  private readonly hash = createHash('sha256');
  private rest: Buffer[] = [];
  private restBytes = 0;
  private lines: ArchiveLine[] = [];
  private blockBytes = 0;
  private bytes = 0;
  private line = 0;
  private header: Header | undefined;
  private isFirst = true;
  private isOver = false;

  constructor(private readonly path: string) {}

  /** The header alone, where the file was cut off before it came to a checkpoint. */
  beginning(): Block | 'none' | undefined {
    const { header, isFirst } = this;
    if (!header) return 'none';
    return isFirst ? { header, lines: [], hash: createHash('sha256'), bytes: 0 } : undefined;
  }

  *push(chunk: Buffer): Generator<Block, void, undefined> {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([...this.rest, chunk.subarray(from, at + 1)]);
      this.rest = [];
      this.restBytes = 0;
      from = at + 1;
      const block = this.take(line);
      if (block) yield block;
    }
    if (from === chunk.length) return;
    this.rest.push(chunk.subarray(from));
    this.restBytes += chunk.length - from;
    if (this.restBytes > MOST_BLOCK_BYTES) throw this.tooLong();
  }

  finish(): void {
    if (this.line === 0) throw noArchive(this.path, this.restBytes === 0 ? 'it is empty' : 'it has no line');
    if (!this.isOver || this.restBytes > 0) throw cutOff(this.path, this.line);
  }

  /** Of what the file system and gzip say. */
  asFault(error: unknown): Fault {
    if (error instanceof Fault) return error;
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
    if (code === 'Z_BUF_ERROR')
      return this.line === 0
        ? noArchive(this.path, 'it is cut off before its first line')
        : cutOff(this.path, this.line);
    if (code.startsWith('Z_')) return damaged(this.path, this.line + 1, 'the compression is broken');
    return unreadable(this.path, error);
  }

  private take(bytes: Buffer): Block | undefined {
    this.line += 1;
    if (this.isOver) throw damaged(this.path, this.line, 'something follows the end of the archive');
    this.blockBytes += bytes.length;
    this.bytes += bytes.length;
    if (this.blockBytes > MOST_BLOCK_BYTES) throw this.tooLong();
    const line = parseLine(bytes.toString('utf8'));
    if (this.line === 1) {
      this.begin(line, bytes);
      return undefined;
    }
    if (!line || line.kind === 'header') throw damaged(this.path, this.line, 'this is no line of an archive');
    if (line.kind === 'checkpoint') return this.close(line.checkpoint, bytes);
    if (line.kind === 'end') return this.end(line.end, line.sealed);
    this.hash.update(bytes);
    this.lines.push(line);
    return undefined;
  }

  private begin(line: ArchiveLine | undefined, bytes: Buffer): void {
    if (line?.kind !== 'header') throw noArchive(this.path, 'its first line is not the header of one');
    const { version } = line.header;
    if (version !== FORMAT.version) throw foreignVersion(this.path, version, FORMAT.version);
    this.header = line.header;
    this.hash.update(bytes);
  }

  private close(checkpoint: Checkpoint, bytes: Buffer): Block {
    this.compare(checkpoint.sha256);
    this.hash.update(bytes);
    return { ...this.cut(), checkpoint };
  }

  private end(end: End, sealed: string): Block {
    if (this.lines.length > 0) throw damaged(this.path, this.line, 'a checkpoint is missing before the end');
    this.compare(end.sha256, sealed);
    this.isOver = true;
    return { ...this.cut(), end };
  }

  private cut(): Block {
    const { lines, header, isFirst, bytes } = this;
    this.lines = [];
    this.blockBytes = 0;
    this.isFirst = false;
    return { lines, ...(isFirst && header ? { header } : {}), hash: this.hash.copy(), bytes };
  }

  private compare(sha256: string, more = ''): void {
    if (this.hash.copy().update(more).digest('hex') !== sha256)
      throw damaged(this.path, this.line, 'the lines before it are not those that were written');
  }

  private tooLong(): Fault {
    return damaged(this.path, this.line + 1, 'a block is longer than any that is written');
  }
}
