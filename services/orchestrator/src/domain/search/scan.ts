import { labelKeyOf, type TaskGroup, type TaskOrder } from '@multiswarm/contracts';
import { Heap } from '@multiswarm/core';
import type { Criteria } from './criteria';
import type { LabelColumn } from './label-column';
import { ALL_TIME, ROWS_TOGETHER, RowTest } from './row-test';
import type { TaskIndex, TaskPlace } from './task-index';

/** What is done before others get a turn: to look at so many rows, or what takes as long. */
export const ROWS_AT_ONCE = 50_000;

/** Rows that are tested together at first: a page may be full after a few. */
const FIRST_TOGETHER = 128;

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
    const rows = {
      from: Number.isFinite(from) ? index.countBefore({ at: from, id: '' }) : 0,
      to: place ? index.countBefore(place) : index.rows,
    };
    const { order, created } = index.view;
    const test = new RowTest(index, { ...criteria, created: ALL_TIME }, rowsAtOnce);
    const last = lookDown(test, { ...rows, rowsAtOnce, order }, (count) => {
      for (let at = count - 1; at >= 0 && found.length < limit; at -= 1) {
        const row = test.rows[at] as number;
        found.push({ at: created[row] as number, id: index.id(row) });
      }
      return found.length < limit;
    });
    if (last <= rows.from || found.length === limit) return found;
    const row = order[last] as number;
    if (last < rows.to) place = { at: created[row] as number, id: index.id(row) };
    yield;
  }
}

/** Rows with these numbers, or at these places of an order. */
interface Span {
  from: number;
  to: number;
  order?: Uint32Array;
  rowsAtOnce: number;
}

/**
 * From behind, some rows together, until it is time for others.
 * @param see is told how many of some rows pass, and says whether to go on
 * @returns the first that was looked at; `to` where none was, yet
 */
function lookDown(
  test: RowTest,
  { from, to, order, rowsAtOnce }: Span,
  see: (count: number) => boolean,
): number {
  const most = Math.min(ROWS_TOGETHER, rowsAtOnce);
  let together = Math.min(FIRST_TOGETHER, most);
  let at = to;
  while (at > from && !test.isTired) {
    const first = Math.max(from, at - together);
    const count = test.select(first, at, order);
    if (count < 0) break;
    at = first;
    if (!see(count)) break;
    together = Math.min(most, 2 * together);
  }
  return at;
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
  yield* eachRow(index, {
    begin: () => {
      best = newestLast(index);
    },
    look: (to) => {
      const { since, ids } = index.view;
      const test = new RowTest(index, criteria, rowsAtOnce);
      return lookDown(test, { from: 0, to, rowsAtOnce }, (count) => {
        for (let last = count - 1; last >= 0; last -= 1) {
          const row = test.rows[last] as number;
          const at = since[row] as number;
          if (before && (at > before.at || (at === before.at && ids.compareWith(row, before.id) >= 0)))
            continue;
          if (best.size === limit && at < (best.top?.at ?? 0)) continue;
          best.push({ at, row });
          if (best.size > limit) best.pop();
        }
        if (best.size === limit) test.restrict(best.top?.at ?? 0);
        return true;
      });
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
  /** Adds rows to the sums, by number. @returns the sums, which may have had to grow */
  add: (rows: Uint32Array, count: number, sums: Float64Array) => Float64Array;
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
  yield* eachRow(index, {
    begin: () => {
      sums = new Float64Array(0);
      label = undefined;
    },
    look: (to) => {
      // Columns may have grown since the last look; what stands for what is as it was.
      const grouping = grouped();
      const test = new RowTest(index, criteria, rowsAtOnce);
      return lookDown(test, { from: 0, to, rowsAtOnce }, (count) => {
        sums = grouping.add(test.rows, count, sums);
        return true;
      });
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
    add: (rows, count, sums) => {
      const all = enlarged(sums, names.length);
      for (let at = 0; at < count; at += 1) {
        const code = codes[rows[at] as number] as number;
        all[code] = (all[code] as number) + 1;
      }
      return all;
    },
    name: (code) => names[code] ?? null,
  };
}

function groupingOfLabel(label: LabelColumn, blocks: Uint32Array): Grouping {
  return {
    add: (rows, count, sums) => {
      let all = sums;
      for (let at = 0; at < count; at += 1) {
        const code = label.codeOf(blocks[rows[at] as number] as number);
        if (code >= all.length) all = enlarged(all, label.size);
        all[code] = (all[code] as number) + 1;
      }
      return all;
    },
    name: (code) => label.name(code),
  };
}

/** With room for so many, and twice as many where there was none. */
function enlarged(sums: Float64Array, size: number): Float64Array {
  if (size <= sums.length) return sums;
  const more = new Float64Array(size * 2);
  more.set(sums);
  return more;
}

/**
 * All rows that are there now, some at once, the newest first. Where they have got other numbers meanwhile it begins again.
 * @param on.look at some rows below a number, and says how far it came
 */
function* eachRow(
  index: TaskIndex,
  on: { begin: () => void; look: (to: number) => number },
): Generator<void, void> {
  let { version } = index;
  for (let to = index.rows; to > 0;) {
    to = on.look(to);
    if (to === 0) return;
    yield;
    if (index.version === version) continue;
    version = index.version;
    to = index.rows;
    on.begin();
  }
}

export function isNewer(a: TaskPlace, b: TaskPlace): boolean {
  return a.at !== b.at ? a.at > b.at : a.id > b.id;
}
