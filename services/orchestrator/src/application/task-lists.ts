import {
  LIMITS,
  MultiswarmError,
  shardOf,
  type CountTasksQuery,
  type ListTasksQuery,
  type TaskCounts,
  type TaskFilter,
  type TaskOrder,
} from '@multiswarm/contracts';
import { criteriaOf, isMet, type Criteria } from '../domain/search/criteria';
import { isNewer } from '../domain/search/scan';
import type { TaskPlace } from '../domain/search/task-index';
import type { TaskRecord } from '../domain/task/record';
import type { TruthReader } from '../ports';
import { decodeCursor, encodeCursor, newestFirst, type Position } from './pages';

/** What one shard is asked for: what comes behind a place, newest first. */
export interface ShardQuestion {
  filter: TaskFilter;
  order: TaskOrder;
  before?: TaskPlace | undefined;
  limit: number;
}

/** Groups that one shard tells of, and their bytes: NATS carries 1 MiB. */
export const SHARD_GROUPS = { count: 10_000, bytes: 512 * 1024 };
/** The same of an answer. */
const ANSWERED = { count: LIMITS.SEARCH_GROUPS, bytes: LIMITS.SEARCH_GROUPS_BYTES };
/** Of each: names, brackets, commas and the number. */
const BYTES_BESIDE_A_VALUE = 45;

/** Counts of one shard. `others`: in groups that are not among them. */
export interface ShardCounts {
  groups: [value: string | null, count: number][];
  others: number;
}

/** The indexes of shards, wherever their owners are. */
export interface ShardSearches {
  /** @throws MultiswarmError retryable where the shard has no owner that could answer now */
  page(shard: number, question: ShardQuestion): Promise<TaskPlace[]>;
  /** The same. */
  counts(shard: number, filter: TaskFilter, by: string): Promise<ShardCounts>;
}

export interface RecordPage {
  items: TaskRecord[];
  next: string | null;
}

const SCAN_PAGE = 200;
/** Records that one request looks at before it answers with what it has, where it goes without indexes. */
const SCAN_RECORDS = 5_000;

/**
 * Tasks by what is asked of them. The indexes of the shards say which; what is shown is read from the truth, and shown only
 * where that agrees.
 *
 * L1. A page of what is ordered by creation never fails for want of an owner: without indexes the records are looked at one
 *     after the other, which is slow, so a page may then be short, with a cursor to go on from. It is the same cursor.
 */
export class TaskLists {
  constructor(
    private readonly truth: TruthReader,
    private readonly searches: ShardSearches,
    private readonly shards: number,
  ) {}

  async page({ workflow, order = 'created', limit, cursor, ...filter }: ListTasksQuery): Promise<RecordPage> {
    const criteria = criteriaOf(filter);
    if (workflow !== undefined) return this.stepsOf(workflow, criteria, limit, cursor);
    const before = decodeCursor(cursor, '/query/cursor', order === 'updated' ? order : undefined);
    try {
      return await this.search({ filter, order, before, limit }, criteria);
    } catch (error) {
      if (order !== 'created' || !isPassing(error)) throw error;
      return this.scan(criteria, limit, before); // L1
    }
  }

  /** @throws MultiswarmError retryable where a shard has no owner that could answer now */
  async counts({ by, ...filter }: CountTasksQuery): Promise<TaskCounts> {
    const all = await Promise.all(this.eachShard().map((shard) => this.searches.counts(shard, filter, by)));
    const sums = new Map<string | null, number>();
    let others = 0;
    for (const each of all) {
      others += each.others;
      for (const [value, count] of each.groups) sums.set(value, (sums.get(value) ?? 0) + count);
    }
    const listed = mostFirst(sums, others);
    const total = listed.groups.reduce((sum, [, count]) => sum + count, listed.others);
    const groups = listed.groups.map(([value, count]) => ({ value, count }));
    return { by, total, groups, others: listed.others };
  }

  private async search(question: ShardQuestion, criteria: Criteria): Promise<RecordPage> {
    const { limit, order } = question;
    // One more than is shown tells whether there is a next page.
    const asked = { ...question, limit: limit + 1 };
    const pages = await Promise.all(this.eachShard().map((shard) => this.searches.page(shard, asked)));
    const places = pages.flat().sort((a, b) => (isNewer(a, b) ? -1 : 1));
    const shown = places.slice(0, limit);
    const last = shown.at(-1);
    const records = await this.recordsOf(shown);
    // Between the index and the record it may have changed, or gone.
    const items = records.flatMap((record) => (record && isMet(criteria, record) ? [record] : []));
    const isMore = places.length > limit && last !== undefined;
    return { items, next: isMore ? encodeCursor(last, order === 'updated' ? order : undefined) : null };
  }

  private async recordsOf(places: readonly TaskPlace[]): Promise<(TaskRecord | undefined)[]> {
    const byShard = new Map<number, number[]>();
    places.forEach(({ id }, index) => {
      const shard = this.shardOf(id);
      const list = byShard.get(shard);
      if (list) list.push(index);
      else byShard.set(shard, [index]);
    });
    const records = new Array<TaskRecord | undefined>(places.length);
    await Promise.all(
      [...byShard].map(async ([shard, indexes]) => {
        const found = await this.truth.tasks(
          shard,
          indexes.map((index) => places[index]?.id ?? ''),
        );
        indexes.forEach((index, at) => (records[index] = found[at]));
      }),
    );
    return records;
  }

  /** L1. */
  private async scan(criteria: Criteria, limit: number, from: Position | undefined): Promise<RecordPage> {
    const { created } = criteria;
    const bound = Number.isFinite(created.to) ? { at: created.to, id: '' } : undefined;
    const before = from && bound && bound.at <= from.at ? bound : (from ?? bound);
    const items: TaskRecord[] = [];
    let looked = 0;
    let page: Position[] = [];
    const look = async (): Promise<string | undefined> => {
      const records = await this.recordsOf(page);
      for (const [index, record] of records.entries()) {
        if (record && isMet(criteria, record)) items.push(record);
        if (items.length === limit) return encodeCursor(page[index] as Position);
      }
      looked += page.length;
      const last = page.at(-1);
      page = [];
      return looked >= SCAN_RECORDS && last ? encodeCursor(last) : undefined;
    };
    for await (const position of newestFirst('tasks', this.truth, this.shards, before, SCAN_PAGE)) {
      if (position.at < created.from) break;
      page.push(position);
      if (page.length < Math.min(SCAN_PAGE, limit)) continue;
      const next = await look();
      if (next !== undefined) return { items, next };
    }
    return { items, next: (await look()) ?? null };
  }

  /** In the order of their workflow. */
  private async stepsOf(
    workflow: string,
    criteria: Criteria,
    limit: number,
    cursor: string | undefined,
  ): Promise<RecordPage> {
    const shard = shardOf(workflow, this.shards);
    const found = shard === undefined ? undefined : await this.truth.run(shard, workflow);
    if (!found || shard === undefined)
      throw new MultiswarmError(
        'workflow-not-found',
        `there is no workflow "${workflow}" (or its retention has passed)`,
      );
    const from = decodeCursor(cursor)?.at ?? 0;
    const ids = found.run.spec.steps.map((step) => step.taskId);
    const records = await this.truth.tasks(shard, ids.slice(from));
    const items: TaskRecord[] = [];
    for (const [index, record] of records.entries()) {
      if (record && isMet(criteria, record)) items.push(record);
      if (items.length === limit && from + index + 1 < ids.length)
        return { items, next: encodeCursor({ at: from + index + 1, id: workflow }) };
    }
    return { items, next: null };
  }

  private eachShard(): number[] {
    return Array.from({ length: this.shards }, (_, shard) => shard);
  }

  private shardOf(id: string): number {
    const shard = shardOf(id, this.shards);
    if (shard === undefined) throw new MultiswarmError('task-not-found', `there is no "${id}"`);
    return shard;
  }
}

/** The largest groups, as many as are listed: those of the same size in the order of their values. */
function mostFirst(sums: ReadonlyMap<string | null, number>, beside: number): ShardCounts {
  const sorted = [...sums].sort(([a, x], [b, y]) => y - x || ((a ?? '') < (b ?? '') ? -1 : 1));
  return cut(sorted, ANSWERED, beside);
}

/**
 * The groups of one shard, as many as one message carries: what is small in it may be large in all together, so they are cut
 * only when they have been added up. Where a shard has more than that, the largest go, and the sums of others are too small.
 */
export function asManyAsTravel(sums: ReadonlyMap<string | null, number>, beside: number): ShardCounts {
  const sorted = [...sums].sort(([, x], [, y]) => y - x);
  return cut(sorted, SHARD_GROUPS, beside);
}

/** As many of the first groups as there may be. What is in the others is summed up. */
function cut(
  sorted: ShardCounts['groups'],
  most: { count: number; bytes: number },
  beside: number,
): ShardCounts {
  let [bytes, taken] = [0, 0];
  for (const [value] of sorted) {
    bytes += Buffer.byteLength(JSON.stringify(value)) + BYTES_BESIDE_A_VALUE;
    if (bytes > most.bytes || taken === most.count) break;
    taken += 1;
  }
  const others = sorted.slice(taken).reduce((sum, [, count]) => sum + count, beside);
  return { groups: sorted.slice(0, taken), others };
}

/** Nobody could answer for the moment: the truth can still be read. */
function isPassing(error: unknown): boolean {
  return error instanceof MultiswarmError && error.retryable && error.code !== 'store-unavailable';
}
