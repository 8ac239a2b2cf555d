import type { AttemptRef } from '@multiswarm/contracts';
import type { TaskRecord } from '../domain/task/record';
import type { AttemptLeases } from './attempt-leases';
import type { Change } from './change';
import type { CommitTap } from './commit-tap';
import type { DueTimes } from './due-times';
import type { KnownIds } from './known-ids';
import type { OutboxRelay } from './outbox-relay';
import type { ShardIndex } from './shard-index';
import type { ShardState } from './shard-state';

/** What an owner keeps in memory, open to whoever holds it against the store. */
export interface OwnerInsides {
  readonly shard: number;
  readonly epoch: number;
  readonly due: DueTimes;
  readonly ids: KnownIds;
  readonly leases: AttemptLeases;
  readonly relay: OutboxRelay;
  readonly tap: CommitTap;
  readonly index: ShardIndex;
  /** @throws MultiswarmError where the shard is not to be served any more */
  state(): ShardState;
  /** Whether the timers of all tasks that waited when it took over are set. */
  isStreamedIn(): boolean;
  recall(ids: readonly string[]): Promise<Map<string, TaskRecord>>;
  /** Resolves when all that was given to be committed before is committed. */
  settled(): Promise<void>;
  commit(change: Change): Promise<void>;
  /** Takes up a placed task as a new owner would. */
  resume(record: TaskRecord): void;
  /** Tells a swarm that an attempt which it has is over. */
  giveUp(region: string, swarmId: string, attempt: AttemptRef): void;
  retentionMs(namespace: string): number;
  readonly attemptBase: number;
}
