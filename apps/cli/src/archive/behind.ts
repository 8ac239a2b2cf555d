import { createReadStream } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Block } from './blocks';
import { damaged } from './faults';
import { parseLine, type ArchiveLine, type Checkpoint } from './format';
import { memberAt, membersFrom, cutOffTextAt } from './members';

const NEWLINE = 0x0a;

export interface BlockEnd {
  /** The place in the file behind the block. */
  offset: number;
  /** What has to stand before it: where all text of the block is there, and the last bytes of its compression are not. */
  torn?: Buffer;
}

/**
 * Where a block ends, which is the last that could be read.
 * @throws Fault where the file is another than the one that was written, as one that was compressed anew
 */
export async function endOf(
  path: string,
  isCompressed: boolean,
  { bytes, checkpoint }: Block & { checkpoint: Checkpoint },
): Promise<BlockEnd> {
  if (!isCompressed) return { offset: bytes };
  const { offset } = checkpoint;
  const member = await memberAt(path, offset);
  if (member && isClosedBy(member.text, checkpoint)) return { offset: member.end };
  const text = member ? undefined : await cutOffTextAt(path, offset);
  if (text && isClosedBy(text, checkpoint)) {
    const torn = gzipSync(text);
    return { offset: offset + torn.length, torn };
  }
  throw damaged(
    path,
    undefined,
    'its blocks are not compressed as they were written: it cannot be gone on with',
  );
}

function isClosedBy(text: Buffer, { sha256 }: Checkpoint): boolean {
  const last = closing(lastLine(text));
  return last?.kind === 'checkpoint' && last.checkpoint.sha256 === sha256;
}

/**
 * Whether something whole follows the last block that could be read, which ends at `from`. Behind an interruption there is at most
 * one block, of which not all was written; what is behind damage was written, and may be nowhere else.
 */
export async function hasMoreBehind(path: string, isCompressed: boolean, from: number): Promise<boolean> {
  if (!isCompressed) return hasLinesBehind(path, from);
  for await (const { text } of membersFrom(path, from)) if (closing(lastLine(text))) return true;
  return false;
}

async function hasLinesBehind(path: string, from: number): Promise<boolean> {
  let rest: Buffer[] = [];
  for await (const chunk of createReadStream(path, { start: from })) {
    let bytes = chunk as Buffer;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE)) {
      const line = closing(Buffer.concat([...rest, bytes.subarray(0, at)]));
      if (line?.kind === 'end') return true;
      // Of what was torn the end may be there, and something before it missing.
      if (line?.kind === 'checkpoint' && line.checkpoint.offset !== from) return true;
      rest = [];
      bytes = bytes.subarray(at + 1);
    }
    rest.push(bytes);
  }
  return false;
}

function lastLine(text: Buffer): Buffer {
  return text.subarray(text.lastIndexOf(NEWLINE, -2) + 1);
}

/** The line that ends a block. */
function closing(bytes: Buffer): ArchiveLine | undefined {
  const line = parseLine(bytes.toString('utf8'));
  return line?.kind === 'checkpoint' || line?.kind === 'end' ? line : undefined;
}
