import type { LabelColumn } from './label-column';
import { labelKeyOf, type TaskGroup, type TaskOrder } from '@multiswarm/contracts';
import { Heap } from '../queue/heap';
import type { Criteria } from './criteria';
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
    const at = place ? index.countBefore(place) : index.rows;
    const last = Math.max(0, at - rowsAtOnce);
    if (lookDown(index, new RowTest(index, criteria), { at, last, from, limit }, found) || last === 0)
      return found;
    const row = index.view.order[last] as number;
    place = { at: index.view.created[row] as number, id: index.id(row) };
    yield;
  }
}

/**
 * A function of its own: loops in generators are not made as fast.
 * @returns whether all has been found that is wanted
 */
function lookDown(
  index: TaskIndex,
  test: RowTest,
  { at, last, from, limit }: { at: number; last: number; from: number; limit: number },
  found: TaskPlace[],
): boolean {
  const { order, created } = index.view;
  for (let place = at - 1; place >= last; place -= 1) {
    const row = order[place] as number;
    if (!test.passes(row)) continue;
    const time = created[row] as number;
    if (time < from) return true;
    found.push({ at: time, id: index.id(row) });
    if (found.length === limit) return true;
  }
  // Nothing that is further down was created later than the last one.
  return last < at && (created[order[last] as number] as number) < from;
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
  let best: Heap<ChangedRow> = newestLast(index);
  yield* eachRow(index, rowsAtOnce, {
    begin: () => {
      best = newestLast(index);
    },
    look: (from, to) => {
      const { since, ids } = index.view;
      const test = new RowTest(index, criteria);
      for (let row = to - 1; row >= from; row -= 1) {
        const at = since[row] as number;
        if (before && (at > before.at || (at === before.at && ids.compareWith(row, before.id) >= 0)))
          continue;
        if (best.size === limit && at < (best.top?.at ?? 0)) continue;
        if (!test.passes(row)) continue;
        best.push({ at, row });
        if (best.size > limit) best.pop();
      }
    },
  });
  const places: TaskPlace[] = [];
  for (let oldest = best.pop(); oldest; oldest = best.pop())
    places.push({ at: oldest.at, id: index.id(oldest.row) });
  return places.reverse();
}

interface ChangedRow {
  at: number;
  row: number;
}

function newestLast(index: TaskIndex): Heap<ChangedRow> {
  return new Heap<ChangedRow>(
    (a, b) => a.at < b.at || (a.at === b.at && index.view.ids.compare(a.row, b.row) < 0),
    () => undefined,
  );
}

/** How many there are of each group; those that have none are under null. */
export interface Counts {
  groups: Map<string | null, number>;
  /** In groups that are not told apart. */
  others: number;
}

/** Counts rows by the number that stands for their group. */
interface Grouping {
  codeOf: (row: number) => number;
  size: () => number;
  /** Undefined for groups that are not told apart. */
  name: (code: number) => string | null | undefined;
}

export function* findCounts(
  index: TaskIndex,
  criteria: Criteria,
  by: string,
  rowsAtOnce = ROWS_AT_ONCE,
): Generator<void, Counts> {
  let sums: Float64Array = new Float64Array(0);
  // The same one to the end: another one for the same key, after this was thrown out, would number the values in another way.
  let label: LabelColumn | undefined;
  const grouped = (): Grouping => {
    const key = labelKeyOf(by);
    if (key === undefined) return groupingOf(index, by as TaskGroup); // what is no label is one of these: TaskGrouping
    const { metadata } = index.view;
    return groupingOfLabel((label ??= metadata.label(key)), metadata.codes);
  };
  yield* eachRow(index, rowsAtOnce, {
    begin: () => {
      sums = new Float64Array(0);
      label = undefined;
    },
    look: (from, to) => {
      // Columns may have grown since the last look; what stands for what is as it was.
      const grouping = grouped();
      const test = new RowTest(index, criteria);
      for (let row = to - 1; row >= from; row -= 1) {
        if (!test.passes(row)) continue;
        const code = grouping.codeOf(row);
        if (code >= sums.length) sums = enlarged(sums, Math.max(code + 1, grouping.size() * 2));
        sums[code] = (sums[code] as number) + 1;
      }
    },
  });
  const grouping = grouped();
  const counts: Counts = { groups: new Map(), others: 0 };
  for (let code = 0; code < sums.length; code += 1) {
    const count = sums[code] as number;
    if (count === 0) continue;
    const name = grouping.name(code);
    if (name === undefined) counts.others += count;
    else counts.groups.set(name, count);
  }
  return counts;
}

function groupingOf(index: TaskIndex, by: TaskGroup): Grouping {
  const { codes, names } = index.facet(by);
  return {
    codeOf: (row) => codes[row] as number,
    size: () => names.length,
    name: (code) => names[code] ?? null,
  };
}

function groupingOfLabel(label: LabelColumn, blocks: Uint32Array): Grouping {
  return {
    codeOf: (row) => label.codeOf(blocks[row] as number),
    size: () => label.size,
    name: (code) => label.name(code),
  };
}

function enlarged(sums: Float64Array, size: number): Float64Array {
  const more = new Float64Array(size);
  more.set(sums);
  return more;
}

/**
 * All rows that are there now, some at once, the newest first. Where they have got other numbers meanwhile it begins again.
 */
function* eachRow(
  index: TaskIndex,
  rowsAtOnce: number,
  on: { begin: () => void; look: (from: number, to: number) => void },
): Generator<void, void> {
  let { version } = index;
  for (let to = index.rows; to > 0;) {
    const from = Math.max(0, to - rowsAtOnce);
    on.look(from, to);
    if (from === 0) return;
    yield;
    to = from;
    if (index.version === version) continue;
    version = index.version;
    to = index.rows;
    on.begin();
  }
}

export function isNewer(a: TaskPlace, b: TaskPlace): boolean {
  return a.at !== b.at ? a.at > b.at : a.id > b.id;
}
