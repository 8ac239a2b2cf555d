import { isTerminal } from '@multiswarm/contracts';
import type {
  ListedId,
  RunPlaces,
  ShardInspector,
  ShardSums,
  TaskPlaces,
} from '../../src/application/check/inspector';
import { payloadsOf } from '../../src/adapters/store/encode-batch';
import { encodeFacts } from '../../src/adapters/store/dead-letter-codec';
import { isDeadLetter } from '../../src/domain/task/dead-letter';
import { factsOf } from '../../src/domain/task/dead-letter-facts';
import { isHeld, isLone, type TaskRecord } from '../../src/domain/task/record';
import type { ShardLease, ShardTable } from './shard-table';

/** The shards in memory, for a deep check: they have no indexes, so these always agree with the records. */
export class TableInspector {
  constructor(
    private readonly table: ShardTable,
    private readonly leaseOf: (shard: number) => ShardLease & { owner?: string },
  ) {}

  sums(shard: number): ShardSums {
    const { tasks, runs, outbox } = this.table.data(shard);
    const { epoch, batchSeq, owner = '' } = this.leaseOf(shard);
    const all = [...tasks.values()].map((record) => groupOf(record));
    return {
      ...{ owner, epoch, batchSeq, counts: this.table.counts(shard) },
      ...{ specs: tasks.size, tasks: tasks.size, workflows: runs.size },
      waiting: all.filter((group) => group === 'waiting').length,
      active: all.filter((group) => group === 'active').length,
      outbox: { length: outbox.length, first: outbox[0]?.batchSeq, last: outbox.at(-1)?.batchSeq },
    };
  }

  listed(kind: 'tasks' | 'workflows', shard: number, after: ListedId | undefined, limit: number): ListedId[] {
    const newest = this.table.recent(kind, shard, undefined, Infinity).reverse();
    return newest
      .filter(({ id, at }) => !after || at > after.at || (at === after.at && id > after.id))
      .slice(0, limit);
  }

  look(shard: number, ids: readonly string[]): TaskPlaces[] {
    const { tasks, ended } = this.table.data(shard);
    return ids.map((id) => {
      const record = tasks.get(id);
      const group = record && groupOf(record);
      const isLetter = record !== undefined && isDeadLetter(record);
      return {
        ...{
          id,
          record,
          listedAt: record?.createdAt,
          isActive: group === 'active',
          expiresAt: ended.get(id),
        },
        waitingAt: group === 'waiting' ? record?.order : undefined,
        letterAt: isLetter ? record.since : undefined,
        letterFacts: isLetter ? encodeFacts(factsOf(record)) : undefined,
        payloads: record && (payloadsOf(record) || undefined),
      };
    });
  }

  lookAtRuns(shard: number, ids: readonly string[]): RunPlaces[] {
    const { runs, ended } = this.table.data(shard);
    return ids.map((id) => {
      const run = runs.get(id);
      const isActive = run?.run.state === 'running';
      return { id, run, listedAt: run?.run.createdAt, isActive, expiresAt: ended.get(id) };
    });
  }

  unlistedTasks(shard: number, ids: readonly string[]): string[] {
    const { tasks } = this.table.data(shard);
    return ids.filter((id) => !tasks.has(id));
  }

  lostRuns(shard: number, ids: readonly string[]): string[] {
    const { runs } = this.table.data(shard);
    return ids.filter((id) => !runs.has(id));
  }

  members(shard: number, index: Parameters<ShardInspector['members']>[1]): string[] {
    const { tasks, runs, ended } = this.table.data(shard);
    if (index === 'expiry') return [...ended.keys()];
    if (index === 'active-runs')
      return [...runs.values()].filter(({ run }) => run.state === 'running').map(({ run }) => run.id);
    const ids = [...tasks.values()].filter((record) => {
      if (index === 'waiting' || index === 'active') return groupOf(record) === index;
      if (index === 'payloads') return payloadsOf(record) !== '';
      return index === 'specs' || isDeadLetter(record);
    });
    return ids.map(({ id }) => id);
  }
}

function groupOf(record: TaskRecord): 'active' | 'waiting' | undefined {
  if (isTerminal(record.state)) return undefined;
  return isHeld(record) || !isLone(record) ? 'active' : 'waiting';
}
