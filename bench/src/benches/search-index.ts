import { CountTasksQuery, ListTasksQuery } from '@multiswarm/contracts';
import type { TaskRecord } from '../../../services/orchestrator/src/domain/task/record';
import { criteriaOf } from '../../../services/orchestrator/src/domain/search/criteria';
import { findCounts, findPage } from '../../../services/orchestrator/src/domain/search/scan';
import { TaskIndex } from '../../../services/orchestrator/src/domain/search/task-index';
import { median } from '../statistics';
import { bornBefore, SHARDS, taskAt } from '../systems/population';
import { QUERY_KINDS, type QueryKind } from '../systems/search-queries';

export interface IndexCosts {
  /** Nanoseconds. */
  submitted: number;
  changed: number;
  /** Outside the heap. */
  bytes: number;
  heapBytes: number;
  /** By kind of query: milliseconds of processor time that all shards together take for one, in the middle. */
  queries: [kind: string, ms: number][];
}

/** Records are made before they are measured, so many at a time. */
const AT_ONCE = 500;
const QUERIES = 25;

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
  const costs = {
    submitted: (spent.submitted / count) * 1e3,
    changed: (spent.changed / changes) * 1e3,
    bytes: indexes.reduce((sum, { bytes }) => sum + bytes, 0) / count,
    heapBytes: (process.memoryUsage().heapUsed - heap) / count,
  };
  // As after they were read.
  for (const index of indexes) index.tidy();
  return { ...costs, queries: QUERY_KINDS.map((kind) => [kind.name, queryMs(indexes, kind, count)]) };
}

/** The first of them makes signatures, and has the engine compile: the middle is of what comes later. */
function queryMs(indexes: readonly TaskIndex[], kind: QueryKind, count: number): number {
  return median(
    Array.from({ length: QUERIES }, (_, i) => {
      const begun = process.cpuUsage();
      ask(indexes, kind, kind.query(i, count));
      const { user, system } = process.cpuUsage(begun);
      return (user + system) / 1e3;
    }),
  );
}

function ask(indexes: readonly TaskIndex[], { path }: QueryKind, query: object): void {
  if (path === '/v1/tasks/counts') {
    const { by, ...filter } = CountTasksQuery.parse(query);
    const criteria = criteriaOf(filter);
    for (const index of indexes) toItsEnd(findCounts(index, criteria, by));
    return;
  }
  const { order = 'created', limit, cursor: _none, workflow: _no, ...filter } = ListTasksQuery.parse(query);
  const criteria = criteriaOf(filter);
  for (const index of indexes)
    toItsEnd(findPage(index, { criteria, order, before: undefined, limit: limit + 1 }));
}

function toItsEnd(steps: Generator<void, unknown>): void {
  while (steps.next().done !== true);
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
