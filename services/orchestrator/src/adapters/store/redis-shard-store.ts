import { join } from 'node:path';
import { EventBatch, keys, MultiswarmError } from '@multiswarm/contracts';
import { loadScript, type Store } from '@multiswarm/store';
import type { TaskRecord } from '../../domain/task/record';
import type { RunRecord } from '../../domain/workflow/run';
import type { Batch, CommitResult, LoadedShard, ShardStore } from '../../ports';
import { decodeRun } from './decode';
import { encodeBatch } from './encode';
import { firstErrorThrown, readTasks } from './redis-truth-reader';

const commitScript = loadScript(join(__dirname, '..', '..', '..', 'lua', 'commit.lua'));
const LOAD_PAGE = 500;
const WAIT_FOR_REPLICAS_MS = 1_000;

/** Shards in Redis: one Lua call per batch, which checks the epoch in the same script that writes. */
export class RedisShardStore implements ShardStore {
  /** @param commitReplicas replicas that must have acknowledged a commit before it counts (`COMMIT_REPLICAS`) */
  constructor(
    private readonly store: Store,
    private readonly commitReplicas: number,
  ) {}

  async commit(batch: Batch): Promise<CommitResult> {
    const commands = encodeBatch(batch);
    const args: (string | number)[] = [batch.epoch, batch.batchSeq];
    const names = [keys.shard(batch.shard)];
    for (const [name, key, ...rest] of commands) {
      names.push(key);
      args.push(name, rest.length, ...rest);
    }
    const result = (await this.store.run(commitScript, names, args)) as CommitResult;
    if (result !== 'stale' && this.commitReplicas > 0) await this.waitForReplicas();
    return result;
  }

  async load(shard: number): Promise<LoadedShard> {
    const [taskIds, runIds] = await this.store.guard((redis) =>
      Promise.all([redis.smembers(keys.activeTasks(shard)), redis.smembers(keys.activeWorkflows(shard))]),
    );
    const tasks = present(await this.loadTasks(shard, taskIds));
    const runs = await this.loadRuns(shard, runIds);
    const active = new Set(taskIds);
    const ended = runs
      .flatMap((run) => run.spec.steps.map((step) => step.taskId))
      .filter((id) => !active.has(id));
    const endedSteps = present(await this.loadTasks(shard, ended));
    const roots = [
      ...runIds,
      ...tasks.filter((task) => task.spec.workflowId === undefined).map((task) => task.id),
    ];
    return { tasks, runs, endedSteps, historyLengths: await this.historyLengths(shard, roots) };
  }

  async bodyHashes(shard: number, ids: readonly string[]): Promise<(string | undefined)[]> {
    const replies = await this.store.guard(async (redis) => {
      const pipeline = redis.pipeline();
      for (const id of ids)
        pipeline.hget(id.startsWith('w') ? keys.workflow(shard, id) : keys.task(shard, id), 'hash');
      return firstErrorThrown(await pipeline.exec());
    });
    return replies.map((hash) => (typeof hash === 'string' ? hash : undefined));
  }

  async outbox(shard: number, afterSeq: number, limit: number): Promise<EventBatch[]> {
    const entries = await this.store.guard((redis) =>
      redis.xrange(keys.outbox(shard), `(${afterSeq}-0`, '+', 'COUNT', limit),
    );
    return entries.map(([, fields]) => EventBatch.parse(JSON.parse(fields[1] ?? 'null')));
  }

  async trimOutbox(shard: number, uptoSeq: number): Promise<void> {
    await this.store.guard((redis) => redis.xtrim(keys.outbox(shard), 'MINID', `${uptoSeq + 1}-0`));
  }

  async expired(shard: number, now: number, limit: number): Promise<{ root: string; taskIds: string[] }[]> {
    const roots = await this.store.guard((redis) =>
      redis.zrangebyscore(keys.ended(shard), '-inf', now, 'LIMIT', 0, limit),
    );
    const runs = new Map(
      (
        await this.loadRuns(
          shard,
          roots.filter((root) => root.startsWith('w')),
        )
      ).map((run) => [run.id, run]),
    );
    return roots.map((root) => ({
      root,
      taskIds: root.startsWith('w') ? (runs.get(root)?.spec.steps.map((step) => step.taskId) ?? []) : [root],
    }));
  }

  /** Too few acknowledgements: no answer; the owner tries the batch again, finds it applied and waits again. */
  private async waitForReplicas(): Promise<void> {
    const acknowledged = await this.store.guard((redis) =>
      redis.wait(this.commitReplicas, WAIT_FOR_REPLICAS_MS),
    );
    if (acknowledged >= this.commitReplicas) return;
    throw new MultiswarmError(
      'store-unavailable',
      `${acknowledged} of ${this.commitReplicas} replicas of Redis acknowledged the commit`,
    );
  }

  private async loadTasks(shard: number, ids: readonly string[]): Promise<(TaskRecord | undefined)[]> {
    const loaded: (TaskRecord | undefined)[] = [];
    for (let at = 0; at < ids.length; at += LOAD_PAGE)
      loaded.push(...(await readTasks(this.store, shard, ids.slice(at, at + LOAD_PAGE))));
    return loaded;
  }

  private async loadRuns(shard: number, ids: readonly string[]): Promise<RunRecord[]> {
    const fields = await this.store.guard((redis) =>
      Promise.all(ids.map((id) => redis.hgetall(keys.workflow(shard, id)))),
    );
    return present(fields.map((each, index) => decodeRun(ids[index] ?? '', each)?.run));
  }

  private async historyLengths(shard: number, roots: readonly string[]): Promise<Map<string, number>> {
    const lengths = await this.store.guard((redis) =>
      Promise.all(roots.map((root) => redis.llen(keys.history(shard, root)))),
    );
    return new Map(roots.map((root, index) => [root, lengths[index] ?? 0]));
  }
}

function present<T>(items: readonly (T | undefined)[]): T[] {
  return items.filter((item): item is T => item !== undefined);
}
