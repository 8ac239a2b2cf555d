import type { ShardCopyLine, ShardImportReply } from '@multiswarm/contracts';
import type { ListedId } from '../check/inspector';

/** What a shard has of some ids, all of one moment. */
export interface CopiedRoots {
  /** The commit after which it was read. */
  batchSeq: number;
  lines: ShardCopyLine[];
}

/** The numbers of a copy. */
export interface CopyNumbers {
  epoch: number;
  attemptBase: number;
  batchSeq: number;
}

/** Reads and writes of whole shards. */
export interface CopyStore {
  listed(
    kind: 'tasks' | 'workflows',
    shard: number,
    after: ListedId | undefined,
    limit: number,
  ): Promise<ListedId[]>;
  /** @param ids of tasks and runs */
  read(shard: number, ids: readonly string[]): Promise<CopiedRoots>;
  /** As `read`, with what the shard counts at that moment. */
  readLast(
    shard: number,
    ids: readonly string[],
  ): Promise<CopiedRoots & { tasks: number; runs: number; counts: Record<string, number> }>;
  /** Under its owner's epoch: the next owner deletes all that the shard has, and takes the parts of this run. */
  mark(shard: number, epoch: number, run: string): Promise<boolean>;
  marked(shard: number): Promise<string | undefined>;
  /**
   * Deletes all tasks, runs and counts of a shard that is marked with a run; its epoch and the number of its last commit stay.
   * Each step is one with the look at the epoch and the mark.
   * @param isGivenUp the mark goes with the last of it
   * @returns false where the shard has another owner or another mark: from there on nothing was done
   */
  clear(shard: number, epoch: number, run: string, isGivenUp: boolean): Promise<boolean>;
  /** The import is done: numbers go on from the larger ones, of the copy or of the shard. Once done, it is so again. */
  unmark(shard: number, epoch: number, from: CopyNumbers, done: ShardImportReply): Promise<boolean>;
  /** What came of the last import that was done. */
  imported(shard: number): Promise<ShardImportReply | undefined>;
}
