import { keys } from '@multiswarm/contracts';
import type { Clock } from '@multiswarm/core';
import type { Store } from '@multiswarm/store';
import { epochIn } from '../../application/event-batches';
import type { TaskRecord } from '../../domain/task/record';
import type { RunProgress, RunRecord } from '../../domain/workflow/run';
import type { Batch, CommitResult, EventMessage, LoadedShard, ShardStore, WaitingPlace } from '../../ports';
import { CommitPipeline } from './commit-pipeline';
import { isRun } from './encode-batch';
import { HashLookups } from './hash-lookups';
import { readTasks, readWaiting } from './redis-tasks';
import { decodeProgress, decodeRun, decodeRunState } from './run-codec';

/** Runs that are read at once. */
const PAGE = 100;
/** Ids that are read at once. */
const IDS_PAGE = 1_000;

/** Shards in Redis: one Lua call per batch, which checks the epoch in the same script that writes. */
export class RedisShardStore implements ShardStore {
  private readonly pipeline: CommitPipeline;
  private readonly lookups: HashLookups;

  /** @param commitReplicas replicas that must have acknowledged a commit before it counts (`COMMIT_REPLICAS`) */
  constructor(
    private readonly store: Store,
    commitReplicas: number,
    clock: Clock,
  ) {
    this.pipeline = new CommitPipeline(store, commitReplicas, clock);
    this.lookups = new HashLookups(store, clock);
  }

  commit(batch: Batch): Promise<CommitResult> {
    return this.pipeline.commit(batch);
  }

  atTurnEnd(leave: () => void): void {
    this.pipeline.atTurnEnd(leave);
  }

  async loadActive(shard: number): Promise<LoadedShard> {
    const [taskIds, runIds] = await this.store.guard((redis) =>
      Promise.all([redis.smembers(keys.activeTasks(shard)), redis.smembers(keys.activeWorkflows(shard))]),
    );
    const tasks = present(await readTasks(this.store, shard, taskIds));
    const runs = await this.loadRuns(shard, runIds);
    const active = new Set(taskIds);
    const ended = runs
      .flatMap(({ run }) => run.spec.steps.map((step) => step.taskId))
      .filter((id) => !active.has(id));
    return { tasks, runs, endedSteps: present(await readTasks(this.store, shard, ended)) };
  }

  waiting(shard: number, after: WaitingPlace | undefined, limit: number): Promise<TaskRecord[]> {
    return readWaiting(this.store, shard, after, limit);
  }

  tasks(shard: number, ids: readonly string[]): Promise<(TaskRecord | undefined)[]> {
    return readTasks(this.store, shard, ids);
  }

  bodyHashes(shard: number, ids: readonly string[]): Promise<(string | undefined)[]> {
    return this.lookups.of(shard, ids);
  }

  async idCount(shard: number): Promise<number> {
    const counts = indexesOf(shard).map((index) => this.store.guard((redis) => redis.zcard(index)));
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  async *ids(shard: number): AsyncGenerator<string[]> {
    for (const index of indexesOf(shard)) {
      for (let cursor = '0', begun = false; !begun || cursor !== '0'; begun = true) {
        const from = cursor;
        const [next, found] = await this.store.guard((redis) => redis.zscan(index, from, 'COUNT', IDS_PAGE));
        cursor = next;
        yield found.filter((_, place) => place % 2 === 0); // the others are scores
      }
    }
  }

  async outbox(shard: number, afterSeq: number, limit: number): Promise<EventMessage[]> {
    const entries = await this.store.guard((redis) =>
      redis.xrange(keys.outbox(shard), `(${afterSeq}-0`, '+', 'COUNT', limit),
    );
    return entries.map(([id, [, text = '']]) => ({
      ...{ shard, epoch: epochIn(text), batchSeq: Number.parseInt(id), text },
    }));
  }

  async trimOutbox(shard: number, uptoSeq: number): Promise<void> {
    await this.store.guard((redis) => redis.xtrim(keys.outbox(shard), 'MINID', `${uptoSeq + 1}-0`));
  }

  async signalsOf(shard: number, id: string): Promise<Pick<RunRecord, 'signals' | 'heard'> | undefined> {
    const state = await this.store.guard((redis) => redis.hget(keys.workflow(shard, id), 'state'));
    return state === null ? undefined : decodeRunState(state);
  }

  async progressOf(shard: number, ids: readonly string[]): Promise<(RunProgress | undefined)[]> {
    const stored = await this.store.guard((redis) =>
      Promise.all(ids.map((id) => redis.hget(keys.workflow(shard, id), 'progress'))),
    );
    return stored.map((progress) => (progress === null ? undefined : decodeProgress(progress)));
  }

  async expired(shard: number, now: number, limit: number): Promise<{ root: string; taskIds: string[] }[]> {
    const roots = await this.store.guard((redis) =>
      redis.zrangebyscore(keys.ended(shard), '-inf', now, 'LIMIT', 0, limit),
    );
    const runs = await this.loadRuns(shard, roots.filter(isRun));
    const steps = new Map(runs.map(({ run }) => [run.id, run.spec.steps.map((step) => step.taskId)]));
    return roots.map((root) => ({ root, taskIds: isRun(root) ? (steps.get(root) ?? []) : [root] }));
  }

  private async loadRuns(
    shard: number,
    ids: readonly string[],
  ): Promise<{ run: RunRecord; progress: RunProgress }[]> {
    const loaded: { run: RunRecord; progress: RunProgress }[] = [];
    for (let at = 0; at < ids.length; at += PAGE) {
      const page = ids.slice(at, at + PAGE);
      const fields = await this.store.guard((redis) =>
        Promise.all(page.map((id) => redis.hgetall(keys.workflow(shard, id)))),
      );
      loaded.push(...present(fields.map((each, index) => decodeRun(page[index] ?? '', each))));
    }
    return loaded;
  }
}

function present<T>(items: readonly (T | undefined)[]): T[] {
  return items.filter((item): item is T => item !== undefined);
}

/** By the time of their creation: tasks, and runs. */
function indexesOf(shard: number): string[] {
  return [keys.tasks(shard), keys.workflows(shard)];
}
