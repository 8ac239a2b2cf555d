import { isTerminal, type Event } from '@multiswarm/contracts';
import { eventMessages } from '../../src/application/event-batches';
import { isDeadLetter } from '../../src/domain/task/dead-letter';
import { factsOf } from '../../src/domain/task/dead-letter-facts';
import { isHeld, isLone, type TaskRecord } from '../../src/domain/task/record';
import { toldEvents } from '../../src/domain/task/told-events';
import type { RunProgress, RunRecord } from '../../src/domain/workflow/run';
import type {
  Batch,
  CommitResult,
  DeadLetterEntry,
  EventMessage,
  LoadedShard,
  WaitingPlace,
  Write,
  HistoryPart,
} from '../../src/ports';

/** What one shard holds. */
export class ShardData {
  readonly tasks = new Map<string, TaskRecord>();
  readonly runs = new Map<string, { run: RunRecord; progress: RunProgress }>();
  readonly histories = new Map<string, Event[]>();
  readonly ended = new Map<string, number>();
  readonly counts = new Map<string, number>();
  outbox: EventMessage[] = [];
}

/** Where the epoch and the number of the last batch of a shard live. */
export interface ShardLease {
  epoch: number;
  batchSeq: number;
}

/**
 * What the shards of a deployment hold, in memory and without waiting: every write is done as its kind says, one after the
 * other, and every question is answered by looking at everything. So it is the measure of what the store in Redis does
 * in fewer steps. Records that are committed are frozen: whoever changes one later has changed the truth unseen.
 */
export class ShardTable {
  private readonly shards = new Map<number, ShardData>();

  constructor(private readonly leaseOf: (shard: number) => ShardLease) {}

  data(shard: number): ShardData {
    let data = this.shards.get(shard);
    if (!data) this.shards.set(shard, (data = new ShardData()));
    return data;
  }

  commit(batch: Batch): CommitResult {
    const lease = this.leaseOf(batch.shard);
    if (batch.epoch !== lease.epoch) return 'stale';
    if (batch.batchSeq <= lease.batchSeq) return 'applied';
    if (batch.after !== lease.batchSeq) return 'gap';
    const data = this.data(batch.shard);
    for (const write of batch.writes) apply(data, write);
    data.outbox.push(...eventMessages(batch));
    lease.batchSeq = batch.batchSeq;
    return 'committed';
  }

  loadActive(shard: number): LoadedShard {
    const data = this.data(shard);
    const active = [...data.tasks.values()].filter((task) => !isTerminal(task.state));
    const runs = [...data.runs.values()].filter(({ run }) => run.state === 'running');
    const steps = runs.flatMap(({ run }) => run.spec.steps.map((step) => data.tasks.get(step.taskId)));
    return {
      tasks: active.filter((task) => isHeld(task) || !isLone(task)),
      runs,
      endedSteps: steps.filter((task) => task !== undefined).filter((task) => isTerminal(task.state)),
    };
  }

  waiting(shard: number, after: WaitingPlace | undefined, limit: number): TaskRecord[] {
    return [...this.data(shard).tasks.values()]
      .filter((task) => isLone(task) && !isTerminal(task.state) && !isHeld(task))
      .filter((task) => !after || inOrder(after, task) < 0)
      .sort(inOrder)
      .slice(0, limit);
  }

  tasks(shard: number, ids: readonly string[]): (TaskRecord | undefined)[] {
    return ids.map((id) => this.data(shard).tasks.get(id));
  }

  bodyHashes(shard: number, ids: readonly string[]): (string | undefined)[] {
    const { tasks, runs } = this.data(shard);
    return ids.map((id) => {
      const spec = tasks.get(id)?.spec ?? runs.get(id)?.run.spec;
      return spec && (spec.bodyHash ?? '');
    });
  }

  ids(shard: number): string[] {
    const { tasks, runs } = this.data(shard);
    return [...tasks.keys(), ...runs.keys()];
  }

  outbox(shard: number, afterSeq: number, limit: number): EventMessage[] {
    return this.data(shard)
      .outbox.filter(({ batchSeq }) => batchSeq > afterSeq)
      .slice(0, limit);
  }

  trimOutbox(shard: number, uptoSeq: number): void {
    const data = this.data(shard);
    data.outbox = data.outbox.filter(({ batchSeq }) => batchSeq > uptoSeq);
  }

  progressOf(shard: number, ids: readonly string[]): (RunProgress | undefined)[] {
    return ids.map((id) => this.data(shard).runs.get(id)?.progress);
  }

  expired(shard: number, now: number, limit: number): { root: string; taskIds: string[] }[] {
    const { ended, runs } = this.data(shard);
    return [...ended]
      .filter(([, at]) => at <= now)
      .sort(([a, at], [b, bt]) => at - bt || (a < b ? -1 : 1))
      .slice(0, limit)
      .map(([root]) => ({
        root,
        taskIds: root.startsWith('w')
          ? (runs.get(root)?.run.spec.steps.map((step) => step.taskId) ?? [])
          : [root],
      }));
  }

  recent(
    kind: 'tasks' | 'workflows',
    shard: number,
    before: { at: number; id: string } | undefined,
    limit: number,
  ): { id: string; at: number }[] {
    const { tasks, runs } = this.data(shard);
    const all = kind === 'tasks' ? [...tasks.values()] : [...runs.values()].map(({ run }) => run);
    return all
      .map(({ id, createdAt }) => ({ id, at: createdAt }))
      .filter(({ id, at }) => !before || at < before.at || (at === before.at && id < before.id))
      .sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1))
      .slice(0, limit);
  }

  deadLetters(
    shard: number,
    before: { at: number; id: string } | undefined,
    limit: number,
  ): DeadLetterEntry[] {
    return [...this.data(shard).tasks.values()]
      .filter(isDeadLetter)
      .map((record) => ({ id: record.id, at: record.since, facts: factsOf(record) }))
      .filter(({ id, at }) => !before || at < before.at || (at === before.at && id < before.id))
      .sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1))
      .slice(0, limit);
  }

  history(shard: number, root: string, part?: HistoryPart): Event[] {
    const { histories, tasks } = this.data(shard);
    const kept = histories.get(root) ?? [];
    if (part && root.startsWith('w')) return kept.slice(part.after, part.after + part.most);
    const record = tasks.get(root);
    return kept[0]?.seq === 1 || !record ? [...kept] : [...toldEvents(record), ...kept];
  }

  counts(shard: number): Record<string, number> {
    return Object.fromEntries([...this.data(shard).counts].filter(([, count]) => count !== 0));
  }
}

function apply(data: ShardData, write: Write): void {
  switch (write.kind) {
    case 'task':
      return void data.tasks.set(write.record.id, Object.freeze(write.record));
    case 'run': {
      const { record, progress, isNew } = write;
      const stored = isNew ? undefined : data.runs.get(record.id);
      // The specification is written once; what is added to it has a write of its own.
      const run = stored ? { ...record, spec: stored.run.spec } : record;
      return void data.runs.set(record.id, { run, progress });
    }
    case 'run-steps': {
      const stored = data.runs.get(write.runId);
      if (!stored) return;
      const { spec } = stored.run;
      const known = new Set(spec.steps.map(({ id }) => id));
      const steps = [...spec.steps, ...write.steps.filter(({ id }) => !known.has(id))];
      return void data.runs.set(write.runId, { ...stored, run: { ...stored.run, spec: { ...spec, steps } } });
    }
    case 'run-progress': {
      const stored = data.runs.get(write.runId);
      if (stored) data.runs.set(write.runId, { ...stored, progress: write.progress });
      return;
    }
    case 'root-ended':
      return void data.ended.set(write.root, write.expiresAt);
    case 'root-reopened':
      return void data.ended.delete(write.root);
    case 'count':
      return void data.counts.set(write.state, (data.counts.get(write.state) ?? 0) + write.by);
    case 'event':
    case 'keep':
      return keep(data.histories, write.event);
    case 'forget':
      for (const id of write.taskIds) data.tasks.delete(id);
      for (const kind of [data.runs, data.histories, data.ended]) kind.delete(write.root);
  }
}

function keep(histories: Map<string, Event[]>, event: Event): void {
  const kept = histories.get(event.root);
  if (kept) kept.push(event);
  else histories.set(event.root, [event]);
}

function inOrder(a: WaitingPlace, b: WaitingPlace): number {
  return a.order - b.order || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
