import type { ShardCopyLine } from '@multiswarm/contracts';
import type { ListedId } from '../check/inspector';

/** What a shard has of some ids, all of one moment. */
export interface CopiedRoots {
  /** The commit after which it was read. */
  batchSeq: number;
  lines: ShardCopyLine[];
}

/** How far the import of a shard has come that is under way. */
export interface ImportMark {
  run: string;
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
  /** Deletes all tasks, runs and counts of a shard; its epoch and the number of its last commit stay. */
  clear(shard: number): Promise<void>;
  /** The import is over: numbers go on from the larger ones, of the copy or of the shard. */
  unmark(shard: number, epoch: number, from: Omit<ImportMark, 'run'> | undefined): Promise<boolean>;
}
