import { isTerminal, MultiswarmError, type Event, type EventBatch } from '@multiswarm/contracts';
import { eventBatches } from '../../src/application/event-batches';
import type { TaskRecord } from '../../src/domain/task/record';
import type { RunRecord } from '../../src/domain/workflow/run';
import type { Batch, CommitResult, LoadedShard, ShardStore, Write } from '../../src/ports';

/** The port in memory, for one shard, with the faults that a network has. Held to the same contract as the one in Redis. */
export class MemoryShardStore implements ShardStore {
  readonly tasks = new Map<string, TaskRecord>();
  readonly runs = new Map<string, RunRecord>();
  readonly histories = new Map<string, Event[]>();
  readonly ended = new Map<string, number>();
  /** Every batch in the order in which it was applied. */
  readonly applied: Batch[] = [];
  /** Every call, also those that came to nothing. */
  readonly calls: Batch[] = [];
  /** What happens to the next calls of `commit`, in order; nothing special when it is empty. */
  faults: ('away' | 'answer-lost' | 'broken')[] = [];
  trims = 0;
  private epoch = 0;
  private batchSeq = 0;
  private entries: EventBatch[] = [];

  /** Takes the shard over, as a lease does. */
  take(): { epoch: number; batchSeq: number } {
    this.epoch += 1;
    return { epoch: this.epoch, batchSeq: this.batchSeq };
  }

  async commit(batch: Batch): Promise<CommitResult> {
    await Promise.resolve();
    this.calls.push(batch);
    const fault = this.faults.shift();
    if (fault === 'away') throw away();
    if (fault === 'broken') throw new Error('WRONGTYPE Operation against a key');
    const result = this.apply(batch);
    if (fault === 'answer-lost') throw away();
    return result;
  }

  async load(): Promise<LoadedShard> {
    const active = [...this.tasks.values()].filter((task) => !isTerminal(task.state));
    const runs = [...this.runs.values()].filter((run) => run.state === 'running');
    const endedSteps = runs
      .flatMap((run) => run.spec.steps.map((step) => this.tasks.get(step.taskId)))
      .filter((task): task is TaskRecord => task !== undefined && isTerminal(task.state));
    const roots = [
      ...runs.map((run) => run.id),
      ...active.filter((task) => task.spec.workflowId === undefined).map((task) => task.id),
    ];
    const historyLengths = new Map(roots.map((root) => [root, this.histories.get(root)?.length ?? 0]));
    return Promise.resolve({ tasks: active, runs, endedSteps, historyLengths });
  }

  bodyHashes(_shard: number, ids: readonly string[]): Promise<(string | undefined)[]> {
    const hashes = ids.map((id) => {
      const spec = this.tasks.get(id)?.spec ?? this.runs.get(id)?.spec;
      return spec && (spec.bodyHash ?? '');
    });
    return Promise.resolve(hashes);
  }

  outbox(_shard: number, afterSeq: number, limit: number): Promise<EventBatch[]> {
    return Promise.resolve(this.entries.filter((entry) => entry.batchSeq > afterSeq).slice(0, limit));
  }

  trimOutbox(_shard: number, uptoSeq: number): Promise<void> {
    this.trims += 1;
    this.entries = this.entries.filter((entry) => entry.batchSeq > uptoSeq);
    return Promise.resolve();
  }

  expired(_shard: number, now: number, limit: number): Promise<{ root: string; taskIds: string[] }[]> {
    const roots = [...this.ended].filter(([, at]) => at <= now).sort((a, b) => a[1] - b[1]);
    const found = roots.slice(0, limit).map(([root]) => ({
      root,
      taskIds: this.runs.get(root)?.spec.steps.map((step) => step.taskId) ?? [root],
    }));
    return Promise.resolve(found);
  }

  private apply(batch: Batch): CommitResult {
    if (batch.epoch !== this.epoch) return 'stale';
    if (batch.batchSeq <= this.batchSeq) return 'applied';
    for (const write of batch.writes) this.write(write);
    this.entries.push(...eventBatches(batch));
    this.batchSeq = batch.batchSeq;
    this.applied.push(batch);
    return 'committed';
  }

  private write(write: Write): void {
    if (write.kind === 'task') this.tasks.set(write.record.id, write.record);
    else if (write.kind === 'run') this.runs.set(write.record.id, write.record);
    else if (write.kind === 'root-ended') this.ended.set(write.root, write.expiresAt);
    else if (write.kind === 'event') {
      const { root } = write.event;
      this.histories.set(root, [...(this.histories.get(root) ?? []), write.event]);
    } else if (write.kind === 'forget') this.forget(write.root, write.taskIds);
  }

  private forget(root: string, taskIds: string[]): void {
    for (const id of taskIds) this.tasks.delete(id);
    this.runs.delete(root);
    this.histories.delete(root);
    this.ended.delete(root);
  }
}

function away(): MultiswarmError {
  return new MultiswarmError('store-unavailable', 'Redis does not answer');
}
