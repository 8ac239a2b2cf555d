import type { Cancel } from '@multiswarm/core';
import type { Batch, CommitResult, ShardStore } from '../ports';

/** Lets others see the batches of one owner as they leave for the store, while they look. */
export class CommitTap implements Pick<ShardStore, 'commit' | 'atTurnEnd'> {
  private readonly watchers = new Set<(batch: Batch) => void>();

  constructor(private readonly store: Pick<ShardStore, 'commit' | 'atTurnEnd'>) {}

  commit(batch: Batch): Promise<CommitResult> {
    for (const watcher of this.watchers) watcher(batch);
    return this.store.commit(batch);
  }

  atTurnEnd(leave: () => void): void {
    this.store.atTurnEnd(leave);
  }

  /** @param watcher sees each batch before it leaves, one that is sent again more than once */
  watch(watcher: (batch: Batch) => void): Cancel {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }
}
