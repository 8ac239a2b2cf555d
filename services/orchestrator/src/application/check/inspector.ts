import type { TaskRecord } from '../../domain/task/record';
import type { RunProgress, RunRecord } from '../../domain/workflow/run';

/** What a shard counts of itself, all of one moment. */
export interface ShardSums {
  owner: string;
  epoch: number;
  /** Of the last commit that is in it. */
  batchSeq: number;
  counts: Record<string, number>;
  specs: number;
  /** Entries of the indexes. */
  tasks: number;
  workflows: number;
  waiting: number;
  active: number;
  outbox: { length: number; first: number | undefined; last: number | undefined };
}

/** Where one task is found, all of one moment. */
export interface TaskPlaces {
  id: string;
  record: TaskRecord | undefined;
  /** Why the record cannot be read. */
  unreadable?: string | undefined;
  /** Scores of the sorted sets; undefined where it is not in them. */
  listedAt: number | undefined;
  waitingAt: number | undefined;
  isActive: boolean;
  expiresAt: number | undefined;
  letterAt: number | undefined;
  /** What dead letters are filtered by, as it is stored. */
  letterFacts: string | undefined;
  /** The payloads that it is listed to refer to. */
  payloads: string | undefined;
}

/** Where one run is found, all of one moment. */
export interface RunPlaces {
  id: string;
  run: { run: RunRecord; progress: RunProgress } | undefined;
  /** Why what there is of the record cannot be read. */
  unreadable?: string | undefined;
  listedAt: number | undefined;
  isActive: boolean;
  expiresAt: number | undefined;
}

export interface ListedId {
  id: string;
  at: number;
}

/** The indexes of a shard that are walked for what should not be there. */
export const INDEXES = [
  'waiting',
  'active',
  'expiry',
  'dead-letters',
  'dead-letter-facts',
  'payloads',
  'specs',
  'active-runs',
] as const;
export type IndexName = (typeof INDEXES)[number];

/** Reads of a shard for whoever compares its parts: each answer is of one moment, and small. */
export interface ShardInspector {
  sums(shard: number): Promise<ShardSums>;
  /** In the order of their creation, from behind `after` on: all that are there throughout, each once. */
  listed(
    kind: 'tasks' | 'workflows',
    shard: number,
    after: ListedId | undefined,
    limit: number,
  ): Promise<ListedId[]>;
  look(shard: number, ids: readonly string[]): Promise<TaskPlaces[]>;
  lookAtRuns(shard: number, ids: readonly string[]): Promise<RunPlaces[]>;
  /** Those of these tasks that the list of tasks does not have: without a look at their records. */
  unlistedTasks(shard: number, ids: readonly string[]): Promise<string[]>;
  /** Those of these runs that the list of runs does not have, or of which there is no record: without a look at the records themselves. */
  lostRuns(shard: number, ids: readonly string[]): Promise<string[]>;
  /** The members of an index: all that are there throughout, some of them perhaps twice. */
  members(shard: number, index: IndexName): AsyncIterable<string[]>;
  /** What dead letters of this record are filtered by, as it has to be stored. */
  factsOf(record: TaskRecord): string;
  /** The payloads that a record refers to, as it has to be stored; undefined where there are none. */
  payloadsOf(record: TaskRecord): string | undefined;
}
