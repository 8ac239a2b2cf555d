import { basename } from 'node:path';
import { EXIT, Fault } from '../faults';
import { readBlocks } from './blocks';
import { Continuity } from './continuity';
import { damaged } from './faults';
import type { ArchiveLine, End, Header } from './format';

/** What was found in a file: what it has, or what is wrong with it. `holes` counts those between it and the files before it, too. */
export type Checked = { file: string; end: End; header: Header } | { file: string; fault: Fault };

/**
 * Reads whole archives, one after the other: checksums, what their ends say, and whether the events of each root follow each other, over
 * all files of a sequence that are given in its order.
 */
export class ArchiveCheck {
  /** Of the sequence to which the last file belongs. */
  private sequence: Continuity | undefined;
  private lastSha256: string | undefined;

  async check(path: string): Promise<Checked> {
    let [header, end, count]: [Header?, End?, Count?] = [];
    try {
      for await (const block of readBlocks(path)) {
        end = block.end;
        if (block.header) count = new Count(path, (header = block.header), this.continued(block.header));
        for (const line of block.lines) count?.take(line);
      }
      // Whoever reads a file to its end without a fault has met all three.
      const found = (count as Count).compare(end as End);
      this.lastSha256 = found.sha256;
      return { file: path, header: header as Header, end: found };
    } catch (error) {
      this.lastSha256 = undefined;
      if (error instanceof Fault) return { file: path, fault: error };
      throw error;
    }
  }

  private continued({ after, filter }: Header): Continuity {
    const goesOn = after !== undefined && after.sha256 === this.lastSha256;
    if (!goesOn || !this.sequence) return (this.sequence = new Continuity(filter['root']));
    this.sequence.nextFile();
    return this.sequence;
  }
}

class Count {
  private readonly alone: Continuity;
  private readonly found = { events: 0, recovered: 0, gaps: 0 };

  constructor(
    private readonly path: string,
    private readonly header: Header,
    private readonly sequence: Continuity,
  ) {
    this.alone = new Continuity(header.filter['root']);
  }

  take(line: ArchiveLine): void {
    const { found, path } = this;
    if (line.kind === 'gap') found.gaps += 1;
    if (line.kind !== 'event') return;
    found.events += 1;
    if (line.id === undefined) found.recovered += 1;
    const { root, seq } = line.event;
    this.sequence.note(line.event);
    if (this.alone.note(line.event).kind === 'repeated')
      throw damaged(path, undefined, `event ${seq} of ${root} comes after a later one`);
  }

  /** @throws Fault where the end says something else */
  compare(end: End): End {
    const { found, header, path } = this;
    const wrong = (['events', 'recovered', 'gaps'] as const).find((name) => end[name] !== found[name]);
    if (wrong !== undefined)
      throw damaged(path, undefined, `its end says ${end[wrong]} ${wrong}, it has ${found[wrong]}`);
    const { holes } = this.alone.counts;
    // Who wrote it knew what stands in the files before, which need not be here.
    if (header.after ? end.holes < holes : end.holes !== holes)
      throw damaged(path, undefined, `its end says ${end.holes} holes, it has ${holes}`);
    // And who went on with it after an interruption had read none but the last of them.
    return { ...end, holes: Math.max(end.holes, this.sequence.counts.holes) };
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
