import { keys, type Event, type WorkflowState } from '@multiswarm/contracts';
import type { Store } from '@multiswarm/store';
import type { TaskRecord } from '../../domain/task/record';
import { toldEvents } from '../../domain/task/told-events';
import type { RunProgress, RunRecord } from '../../domain/workflow/run';
import type { DeadLetterEntry, HistoryPart, TruthReader } from '../../ports';
import { decodeFacts } from './dead-letter-codec';
import { isRun } from './encode-batch';
import { firstErrorThrown, readTasks } from './redis-tasks';
import { decodeRun, decodeRunState } from './run-codec';
import { decodeTask } from './task-codec';

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

  async runState(shard: number, id: string): Promise<WorkflowState | undefined> {
    const state = await this.store.guard((redis) => redis.hget(keys.workflow(shard, id), 'state'));
    return state === null ? undefined : decodeRunState(state).state;
  }

  async recent(
    kind: 'tasks' | 'workflows',
    shard: number,
    before: { at: number; id: string } | undefined,
    limit: number,
  ): Promise<{ id: string; at: number }[]> {
    return this.newest(kind === 'tasks' ? keys.tasks(shard) : keys.workflows(shard), before, limit);
  }

  async deadLetters(
    shard: number,
    before: { at: number; id: string } | undefined,
    limit: number,
  ): Promise<DeadLetterEntry[]> {
    const places = await this.newest(keys.deadLetters(shard), before, limit);
    if (places.length === 0) return [];
    const facts = await this.store.guard((redis) =>
      redis.hmget(keys.deadLetterFacts(shard), ...places.map(({ id }) => id)),
    );
    return places.map((place, index) => ({ ...place, facts: decodeFacts(facts[index]) }));
  }

  /** Of a sorted set, the highest scores before a place. */
  private async newest(
    key: string,
    before: { at: number; id: string } | undefined,
    limit: number,
  ): Promise<{ id: string; at: number }[]> {
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

  /** What the history does not keep is told by the record (see `Write`). */
  async history(shard: number, root: string, part?: HistoryPart): Promise<Event[]> {
    // The list of a run has all its events, so that each stands at its number; that of a task is short.
    const [from, to] = part && isRun(root) ? [part.after, part.after + part.most - 1] : [0, -1];
    const replies = await this.store.guard(async (redis) => {
      const read = redis.multi().lrange(keys.history(shard, root), from, to);
      if (!isRun(root)) read.hget(keys.specs(shard), root).hget(keys.states(shard), root);
      return firstErrorThrown(await read.exec());
    });
    const [entries, spec, state] = replies as [
      string[],
      string | null | undefined,
      string | null | undefined,
    ];
    const kept = entries.map((entry) => JSON.parse(entry) as Event);
    const record = kept[0]?.seq === 1 ? undefined : decodeTask(root, spec, state);
    return record ? [...toldEvents(record), ...kept] : kept;
  }

  async counts(shard: number): Promise<Record<string, number>> {
    const counts = await this.store.guard((redis) => redis.hgetall(keys.counts(shard)));
    const known = Object.entries(counts).map(([state, count]) => [state, Number(count)] as const);
    return Object.fromEntries(known.filter(([, count]) => count !== 0));
  }
}
