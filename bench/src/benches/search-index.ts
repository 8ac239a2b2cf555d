import type { TaskRecord } from '../../../services/orchestrator/src/domain/task/record';
import { TaskIndex } from '../../../services/orchestrator/src/domain/search/task-index';
import { bornBefore, SHARDS, taskAt } from '../systems/population';

export interface IndexCosts {
  /** Nanoseconds. */
  submitted: number;
  changed: number;
  /** Outside the heap. */
  bytes: number;
  heapBytes: number;
}

/** Records are made before they are measured, so many at a time. */
const AT_ONCE = 500;

/** What the indexes of all shards spend on a task that is new and on one that has changed, and what a row of them takes. */
export function indexCosts(count: number): IndexCosts {
  const indexes = Array.from({ length: SHARDS }, (_, shard) => new TaskIndex(shard));
  const from = bornBefore(count, Date.now());
  const spent = { submitted: 0, changed: 0 };
  let changes = 0;
  globalThis.gc?.();
  const heap = process.memoryUsage().heapUsed;
  for (let first = 0; first < count; first += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, at) =>
      taskAt(first + at, from),
    );
    spent.submitted += timed(
      indexes,
      some.map(({ submitted }) => submitted),
    );
    const changed = some.flatMap(({ submitted, now }) => (now === submitted ? [] : [running(now), now]));
    spent.changed += timed(indexes, changed);
    changes += changed.length;
  }
  globalThis.gc?.();
  return {
    submitted: (spent.submitted / count) * 1e3,
    changed: (spent.changed / changes) * 1e3,
    bytes: indexes.reduce((sum, { bytes }) => sum + bytes, 0) / count,
    heapBytes: (process.memoryUsage().heapUsed - heap) / count,
  };
}

function running(record: TaskRecord): TaskRecord {
  return { ...record, state: 'running', error: undefined };
}

/** Microseconds of processor time. */
function timed(indexes: readonly TaskIndex[], records: readonly TaskRecord[]): number {
  const shards = records.map(({ id }) => Number(id.slice(1, id.indexOf('-'))));
  const begun = process.cpuUsage();
  for (let at = 0; at < records.length; at += 1) indexes[shards[at] ?? 0]?.put(records[at] as TaskRecord);
  const { user, system } = process.cpuUsage(begun);
  return user + system;
}
