import { keys } from '@multiswarm/contracts';
import { payloadsOf } from '../../../services/orchestrator/src/adapters/store/encode-batch';
import { encodeFacts } from '../../../services/orchestrator/src/adapters/store/dead-letter-codec';
import type { ShardInspector } from '../../../services/orchestrator/src/application/check/inspector';
import type { CopyStore } from '../../../services/orchestrator/src/application/copy/copy-store';
import type { Incarnations } from '../../../services/orchestrator/src/application/incarnation';
import { factsOf } from '../../../services/orchestrator/src/domain/task/dead-letter-facts';
import type { Batch, CommitResult, ShardStore, TruthReader } from '../../../services/orchestrator/src/ports';
import { TableInspector } from '../../../services/orchestrator/test/support/table-inspector';
import { ShardTable } from '../../../services/orchestrator/test/support/shard-table';
import type { Findings } from '../invariants/findings';
import type { Ledger } from '../invariants/ledger';
import type { SimProcess } from '../world/process';
import type { RedisServer } from '../world/redis-server';
import type { LeaseTable } from '../world/sim-leases';
import { copy } from './copy';

/** The shards in Redis: what they hold, and what has to hold for every batch that arrives. */
export class SimShards {
  readonly table: ShardTable;
  readonly inspected: TableInspector;
  private readonly sent = new Map<string, string>();

  constructor(
    readonly redis: RedisServer,
    private readonly leases: LeaseTable,
    readonly ledger: Ledger,
    private readonly findings: Findings,
    /** For readers of the trace. */
    private readonly remark: (text: () => string) => void,
  ) {
    this.table = new ShardTable((shard) => leases.get(keys.shard(shard)));
    this.inspected = new TableInspector(this.table, (shard) => leases.get(keys.shard(shard)));
  }

  commit(batch: Batch, text: string): CommitResult {
    this.checkRepetition(batch, text);
    const result = this.table.commit(batch);
    const { epoch, since } = this.leases.get(keys.shard(batch.shard));
    this.remark(() => `${result} ${batch.shard}.${batch.batchSeq}: ${briefly(batch)}`);
    if (result === 'committed') this.ledger.applied(batch, { epoch, ageMs: this.redis.now - since });
    return result;
  }

  /** 6: a number of a batch names one content: a retry sends the same again, and nothing else. */
  private checkRepetition({ shard, epoch, batchSeq }: Batch, text: string): void {
    const name = `batch ${shard}.${batchSeq} of epoch ${epoch}`;
    const before = this.sent.get(name);
    this.findings.holds(
      6,
      before === undefined || before === text,
      () => `${name} came twice, with other writes`,
    );
    this.sent.set(name, text);
  }
}

function briefly({ writes }: Batch): string {
  return writes
    .flatMap((write) => (write.kind === 'task' ? [write.record] : []))
    .map(
      ({ id, state, attempt, attempts }) =>
        `${id}#${attempt} ${state} ${attempts.at(-1)?.outcome ?? attempts.at(-1)?.swarmId ?? ''}`,
    )
    .join(', ');
}

/** The store as one process uses it. */
export function shardStore(process: SimProcess, shards: SimShards): ShardStore {
  const { redis, table } = shards;
  const call = <T>(what: string, shard: number, apply: () => T): Promise<T> =>
    redis.call(process, `${what} ${shard}`, apply);
  return {
    commit: (batch) => {
      const text = JSON.stringify(batch);
      return call(`commit ${batch.epoch}:${batch.batchSeq} of`, batch.shard, () =>
        shards.commit(JSON.parse(text) as Batch, text),
      );
    },
    atTurnEnd: (leave) => process.clock.soon(leave),
    loadActive: (shard) => call('load', shard, () => copy(table.loadActive(shard))),
    waiting: (shard, after, limit) =>
      call('waiting of', shard, () => copy(table.waiting(shard, after, limit))),
    tasks: (shard, ids) => call('tasks of', shard, () => table.tasks(shard, ids).map((task) => copy(task))),
    bodyHashes: (shard, ids) => call('hashes of', shard, () => table.bodyHashes(shard, ids)),
    idCount: (shard) => call('count of', shard, () => table.ids(shard).length),
    ids: async function* (shard) {
      yield await call('ids of', shard, () => table.ids(shard));
    },
    outbox: (shard, afterSeq, limit) =>
      call('outbox of', shard, () => copy(table.outbox(shard, afterSeq, limit))),
    trimOutbox: (shard, uptoSeq) => call('trim', shard, () => table.trimOutbox(shard, uptoSeq)),
    signalsOf: (shard, id) => call('signals of', shard, () => copy(table.data(shard).runs.get(id)?.run)),
    progressOf: (shard, ids) => call('progress of', shard, () => copy(table.progressOf(shard, ids))),
    expired: (shard, now, limit) => call('expired of', shard, () => copy(table.expired(shard, now, limit))),
  };
}

/** Reads for a deep check, by any process. */
export function shardInspector(process: SimProcess, { redis, inspected }: SimShards): ShardInspector {
  const read = <T>(what: string, look: () => T): Promise<T> => redis.call(process, `look at ${what}`, look);
  return {
    sums: (shard) => read(`shard ${shard}`, () => inspected.sums(shard)),
    listed: (kind, shard, after, limit) =>
      read(`${kind} of ${shard}`, () => inspected.listed(kind, shard, after, limit)),
    look: (shard, ids) => read(`tasks of ${shard}`, () => copy(inspected.look(shard, ids))),
    lookAtRuns: (shard, ids) => read(`runs of ${shard}`, () => copy(inspected.lookAtRuns(shard, ids))),
    unlistedTasks: (shard, ids) =>
      read(`list of tasks of ${shard}`, () => copy(inspected.unlistedTasks(shard, ids))),
    lostRuns: (shard, ids) => read(`list of runs of ${shard}`, () => copy(inspected.lostRuns(shard, ids))),
    members: async function* (shard, index) {
      yield await read(`${index} of ${shard}`, () => inspected.members(shard, index));
    },
    factsOf: (record) => encodeFacts(factsOf(record)),
    payloadsOf: (record) => payloadsOf(record) || undefined,
  };
}

/** Reads of the committed truth, by any process. */
export function truthReader(process: SimProcess, { redis, table }: SimShards): TruthReader {
  const read = <T>(what: string, look: () => T): Promise<T> => redis.call(process, `read ${what}`, look);
  return {
    task: (shard, id) => read(id, () => copy(table.tasks(shard, [id])[0])),
    tasks: (shard, ids) => read(`tasks of ${shard}`, () => table.tasks(shard, ids).map((task) => copy(task))),
    run: (shard, id) => read(id, () => copy(table.data(shard).runs.get(id))),
    runState: (shard, id) => read(id, () => table.data(shard).runs.get(id)?.run.state),
    recent: (kind, shard, before, limit) =>
      read(`${kind} of ${shard}`, () => table.recent(kind, shard, before, limit)),
    deadLetters: (shard, before, limit) =>
      read(`dead letters of ${shard}`, () => table.deadLetters(shard, before, limit)),
    history: (shard, root) => read(`history of ${root}`, () => copy(table.history(shard, root))),
    counts: (shard) => read(`counts of ${shard}`, () => table.counts(shard)),
  };
}

/** Redis is never set back here: every shard is in its first life. */
export function incarnations(process: SimProcess, { redis }: SimShards): Incarnations {
  return {
    of: (shard) =>
      redis.call(process, `life of ${shard}`, () => ({
        attemptBase: 0,
        since: undefined,
        isAskedFor: false,
      })),
    begin: (shard) => redis.call(process, `new life of ${shard}`, () => false),
    doubt: (shard) => redis.call(process, `doubt about ${shard}`, () => undefined),
    askFor: (shard) => redis.call(process, `new life of ${shard}`, () => undefined),
  };
}

/** Nobody copies shards here. */
export function copyStore(process: SimProcess, { redis, inspected }: SimShards): CopyStore {
  const nothing = { batchSeq: 0, lines: [], tasks: 0, runs: 0, counts: {} };
  const look = <T>(shard: number, answer: T): Promise<T> =>
    redis.call(process, `copy of ${shard}`, () => answer);
  return {
    listed: (kind, shard, after, limit) => look(shard, inspected.listed(kind, shard, after, limit)),
    read: (shard) => look(shard, nothing),
    readLast: (shard) => look(shard, nothing),
    mark: (shard) => look(shard, false),
    marked: (shard) => look(shard, undefined),
    clear: (shard) => look(shard, true),
    unmark: (shard) => look(shard, false),
    imported: (shard) => look(shard, undefined),
  };
}
