import { basename } from 'node:path';
import { EXIT, Fault } from '../faults';
import { readBlocks } from './blocks';
import { Continuity } from './continuity';
import { damaged } from './faults';
import type { ArchiveLine, End, Header } from './format';

/** What was found in a file: what it has, or what is wrong with it. */
export type Checked = { file: string; end: End; header: Header } | { file: string; fault: Fault };

/** Reads a whole archive: checksums, what its end says, and whether the events of each root follow each other. */
export async function checkArchive(path: string): Promise<Checked> {
  const count = new Count(path);
  let header: Header | undefined;
  let end: End | undefined;
  try {
    for await (const block of readBlocks(path)) {
      header ??= block.header;
      end = block.end;
      for (const line of block.lines) count.take(line);
    }
    // Whoever reads a file to its end without a fault has met both.
    return { file: path, header: header as Header, end: count.compare(end as End) };
  } catch (error) {
    if (error instanceof Fault) return { file: path, fault: error };
    throw error;
  }
}

class Count {
  private readonly continuity = new Continuity();
  private readonly found = { events: 0, recovered: 0, gaps: 0 };

  constructor(private readonly path: string) {}

  take(line: ArchiveLine): void {
    const { found, path } = this;
    if (line.kind === 'gap') found.gaps += 1;
    if (line.kind !== 'event') return;
    found.events += 1;
    if (line.id === undefined) found.recovered += 1;
    const { root, seq } = line.event;
    if (this.continuity.note(line.event).kind === 'repeated')
      throw damaged(path, undefined, `event ${seq} of ${root} comes after a later one`);
  }

  /** @throws Fault where the end says something else */
  compare(end: End): End {
    const found: Partial<End> = { ...this.found, ...this.continuity.counts };
    const names = ['events', 'recovered', 'gaps', 'holes'] as const;
    const wrong = names.find((name) => end[name] !== found[name]);
    if (wrong === undefined) return end;
    throw damaged(this.path, undefined, `its end says ${end[wrong]} ${wrong}, it has ${found[wrong]}`);
  }
}

/** Archives of a sequence of which the one before is another than the one that was given before. */
export function brokenChains(checked: readonly Checked[]): Fault[] {
  const known = new Map(
    checked.flatMap((one) => ('end' in one ? [[basename(one.file), one.end.sha256] as const] : [])),
  );
  return checked.flatMap((one) => {
    const after = 'header' in one ? one.header.after : undefined;
    const sha256 = after && known.get(after.file);
    if (!after || sha256 === undefined || sha256 === after.sha256) return [];
    return [
      new Fault(`${one.file} goes on after another ${after.file} than the one that is here`, {
        code: 'archive-chain',
        exit: EXIT.workFailed,
      }),
    ];
  });
}
