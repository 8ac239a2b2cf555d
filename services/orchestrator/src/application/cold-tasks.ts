import { isTerminal } from '@multiswarm/contracts';
import type { TaskRecord } from '../domain/task/record';
import type { ShardStore, WaitingPlace } from '../ports';
import type { ShardState } from './shard-state';

/** Tasks that are read back at once. */
export const RECALLED_AT_ONCE = 200;
/** Waiting tasks of one page of a stream. */
export const STREAM_PAGE = 1_000;

/**
 * Tasks that memory has let go of, read from the store when somebody needs them.
 *
 * K1. What is read counts only where the task was not in memory since the read began. One that was taken back, changed and
 *     let go of meanwhile is not what the store said then: it is read again.
 * K2. What is read is taken into memory page by page, as it comes.
 */
export class ColdTasks {
  /** Of each read that is under way: what was let go of since it began. */
  private readonly reads = new Set<Set<string>>();

  constructor(
    private readonly shard: number,
    private readonly store: Pick<ShardStore, 'tasks' | 'waiting'>,
    private readonly atOnce = RECALLED_AT_ONCE,
  ) {}

  /** To be told of every task that memory lets go of. */
  letGo(id: string): void {
    for (const gone of this.reads) gone.add(id);
  }

  /**
   * Records in memory or as they were committed; active ones are in memory afterwards.
   * @param stateOf throws where the shard is not to be served any more
   */
  recall(ids: readonly string[], stateOf: () => ShardState): Promise<Map<string, TaskRecord>> {
    return this.watched(async (gone) => {
      // Those that have ended, and are not taken into memory; undefined where there is no such task.
      const read = new Map<string, TaskRecord | undefined>();
      for (let state = stateOf(); ; state = stateOf()) {
        for (const id of gone) read.delete(id);
        gone.clear();
        const away = ids.filter((id) => !state.task(id) && !read.has(id));
        if (away.length === 0)
          return new Map(ids.flatMap((id) => entryOf(id, state.task(id) ?? read.get(id))));
        await this.page(away.slice(0, this.atOnce), gone, read, stateOf);
      }
    });
  }

  /**
   * All lone tasks that wait, oldest first.
   * @param missed gets those that were let go of while they were read, and are not among the pages
   */
  async *waiting(missed = new Set<string>()): AsyncGenerator<TaskRecord[]> {
    let after: WaitingPlace | undefined;
    for (;;) {
      const page: TaskRecord[] = await this.watched(async (gone) => {
        const records = await this.store.waiting(this.shard, after, STREAM_PAGE);
        after = records.length < STREAM_PAGE ? undefined : placeOf(records.at(-1));
        for (const id of gone) missed.add(id);
        return gone.size === 0 ? records : records.filter(({ id }) => !gone.has(id));
      });
      yield page;
      if (!after) return;
    }
  }

  /** K2. */
  private async page(
    ids: readonly string[],
    gone: ReadonlySet<string>,
    read: Map<string, TaskRecord | undefined>,
    stateOf: () => ShardState,
  ): Promise<void> {
    const records = await this.store.tasks(this.shard, ids);
    const state = stateOf();
    ids.forEach((id, index) => {
      const record = records[index];
      if (gone.has(id)) return; // K1
      if (record && !isTerminal(record.state)) state.recall(record);
      else read.set(id, record);
    });
  }

  /** K1. */
  private async watched<T>(read: (gone: Set<string>) => Promise<T>): Promise<T> {
    const gone = new Set<string>();
    this.reads.add(gone);
    try {
      return await read(gone);
    } finally {
      this.reads.delete(gone);
    }
  }
}

function placeOf(record: TaskRecord | undefined): WaitingPlace | undefined {
  return record && { order: record.order, id: record.id };
}

function entryOf(id: string, record: TaskRecord | undefined): [string, TaskRecord][] {
  return record ? [[id, record]] : [];
}
