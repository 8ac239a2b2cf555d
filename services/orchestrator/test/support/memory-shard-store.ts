import { MultiswarmError } from '@multiswarm/contracts';
import { turns } from '@multiswarm/testing';
import { payloadsOf } from '../../src/adapters/store/encode-batch';
import { encodeFacts } from '../../src/adapters/store/dead-letter-codec';
import type { ShardInspector } from '../../src/application/check/inspector';
import { factsOf } from '../../src/domain/task/dead-letter-facts';
import type { TaskRecord } from '../../src/domain/task/record';
import type { RunProgress, RunRecord } from '../../src/domain/workflow/run';
import type {
  Batch,
  CommitResult,
  EventMessage,
  LoadedShard,
  ShardStore,
  TruthReader,
  WaitingPlace,
} from '../../src/ports';
import { TableInspector } from './table-inspector';
import { ShardTable, type ShardData, type ShardLease } from './shard-table';

const LATE_TURNS = 12;

export type StoreFault = 'away' | 'away-late' | 'answer-lost' | 'answer-late' | 'broken';

/** The port in memory, with the faults that a network has. Held to the same contract as the one in Redis. */
export class MemoryShardStore implements ShardStore {
  /** Every batch in the order in which it was applied. */
  readonly applied: Batch[] = [];
  /** Every call, also those that came to nothing. */
  readonly calls: Batch[] = [];
  /** What happens to the next calls of `commit`, in order; nothing special when it is empty. */
  faults: StoreFault[] = [];
  trims = 0;
  private readonly leases = new Map<number, ShardLease>();
  private readonly table = new ShardTable((shard) => this.lease(shard));

  /** What was confirmed is gone, as after a crash of a Redis that had not written it yet. */
  forgetBatch(shard = 0): void {
    this.lease(shard).batchSeq -= 1;
  }

  /** Takes a shard over, as a lease does. */
  take(shard = 0): ShardLease {
    const lease = this.lease(shard);
    lease.epoch += 1;
    return { ...lease };
  }

  /** What a shard holds now. */
  data(shard = 0): ShardData {
    return this.table.data(shard);
  }

  async commit(batch: Batch): Promise<CommitResult> {
    await Promise.resolve();
    this.calls.push(batch);
    const fault = this.faults.shift();
    if (fault === 'away-late') await turns(LATE_TURNS);
    if (fault === 'away' || fault === 'away-late') throw away();
    if (fault === 'broken') throw new Error('WRONGTYPE Operation against a key');
    const result = this.table.commit(batch);
    if (result === 'committed') this.applied.push(batch);
    if (fault === 'answer-lost') throw away();
    if (fault === 'answer-late') await turns(LATE_TURNS);
    return result;
  }

  atTurnEnd(leave: () => void): void {
    setImmediate(leave);
  }

  async loadActive(shard: number): Promise<LoadedShard> {
    return Promise.resolve(this.table.loadActive(shard));
  }

  async waiting(shard: number, after: WaitingPlace | undefined, limit: number): Promise<TaskRecord[]> {
    return Promise.resolve(this.table.waiting(shard, after, limit));
  }

  async tasks(shard: number, ids: readonly string[]): Promise<(TaskRecord | undefined)[]> {
    return Promise.resolve(this.table.tasks(shard, ids));
  }

  async bodyHashes(shard: number, ids: readonly string[]): Promise<(string | undefined)[]> {
    return Promise.resolve(this.table.bodyHashes(shard, ids));
  }

  async idCount(shard: number): Promise<number> {
    return Promise.resolve(this.table.ids(shard).length);
  }

  async *ids(shard: number): AsyncGenerator<string[]> {
    yield await Promise.resolve(this.table.ids(shard));
  }

  async outbox(shard: number, afterSeq: number, limit: number): Promise<EventMessage[]> {
    return Promise.resolve(this.table.outbox(shard, afterSeq, limit));
  }

  async trimOutbox(shard: number, uptoSeq: number): Promise<void> {
    this.trims += 1;
    this.table.trimOutbox(shard, uptoSeq);
    return Promise.resolve();
  }

  async signalsOf(shard: number, id: string): Promise<Pick<RunRecord, 'signals' | 'heard'> | undefined> {
    return Promise.resolve(this.table.data(shard).runs.get(id)?.run);
  }

  async progressOf(shard: number, ids: readonly string[]): Promise<(RunProgress | undefined)[]> {
    return Promise.resolve(this.table.progressOf(shard, ids));
  }

  async expired(shard: number, now: number, limit: number): Promise<{ root: string; taskIds: string[] }[]> {
    return Promise.resolve(this.table.expired(shard, now, limit));
  }

  /** What a deep check reads. */
  inspector(): ShardInspector {
    const inspected = new TableInspector(this.table, (shard) => this.lease(shard));
    return {
      sums: async (shard) => Promise.resolve(inspected.sums(shard)),
      listed: async (...asked) => Promise.resolve(inspected.listed(...asked)),
      look: async (shard, ids) => Promise.resolve(inspected.look(shard, ids)),
      lookAtRuns: async (shard, ids) => Promise.resolve(inspected.lookAtRuns(shard, ids)),
      unlistedTasks: async (shard, ids) => Promise.resolve(inspected.unlistedTasks(shard, ids)),
      lostRuns: async (shard, ids) => Promise.resolve(inspected.lostRuns(shard, ids)),
      members: async function* (shard, index) {
        yield await Promise.resolve(inspected.members(shard, index));
      },
      factsOf: (record) => encodeFacts(factsOf(record)),
      payloadsOf: (record) => payloadsOf(record) || undefined,
    };
  }

  /** Reads of what this store holds. */
  truth(): TruthReader {
    const { table } = this;
    return {
      task: async (shard, id) => Promise.resolve(table.tasks(shard, [id])[0]),
      tasks: async (shard, ids) => Promise.resolve(table.tasks(shard, ids)),
      run: async (shard, id) => Promise.resolve(table.data(shard).runs.get(id)),
      runState: async (shard, id) => Promise.resolve(table.data(shard).runs.get(id)?.run.state),
      recent: async (...asked) => Promise.resolve(table.recent(...asked)),
      deadLetters: async (...asked) => Promise.resolve(table.deadLetters(...asked)),
      history: async (shard, root, part) => Promise.resolve(table.history(shard, root, part)),
      counts: async (shard) => Promise.resolve(table.counts(shard)),
    };
  }

  private lease(shard: number): ShardLease {
    let lease = this.leases.get(shard);
    if (!lease) this.leases.set(shard, (lease = { epoch: 0, batchSeq: 0 }));
    return lease;
  }
}

function away(): MultiswarmError {
  return new MultiswarmError('store-unavailable', 'Redis does not answer');
}
