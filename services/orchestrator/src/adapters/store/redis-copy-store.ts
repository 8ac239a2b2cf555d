import { decodeRun, encodeRunSpec } from './run-codec';
import { join } from 'node:path';
import { keys, ShardImportReply, type JsonValue, type ShardCopyLine } from '@multiswarm/contracts';
import { loadScript, type Store } from '@multiswarm/store';
import type { CopiedRoots, CopyStore } from '../../application/copy/copy-store';
import type { RedisShardInspector } from './redis-shard-inspector';
import { isRun } from './encode-batch';
import { firstErrorThrown } from './redis-tasks';

const lua = (name: string) => loadScript(join(__dirname, '..', '..', '..', 'lua', name));
const markScript = lua('mark-import.lua');
const clearScript = lua('clear-shard.lua');
const unmarkScript = lua('unmark-import.lua');

/** Events in one line. */
const EVENTS = 500;
const SCAN_PAGE = 500;
/** A call of Lua takes a few thousand arguments. */
const UNLINKED_AT_ONCE = 1_000;

/** Whole shards in Redis. What is stored there is JSON, and passes through as it is. */
export function redisCopyStore(store: Store, inspector: RedisShardInspector): CopyStore {
  const read = async (shard: number, ids: readonly string[], withSums: boolean) => {
    const tasks = ids.filter((id) => !isRun(id));
    const runs = ids.filter(isRun);
    const replies = await store.guard(async (redis) => {
      const asked = redis.multi().hget(keys.shard(shard), 'batchSeq');
      if (withSums) asked.hgetall(keys.counts(shard)).zcard(keys.tasks(shard)).zcard(keys.workflows(shard));
      if (tasks.length > 0)
        asked
          .hmget(keys.specs(shard), ...tasks)
          .hmget(keys.states(shard), ...tasks)
          .zmscore(keys.ended(shard), ...tasks);
      for (const id of tasks) asked.lrange(keys.history(shard, id), 0, -1);
      for (const id of runs)
        asked
          .hgetall(keys.workflow(shard, id))
          .zscore(keys.ended(shard), id)
          .lrange(keys.history(shard, id), 0, -1);
      return firstErrorThrown(await asked.exec());
    });
    const batchSeq = Number(replies.shift() ?? 0);
    const [counts, taskCount, runCount] = withSums ? replies.splice(0, 3) : [{}, 0, 0];
    return {
      batchSeq,
      lines: linesOf(tasks, runs, replies),
      tasks: taskCount as number,
      runs: runCount as number,
      counts: numbers(counts as Record<string, string>),
    };
  };
  return {
    listed: (...asked) => inspector.listed(...asked),
    read: async (shard, ids): Promise<CopiedRoots> => read(shard, ids, false),
    readLast: (shard, ids) => read(shard, ids, true),
    mark: async (shard, epoch, run) => (await store.run(markScript, [keys.shard(shard)], [epoch, run])) === 1,
    marked: async (shard) =>
      (await store.guard((redis) => redis.hget(keys.shard(shard), 'importing'))) ?? undefined,
    clear: (shard, epoch, run, isGivenUp) => {
      const unlink = async (names: readonly string[], isLast: boolean): Promise<boolean> => {
        const args = [epoch, run, isLast && isGivenUp ? 1 : 0];
        return (await store.run(clearScript, [keys.shard(shard), ...names], args)) === 1;
      };
      return clear(store, shard, unlink);
    },
    unmark: async (shard, epoch, from, done) => {
      const args = [epoch, from.epoch, from.batchSeq, from.attemptBase, JSON.stringify(done)];
      return (await store.run(unmarkScript, [keys.shard(shard)], args)) === 1;
    },
    imported: async (shard) => {
      const text = await store.guard((redis) => redis.hget(keys.shard(shard), 'imported'));
      return text === null ? undefined : ShardImportReply.parse(JSON.parse(text));
    },
  };
}

function linesOf(tasks: readonly string[], runs: readonly string[], replies: unknown[]): ShardCopyLine[] {
  const lines: ShardCopyLine[] = [];
  if (tasks.length > 0) {
    const [specs, states, scores] = replies.splice(0, 3) as [Texts, Texts, Texts];
    const histories = replies.splice(0, tasks.length) as string[][];
    tasks.forEach((task, at) => {
      const spec = specs[at];
      if (!spec) return void lines.push({ gone: task });
      const state = states[at];
      lines.push({
        task,
        spec: parsed(spec),
        ...(state ? { state: parsed(state) } : {}),
        ...expiry(scores[at]),
      });
      lines.push(...historyOf(task, histories[at] ?? []));
    });
  }
  for (const run of runs) {
    const [fields, score, history] = replies.splice(0, 3) as [
      Record<string, string>,
      string | null,
      string[],
    ];
    const { spec, state, progress } = fields;
    const whole = decodeRun(run, fields);
    if (!spec || !state || !progress || !whole) lines.push({ gone: run });
    else
      lines.push(
        // With the steps that it got while it ran: a copy has them where all others are.
        {
          run,
          spec: parsed(encodeRunSpec(whole.run)),
          state: parsed(state),
          progress: parsed(progress),
          ...expiry(score),
        },
        ...historyOf(run, history),
      );
  }
  return lines;
}

type Texts = (string | null)[];

function historyOf(history: string, texts: readonly string[]): ShardCopyLine[] {
  const lines: ShardCopyLine[] = [];
  for (let from = 0; from < texts.length; from += EVENTS)
    lines.push({ history, from, events: texts.slice(from, from + EVENTS).map(parsed) });
  return lines;
}

function parsed(text: string): JsonValue {
  return JSON.parse(text) as JsonValue; // written by us
}

function expiry(score: string | null | undefined): { expiresAt?: number } {
  return score === null || score === undefined ? {} : { expiresAt: Number(score) };
}

function numbers(texts: Record<string, string>): Record<string, number> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Number(text)]));
}

/** First what belongs to single roots, found by the lists, then the lists: a clearing that was cut short can be repeated. */
async function clear(
  store: Store,
  shard: number,
  unlink: (names: readonly string[], isLast: boolean) => Promise<boolean>,
): Promise<boolean> {
  for (const index of [keys.tasks(shard), keys.workflows(shard)])
    for (let cursor = '0', begun = false; !begun || cursor !== '0'; begun = true) {
      const from = cursor;
      const [next, pairs] = await store.guard((redis) => redis.zscan(index, from, 'COUNT', SCAN_PAGE));
      cursor = next;
      const roots = pairs.filter((_, at) => at % 2 === 0);
      const own = roots.flatMap((id) => [
        keys.history(shard, id),
        ...(isRun(id) ? [keys.workflow(shard, id)] : []),
      ]);
      for (let at = 0; at < own.length; at += UNLINKED_AT_ONCE)
        if (!(await unlink(own.slice(at, at + UNLINKED_AT_ONCE), false))) return false;
    }
  const whole = [
    ...[keys.specs, keys.states, keys.tasks, keys.workflows, keys.activeTasks, keys.waitingTasks],
    ...[
      keys.activeWorkflows,
      keys.ended,
      keys.deadLetters,
      keys.deadLetterFacts,
      keys.payloadRefs,
      keys.counts,
    ],
  ];
  return unlink(
    whole.map((key) => key(shard)),
    true,
  );
}
