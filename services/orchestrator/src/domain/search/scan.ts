import { labelKeyOf, type TaskGroup, type TaskOrder } from '@multiswarm/contracts';
import { Heap } from '../queue/heap';
import type { Criteria } from './criteria';
import { labelNeedle } from './metadata-question';
import { RowTest } from './row-test';
import type { TaskIndex, TaskPlace } from './task-index';

/** Rows that are looked at before others get a turn. */
export const ROWS_AT_ONCE = 50_000;

/** What is asked of one shard: what comes behind a place, newest first, `limit` at most. */
export interface PageQuestion {
  criteria: Criteria;
  order: TaskOrder;
  before: TaskPlace | undefined;
  limit: number;
}

/**
 * One page out of an index, in turns: it yields whenever it has looked at `rowsAtOnce`, and the index may change meanwhile.
 * @returns the places, newest first
 */
export function* findPage(
  index: TaskIndex,
  question: PageQuestion,
  rowsAtOnce = ROWS_AT_ONCE,
): Generator<void, TaskPlace[]> {
  return question.order === 'created'
    ? yield* byCreation(index, question, rowsAtOnce)
    : yield* byChange(index, question, rowsAtOnce);
}

/** Down the order of creation. What is added meanwhile is newer than the place where it went on, or seen. */
function* byCreation(
  index: TaskIndex,
  { criteria, before, limit }: PageQuestion,
  rowsAtOnce: number,
): Generator<void, TaskPlace[]> {
  const found: TaskPlace[] = [];
  const { from, to } = criteria.created;
  let place = earlier(before, Number.isFinite(to) ? { at: to, id: '' } : undefined);
  for (;;) {
    const { order, created } = index.view;
    const test = new RowTest(index, criteria);
    let at = place ? index.countBefore(place) : index.rows;
    const last = Math.max(0, at - rowsAtOnce);
    while (at > last) {
      at -= 1;
      const row = order[at] as number;
      if ((created[row] as number) < from) return found;
      if (!test.passes(row)) continue;
      found.push({ at: created[row] as number, id: index.id(row) });
      if (found.length === limit) return found;
    }
    if (at === 0) return found;
    const row = order[at] as number;
    place = { at: created[row] as number, id: index.id(row) };
    yield;
  }
}

function earlier(a: TaskPlace | undefined, b: TaskPlace | undefined): TaskPlace | undefined {
  if (!a || !b) return a ?? b;
  return a.at < b.at ? a : b;
}

/** Over all rows, keeping the newest: tasks change their place too often for an order of their own. */
function* byChange(
  index: TaskIndex,
  { criteria, before, limit }: PageQuestion,
  rowsAtOnce: number,
): Generator<void, TaskPlace[]> {
  const best = new Newest(limit);
  yield* eachRow(index, rowsAtOnce, {
    begin: () => {
      best.clear();
    },
    look: (from, to) => {
      const { since } = index.view;
      const test = new RowTest(index, criteria);
      for (let row = from; row < to; row += 1) {
        const at = since[row] as number;
        if ((before && at > before.at) || at < best.least || !test.passes(row)) continue;
        const place = { at, id: index.id(row) };
        if (!before || at < before.at || place.id < before.id) best.add(place);
      }
    },
  });
  return best.places();
}

/** How many there are of each group; those that have none are under null. */
export function* findCounts(
  index: TaskIndex,
  criteria: Criteria,
  by: string,
  rowsAtOnce = ROWS_AT_ONCE,
): Generator<void, Map<string | null, number>> {
  const key = labelKeyOf(by);
  // By code where it is a facet, else by block of metadata.
  let sums = new Float64Array(0);
  yield* eachRow(index, rowsAtOnce, {
    begin: () => {
      sums = new Float64Array(0);
    },
    look: (from, to) => {
      const { metadata } = index.view;
      const codes = key === undefined ? index.facet(by as TaskGroup).codes : metadata.codes;
      const groups = key === undefined ? index.facet(by as TaskGroup).names.length : metadata.blocks;
      if (groups > sums.length) {
        const more = new Float64Array(groups);
        more.set(sums);
        sums = more;
      }
      const test = new RowTest(index, criteria);
      for (let row = from; row < to; row += 1) {
        if (!test.passes(row)) continue;
        const code = codes[row] as number;
        sums[code] = (sums[code] as number) + 1;
      }
    },
  });
  return named(index, by, key, sums);
}

function named(
  index: TaskIndex,
  by: string,
  key: string | undefined,
  sums: Float64Array,
): Map<string | null, number> {
  const counts = new Map<string | null, number>();
  const needle = key === undefined ? undefined : labelNeedle(key);
  const names = needle ? undefined : index.facet(by as TaskGroup).names;
  for (let code = 0; code < sums.length; code += 1) {
    const count = sums[code] as number;
    if (count === 0) continue;
    const name = (needle ? index.view.metadata.value(code, needle) : names?.[code]) ?? null;
    counts.set(name, (counts.get(name) ?? 0) + count);
  }
  return counts;
}

/** All rows, some at once. Where they have got other numbers meanwhile it begins again. */
function* eachRow(
  index: TaskIndex,
  rowsAtOnce: number,
  on: { begin: () => void; look: (from: number, to: number) => void },
): Generator<void, void> {
  let { version } = index;
  for (let from = 0; from < index.rows;) {
    const to = Math.min(index.rows, from + rowsAtOnce);
    on.look(from, to);
    if (to === index.rows) return;
    yield;
    from = index.version === version ? to : 0;
    if (from > 0) continue;
    version = index.version;
    on.begin();
  }
}

/** The newest places of many. */
class Newest {
  private heap = oldestFirst();

  constructor(private readonly limit: number) {}

  /** What is older than this has no chance. */
  get least(): number {
    return this.heap.size < this.limit ? -Infinity : (this.heap.top?.at ?? -Infinity);
  }

  clear(): void {
    this.heap = oldestFirst();
  }

  add(place: TaskPlace): void {
    this.heap.push(place);
    if (this.heap.size > this.limit) this.heap.pop();
  }

  places(): TaskPlace[] {
    const places: TaskPlace[] = [];
    for (let oldest = this.heap.pop(); oldest; oldest = this.heap.pop()) places.push(oldest);
    return places.reverse();
  }
}

function oldestFirst(): Heap<TaskPlace> {
  return new Heap(
    (a, b) => isNewer(b, a),
    () => undefined,
  );
}

export function isNewer(a: TaskPlace, b: TaskPlace): boolean {
  return a.at !== b.at ? a.at > b.at : a.id > b.id;
}
