import type { MetadataColumn } from './metadata-column';
import type { MetadataQuestion } from './metadata-question';
import { GROUP } from './signatures';

/** Blocks that may be read for some rows before others get a turn: it takes a millisecond or two. */
const READS_AT_ONCE = 2_000;

/** One question to the metadata of rows, and what is known of the answer: valid until a block is added. */
export class MetadataSearch {
  /** A bit for each block of the groups that were looked at: cleared where it cannot hold it. */
  private readonly maybe: Uint32Array;
  /** The same: set where it was found to. */
  private readonly sure: Uint32Array;
  private readonly looked: Uint8Array;

  constructor(
    private readonly metadata: MetadataColumn,
    private readonly question: MetadataQuestion,
  ) {
    const groups = ((metadata.blocks - 1) >>> GROUP.shift) + 1;
    this.maybe = new Uint32Array(groups * GROUP.words);
    this.sure = new Uint32Array(groups * GROUP.words);
    this.looked = new Uint8Array(groups);
  }

  /**
   * Leaves out what cannot hold it, as the signatures tell.
   * @param order has the rows from this place on; without it their numbers begin there
   * @param into the rows that are left, as they come
   * @returns how many are left; -1 where so many blocks had to be signed first that it is to be asked again later
   */
  possible(order: Uint32Array | undefined, from: number, count: number, into: Uint32Array): number {
    const most = this.metadata.reads + READS_AT_ONCE;
    const { maybe, looked } = this;
    const { codes } = this.metadata;
    let kept = 0;
    let group = -1;
    for (let at = 0; at < count; at += 1) {
      const row = order ? (order[from + at] as number) : from + at;
      const block = codes[row] as number;
      // Rows that follow each other mostly have blocks that do.
      if (block >>> GROUP.shift !== group) {
        group = block >>> GROUP.shift;
        if (looked[group] === 0) {
          if (this.metadata.reads >= most) return -1;
          this.look(group);
        }
      }
      if (((maybe[block >>> 5] as number) & (1 << (block & 31))) !== 0) into[kept++] = row;
    }
    return kept;
  }

  /** Leaves out what does not hold it, as the bytes tell. @returns how many rows are left */
  certain(rows: Uint32Array, count: number): number {
    const { codes } = this.metadata;
    let kept = 0;
    for (let at = 0; at < count; at += 1) {
      const row = rows[at] as number;
      if (this.holds(codes[row] as number)) rows[kept++] = row;
    }
    return kept;
  }

  /** Each block is read once. */
  private holds(block: number): boolean {
    const word = block >>> 5;
    const bit = 1 << (block & 31);
    if (((this.sure[word] as number) & bit) !== 0) return true;
    if (((this.maybe[word] as number) & bit) === 0) return false;
    const isHeld = this.metadata.holds(block, this.question);
    const known = isHeld ? this.sure : this.maybe;
    known[word] = (known[word] as number) ^ bit;
    return isHeld;
  }

  private look(group: number): void {
    this.metadata.find(group, this.question, this.maybe);
    this.looked[group] = 1;
  }
}
