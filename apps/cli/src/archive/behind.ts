import { createReadStream } from 'node:fs';
import type { Block } from './blocks';
import { damaged } from './faults';
import { parseLine, type ArchiveLine, type Checkpoint } from './format';
import { memberAt, membersFrom } from './members';

const NEWLINE = 0x0a;

/**
 * The place in the file behind a block.
 * @throws Fault where the file is another than the one that was written, as one that was compressed anew
 */
export async function endOf(
  path: string,
  isCompressed: boolean,
  { bytes, checkpoint }: Block & { checkpoint: Checkpoint },
): Promise<number> {
  if (!isCompressed) return bytes;
  const member = await memberAt(path, checkpoint.offset);
  const last = member && closing(lastLine(member.text));
  if (last?.kind === 'checkpoint' && last.checkpoint.sha256 === checkpoint.sha256) return member?.end ?? 0;
  throw damaged(
    path,
    undefined,
    'its blocks are not compressed as they were written: it cannot be gone on with',
  );
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
