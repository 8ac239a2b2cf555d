import { readBlocks, startsLikeGzip, type Block } from './blocks';
import type { Continuity } from './continuity';
import { cutOff } from './faults';
import type { Header } from './format';
import { ArchiveWriter, type Kept } from './writer';

export interface Resumed {
  header: Header;
  /** Undefined where the archive was complete. */
  writer: ArchiveWriter | undefined;
  sha256: string;
  position: string | undefined;
}

/**
 * Goes on with an archive that was not ended. Of a compressed file only the beginnings of blocks are known, so the last
 * whole block is cut off, too, and read from the stream again.
 * @param check throws where this is not the archive that is meant; nothing is changed then
 */
export async function resumeArchive(
  path: string,
  continuity: Continuity,
  check: (header: Header) => void = () => undefined,
): Promise<Resumed> {
  const isCompressed = await startsLikeGzip(path);
  let header: Header | undefined;
  let [kept, pending]: [Kept | undefined, Block | undefined] = [undefined, undefined];
  for await (const block of readBlocks(path, { partial: true })) {
    if (block.header) check((header = block.header));
    if (pending) kept = keep(kept, pending, block.checkpoint?.offset, continuity);
    if (block.end && header) {
      const { position, sha256 } = block.end;
      return { header, writer: undefined, sha256, position };
    }
    pending = block;
  }
  if (!header) throw cutOff(path, 0);
  const writer = kept
    ? await ArchiveWriter.resume(path, isCompressed, kept)
    : await ArchiveWriter.restart(path, header);
  return { header, writer, sha256: writer.sha256, position: writer.position };
}

/** @param offset where the block after this one begins */
function keep(
  before: Kept | undefined,
  block: Block,
  offset: number | undefined,
  continuity: Continuity,
): Kept {
  const kept: Kept = before ?? {
    ...{ offset: 0, hash: block.hash, events: 0, recovered: 0, gaps: 0 },
    ...{ position: undefined, first: undefined, last: undefined },
  };
  for (const line of block.lines) {
    if (line.kind === 'gap') kept.gaps += 1;
    if (line.kind !== 'event') continue;
    const { event, id } = line;
    continuity.note(event);
    kept.events += 1;
    if (id === undefined) kept.recovered += 1;
    kept.first = Math.min(kept.first ?? event.at, event.at);
    kept.last = Math.max(kept.last ?? event.at, event.at);
  }
  kept.hash = block.hash;
  kept.position = block.checkpoint?.position;
  kept.offset = offset ?? kept.offset;
  return kept;
}
