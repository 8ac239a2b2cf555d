import type { DispatchRequest, TaskSpec } from '@multiswarm/contracts';
import type { Clock, Ids, Random } from '@multiswarm/core';
import type { Logger } from '@multiswarm/telemetry';
import type { TaskRecord } from '../domain/task/record';
import type { ShardStore, Write } from '../ports';
import type { Breather } from './breather';
import type { Change } from './change';
import type { OutboxRelay } from './outbox-relay';
import type { Circumstances, EffectParts, ShardEffects } from './shard-effects';
import type { ShardState } from './shard-state';
import type { Turns } from './turns';

export interface OwnerParts extends EffectParts {
  store: ShardStore;
  relay: OutboxRelay;
  clock: Clock;
  random: Random;
  /** For tasks that runs make. */
  ids: Ids;
  /** With the priority that its namespace allows at most. */
  capped: (spec: TaskSpec) => TaskSpec;
  logger: Logger;
  /** How long ended tasks of a namespace are kept. */
  retentionMs: (namespace: string) => number;
  /** Whether the lease of the shard still holds, by the monotonic clock. */
  leaseHolds: () => boolean;
  onLost: () => void;
  /** What a commit has written, as soon as it is confirmed: readers of this process need not wait for the stream. */
  onCommitted: (writes: readonly Write[]) => void;
  /** Of all owners of this process: whose turn it is to read records for its index, and how much of a turn searches take. */
  indexing: { turns: Turns; breather: Breather };
  /** The numbers of attempts that may have been used before the data was set back: the next ones are larger. 0: it never was. */
  attemptBase?: number | undefined;
  /** The run of the import that is under way: until it is over, nobody is served. */
  importing?: string | undefined;
  /** `HOT_WAITING_TASKS` and `RECALLED_AT_ONCE`, unless told. */
  memory?: OwnerMemory | undefined;
}

/** How many waiting tasks a shard keeps in memory, and how many it reads back at once. */
export interface OwnerMemory {
  hotWaiting: number;
  recalledAtOnce: number;
}

/** What the parts of one owner work with: its state, and the one way in which a change of it is committed. */
export interface OwnerDesk {
  readonly shard: number;
  readonly parts: OwnerParts;
  readonly effects: ShardEffects;
  /** Roots that are being deleted: what was read of them does not count any more. */
  readonly forgetting: Set<string>;
  /** A new id of a task of the shard. */
  readonly newTaskId: () => string;
  /**
   * The state of a shard that may answer.
   * @throws MultiswarmError `shard-unavailable`
   */
  serving(): ShardState;
  /**
   * The state of a shard whose answers rest on a commit, which checks the epoch.
   * @throws MultiswarmError `shard-unavailable` where it changes hands
   */
  open(): ShardState;
  /** The state, where somebody else will see to it when this owner is none any more. */
  peek(): ShardState | undefined;
  /** @throws MultiswarmError `shard-unavailable` where the lease does not hold */
  checkLease(): void;
  /** Records in memory or as they were committed; active ones are in memory afterwards. */
  recall(ids: readonly string[]): Promise<Map<string, TaskRecord>>;
  /** @returns what goes out with the answer, where attempts were fetched */
  commit(change: Change, circumstances?: Circumstances): Promise<DispatchRequest | undefined>;
  /** As `commit`, for what is about to be answered: under a lease that holds. */
  commitToAnswer(change: Change, circumstances?: Circumstances): Promise<void>;
}
