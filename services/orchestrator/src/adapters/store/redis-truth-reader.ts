import { keys, type Event } from '@multiswarm/contracts';
import type { Store } from '@multiswarm/store';
import type { TaskRecord } from '../../domain/task/record';
import type { RunProgress, RunRecord } from '../../domain/workflow/run';
import type { TruthReader } from '../../ports';
import { decodeRun, decodeTask } from './decode';

/** Several tasks in one round trip, in the order of `ids`. */
export async function readTasks(
  store: Store,
  shard: number,
  ids: readonly string[],
): Promise<(TaskRecord | undefined)[]> {
  if (ids.length === 0) return [];
  const replies = await store.guard(async (redis) => {
    const pipeline = redis.pipeline();
    for (const id of ids) pipeline.hmget(keys.task(shard, id), 'spec', 'state', 'output');
    return firstErrorThrown(await pipeline.exec());
  });
  return replies.map((value, index) => {
    const [spec, state, output] = value as (string | null)[];
    return decodeTask(ids[index] ?? '', { spec, state, output });
  });
}

/** The replies of a pipeline, which rejects nothing by itself: faults of the connection are among its replies. */
export function firstErrorThrown(replies: [Error | null, unknown][] | null): unknown[] {
  return (replies ?? []).map(([error, value]) => {
    if (error) throw error;
    return value;
  });
}

/** Committed truth, read from Redis by any replica: an owner is not asked, and a read never shows what may be lost. */
export class RedisTruthReader implements TruthReader {
  constructor(private readonly store: Store) {}

  async task(shard: number, id: string): Promise<TaskRecord | undefined> {
    return (await readTasks(this.store, shard, [id]))[0];
  }

  tasks(shard: number, ids: readonly string[]): Promise<(TaskRecord | undefined)[]> {
    return readTasks(this.store, shard, ids);
  }

  async run(shard: number, id: string): Promise<{ run: RunRecord; progress: RunProgress } | undefined> {
    return decodeRun(id, await this.store.guard((redis) => redis.hgetall(keys.workflow(shard, id))));
  }

  async recent(
    kind: 'tasks' | 'workflows',
    shard: number,
    before: { at: number; id: string } | undefined,
    limit: number,
  ): Promise<{ id: string; at: number }[]> {
    const key = kind === 'tasks' ? keys.tasks(shard) : keys.workflows(shard);
    const found: { id: string; at: number }[] = [];
    // Equal scores are ordered by id, so that a page may end between two tasks of the same millisecond.
    for (let offset = 0; found.length < limit; offset += limit) {
      const page = await this.store.guard((redis) =>
        redis.zrevrangebyscore(key, before?.at ?? '+inf', '-inf', 'WITHSCORES', 'LIMIT', offset, limit),
      );
      for (let index = 0; index + 1 < page.length; index += 2) {
        const entry = { id: page[index] as string, at: Number(page[index + 1]) };
        if (!before || entry.at < before.at || entry.id < before.id) found.push(entry);
      }
      if (page.length < limit * 2) break;
    }
    return found.slice(0, limit);
  }

  async history(shard: number, root: string): Promise<Event[]> {
    const entries = await this.store.guard((redis) => redis.lrange(keys.history(shard, root), 0, -1));
    return entries.map((entry) => JSON.parse(entry) as Event);
  }

  async counts(shard: number): Promise<Record<string, number>> {
    const counts = await this.store.guard((redis) => redis.hgetall(keys.counts(shard)));
    return Object.fromEntries(Object.entries(counts).map(([state, count]) => [state, Number(count)]));
  }
}
