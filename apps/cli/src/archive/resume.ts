import { endOf, hasMoreBehind, type BlockEnd } from './behind';
import { readBlocks, startsLikeGzip, type Block } from './blocks';
import type { Continuity } from './continuity';
import { cutOff, damaged } from './faults';
import type { Checkpoint, Header } from './format';
import { ArchiveWriter, type Kept } from './writer';

export interface Resumed {
  header: Header;
  /** Undefined where the archive was complete. */
  writer: ArchiveWriter | undefined;
  sha256: string;
  position: string | undefined;
}

type Whole = Block & { checkpoint: Checkpoint };

/**
 * Goes on with an archive that was not ended, behind its last whole block. Where whole blocks follow what is broken, nothing is
 * cut off: that is no interruption, and the stream may have lost by now what they have.
 * @param check throws where this is not the archive that is meant; nothing is changed then
 * @throws Fault `archive-damaged`; nothing is changed then
 */
export async function resumeArchive(
  path: string,
  continuity: Continuity,
  check: (header: Header) => void = () => undefined,
): Promise<Resumed> {
  const isCompressed = await startsLikeGzip(path);
  let header: Header | undefined;
  let [kept, last]: [Kept | undefined, Whole | undefined] = [undefined, undefined];
  for await (const block of readBlocks(path, { partial: true })) {
    if (block.header) check((header = block.header));
    if (block.end && header) {
      const { position, sha256 } = block.end;
      return { header, writer: undefined, sha256, position };
    }
    if (!isWhole(block)) continue;
    kept = keep(kept, block, continuity);
    last = block;
  }
  if (!header) throw cutOff(path, 0);
  const { offset, torn }: BlockEnd = last ? await endOf(path, isCompressed, last) : { offset: 0 };
  if (await hasMoreBehind(path, isCompressed, offset - (torn?.length ?? 0)))
    throw damaged(path, undefined, 'whole blocks follow what is broken, which --resume would cut off');
  const writer = kept
    ? await ArchiveWriter.resume(path, isCompressed, { ...kept, offset }, torn)
    : await ArchiveWriter.restart(path, header);
  return { header, writer, sha256: writer.sha256, position: writer.position };
}

function isWhole(block: Block): block is Whole {
  return block.checkpoint !== undefined;
}

function keep(before: Kept | undefined, block: Whole, continuity: Continuity): Kept {
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
  kept.position = block.checkpoint.position;
  return kept;
}
