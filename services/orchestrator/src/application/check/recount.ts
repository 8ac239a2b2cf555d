import { LIMITS, type TaskState } from '@multiswarm/contracts';
import type { Batch, Write } from '../../ports';

/**
 * Counts the tasks of a shard by state as they were after one commit, although they are read page by page while others are
 * committed.
 *
 * C1. A task that no commit has touched since then is in the state in which it is read; one that was touched was in the state
 *     from which the first of these commits took it (`was`), and one that was made since then was not there.
 * C2. To be told of every batch from before that commit on, each before it leaves for the store.
 */
export class Recount {
  private readonly sums = new Map<TaskState, number>();
  private readonly touched = new Map<string, TaskState | undefined>();
  /** C2: those that were told before the commit was known after which it counts. */
  private early: Batch[] | undefined = [];
  private after = 0;

  constructor(private readonly most: number = LIMITS.CHECK_TOUCHED) {}

  /** More has changed than is remembered: the sums mean nothing. */
  get isLost(): boolean {
    return this.touched.size > this.most;
  }

  /** @param batchSeq of the commit after which it counts */
  begin(batchSeq: number): void {
    this.after = batchSeq;
    const told = this.early ?? [];
    this.early = undefined;
    for (const batch of told) this.take(batch);
  }

  /** C2. */
  take(batch: Batch): void {
    if (this.early) this.early.push(batch);
    else if (batch.batchSeq > this.after && !this.isLost) for (const write of batch.writes) this.touch(write);
  }

  /** C1. Each task once. @param state in which it was read */
  read(id: string, state: TaskState): void {
    const was = this.touched.has(id) ? this.touched.get(id) : state;
    if (was !== undefined) this.sums.set(was, (this.sums.get(was) ?? 0) + 1);
  }

  of(state: TaskState): number {
    return this.sums.get(state) ?? 0;
  }

  private touch(write: Write): void {
    if (write.kind !== 'task' || this.touched.has(write.record.id)) return;
    // Written as it is, to mend an index: nothing has become of it.
    if (!write.isNew && write.was === undefined) return;
    this.touched.set(write.record.id, write.was);
  }
}
