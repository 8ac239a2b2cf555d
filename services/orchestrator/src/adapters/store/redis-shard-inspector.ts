import { keys } from '@multiswarm/contracts';
import type { Store } from '@multiswarm/store';
import type {
  IndexName,
  ListedId,
  RunPlaces,
  ShardInspector,
  ShardSums,
  TaskPlaces,
} from '../../application/check/inspector';
import { factsOf } from '../../domain/task/dead-letter-facts';
import type { TaskRecord } from '../../domain/task/record';
import { encodeFacts } from './dead-letter-codec';
import { payloadsOf } from './encode-batch';
import { firstErrorThrown } from './redis-tasks';
import { decodeRun } from './run-codec';
import { decodeTask } from './task-codec';

/** Members of an index that are read at once. */
const SCAN_PAGE = 500;

/** A shard in Redis, looked at from all sides: what belongs to one moment is read in one transaction. */
export class RedisShardInspector implements ShardInspector {
  constructor(private readonly store: Store) {}

  async sums(shard: number): Promise<ShardSums> {
    const outbox = keys.outbox(shard);
    const replies = await this.together((read) =>
      read
        .hmget(keys.shard(shard), 'owner', 'epoch', 'batchSeq')
        .hgetall(keys.counts(shard))
        .hlen(keys.specs(shard))
        .zcard(keys.tasks(shard))
        .zcard(keys.workflows(shard))
        .zcard(keys.waitingTasks(shard))
        .scard(keys.activeTasks(shard))
        .xlen(outbox)
        .xrange(outbox, '-', '+', 'COUNT', 1)
        .xrevrange(outbox, '+', '-', 'COUNT', 1),
    );
    const [held, counts, specs, tasks, workflows, waiting, active, length, first, last] = replies as [
      (string | null)[],
      Record<string, string>,
      ...[number, number, number, number, number, number],
      ...[[string, string[]][], [string, string[]][]],
    ];
    const numberOf = (entries: [string, string[]][]): number | undefined =>
      entries[0] && Number.parseInt(entries[0][0]);
    return {
      owner: held[0] ?? '',
      epoch: Number(held[1] ?? 0),
      batchSeq: Number(held[2] ?? 0),
      counts: Object.fromEntries(Object.entries(counts).map(([state, text]) => [state, Number(text)])),
      ...{ specs, tasks, workflows, waiting, active },
      outbox: { length, first: numberOf(first), last: numberOf(last) },
    };
  }

  async listed(
    kind: 'tasks' | 'workflows',
    shard: number,
    after: ListedId | undefined,
    limit: number,
  ): Promise<ListedId[]> {
    const key = kind === 'tasks' ? keys.tasks(shard) : keys.workflows(shard);
    const replies = await this.store.guard(async (redis) => {
      const read = redis.pipeline();
      if (after) read.zrangebyscore(key, after.at, after.at, 'WITHSCORES');
      read.zrangebyscore(key, after ? `(${after.at}` : '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, limit);
      return firstErrorThrown(await read.exec());
    });
    const found = (replies as string[][]).flatMap(toListed);
    return found.filter(({ id, at }) => !after || at > after.at || id > after.id).slice(0, limit);
  }

  async look(shard: number, ids: readonly string[]): Promise<TaskPlaces[]> {
    if (ids.length === 0) return [];
    const replies = await this.together((read) =>
      read
        .hmget(keys.specs(shard), ...ids)
        .hmget(keys.states(shard), ...ids)
        .zmscore(keys.tasks(shard), ...ids)
        .zmscore(keys.waitingTasks(shard), ...ids)
        .smismember(keys.activeTasks(shard), ...ids)
        .zmscore(keys.ended(shard), ...ids)
        .zmscore(keys.deadLetters(shard), ...ids)
        .hmget(keys.deadLetterFacts(shard), ...ids)
        .hmget(keys.payloadRefs(shard), ...ids),
    );
    const [specs, states, listed, waiting, active, expires, letters, facts, payloads] = replies as [
      ...[Texts, Texts, Texts, Texts],
      number[],
      ...[Texts, Texts, Texts, Texts],
    ];
    return ids.map((id, at) => ({
      id,
      ...recordOf(id, specs[at], states[at]),
      listedAt: scoreOf(listed[at]),
      waitingAt: scoreOf(waiting[at]),
      isActive: active[at] === 1,
      expiresAt: scoreOf(expires[at]),
      letterAt: scoreOf(letters[at]),
      letterFacts: facts[at] ?? undefined,
      payloads: payloads[at] ?? undefined,
    }));
  }

  async lookAtRuns(shard: number, ids: readonly string[]): Promise<RunPlaces[]> {
    if (ids.length === 0) return [];
    const replies = await this.together((read) => {
      read
        .zmscore(keys.workflows(shard), ...ids)
        .smismember(keys.activeWorkflows(shard), ...ids)
        .zmscore(keys.ended(shard), ...ids);
      for (const id of ids) read.hgetall(keys.workflow(shard, id));
      return read;
    });
    const [listed, active, expires, ...hashes] = replies as [Texts, number[], Texts, ...StoredHash[]];
    return ids.map((id, at) => ({
      id,
      ...runOf(id, hashes[at] ?? {}),
      listedAt: scoreOf(listed[at]),
      isActive: active[at] === 1,
      expiresAt: scoreOf(expires[at]),
    }));
  }

  unlistedTasks(shard: number, ids: readonly string[]): Promise<string[]> {
    return this.lacks(keys.tasks(shard), ids);
  }

  async lostRuns(shard: number, ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const [listed, ...stored] = await this.together((read) => {
      read.zmscore(keys.workflows(shard), ...ids);
      for (const id of ids) read.exists(keys.workflow(shard, id));
      return read;
    });
    const scores = listed as Texts;
    return ids.filter((_, at) => scores[at] === null || stored[at] === 0);
  }

  async *members(shard: number, index: IndexName): AsyncGenerator<string[]> {
    for (let cursor = '0', begun = false; !begun || cursor !== '0'; begun = true) {
      const [next, page] = await this.page(shard, index, cursor);
      cursor = next;
      yield page;
    }
  }

  factsOf(record: TaskRecord): string {
    return encodeFacts(factsOf(record));
  }

  payloadsOf(record: TaskRecord): string | undefined {
    return payloadsOf(record) || undefined;
  }

  private page(shard: number, index: IndexName, cursor: string): Promise<[string, string[]]> {
    return this.store.guard(async (redis) => {
      if (index === 'active' || index === 'active-runs')
        return redis.sscan(SETS[index](shard), cursor, 'COUNT', SCAN_PAGE);
      const [next, pairs] =
        index === 'dead-letter-facts' || index === 'payloads' || index === 'specs'
          ? await redis.hscan(HASHES[index](shard), cursor, 'COUNT', SCAN_PAGE)
          : await redis.zscan(SORTED[index](shard), cursor, 'COUNT', SCAN_PAGE);
      return [next, pairs.filter((_, at) => at % 2 === 0)]; // the others are values, or scores
    });
  }

  /** Those that a sorted set does not have. */
  private async lacks(key: string, ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const scores = await this.store.guard((redis) => redis.zmscore(key, ...ids));
    return ids.filter((_, at) => scores[at] === null);
  }

  private together(ask: (read: Reading) => Reading): Promise<unknown[]> {
    return this.store.guard(async (redis) => firstErrorThrown(await ask(redis.multi()).exec()));
  }
}

type Reading = ReturnType<Store['redis']['multi']>;
type Texts = (string | null)[];
type StoredHash = Record<string, string>;

const HASHES = { 'dead-letter-facts': keys.deadLetterFacts, payloads: keys.payloadRefs, specs: keys.specs };
const SETS = { active: keys.activeTasks, 'active-runs': keys.activeWorkflows };
const SORTED = { waiting: keys.waitingTasks, expiry: keys.ended, 'dead-letters': keys.deadLetters };

/** A hash that lacks a field is a run that somebody may still mend, not one that is gone. */
function runOf(id: string, hash: StoredHash): Pick<RunPlaces, 'run' | 'unreadable'> {
  try {
    const run = decodeRun(id, hash);
    if (run || Object.keys(hash).length === 0) return { run };
    const missing = ['spec', 'state', 'progress'].filter((field) => !hash[field]);
    return { run, unreadable: `it lacks ${missing.join(' and ')}` };
  } catch (error) {
    return { run: undefined, unreadable: String(error) };
  }
}

function recordOf(
  id: string,
  spec: string | null | undefined,
  state: string | null | undefined,
): Pick<TaskPlaces, 'record' | 'unreadable'> {
  try {
    return { record: decodeTask(id, spec, state) };
  } catch (error) {
    return { record: undefined, unreadable: String(error) };
  }
}

function scoreOf(text: string | null | undefined): number | undefined {
  return text === null || text === undefined ? undefined : Number(text);
}

function toListed(reply: string[]): ListedId[] {
  const found: ListedId[] = [];
  for (let at = 0; at + 1 < reply.length; at += 2)
    found.push({ id: reply[at] as string, at: Number(reply[at + 1]) });
  return found;
}
