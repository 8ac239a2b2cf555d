import { LIMITS, type DeadLetterCounts, type DeadLetterFilter } from '@multiswarm/contracts';
import { fits, type DeadLetterFacts } from '../domain/task/dead-letter-facts';
import type { DeadLetterEntry, TruthReader } from '../ports';
import { encodeCursor, merged, type Position } from './pages';

/** Entries of one shard that are read at once. */
const READ_AT_ONCE = 500;

export interface PageWish {
  limit: number;
  /** Where the page before ended. */
  from: Position | undefined;
  /** Whether all that match are counted. */
  counted: boolean;
}

export interface LetterPage {
  ids: string[];
  next: string | null;
  counts?: DeadLetterCounts;
}

/** The dead letters of all shards, newest first, by what the index of each shard tells: no task is read for it. */
export class DeadLetterList {
  constructor(
    private readonly truth: TruthReader,
    private readonly shards: number,
    private readonly lookedAt: number = LIMITS.DEAD_LETTERS_LOOKED_AT,
  ) {}

  /** A request looks at so many entries at most: then it answers with what it has, and a cursor to go on from. */
  async page(filter: DeadLetterFilter, { limit, from, counted }: PageWish): Promise<LetterPage> {
    const tally = counted ? new Tally() : undefined;
    const ids: string[] = [];
    let last: Position | undefined;
    let looked = 0;
    let isMore = false;
    let isStopped = false;
    for await (const entry of this.inTime(filter, from)) {
      if (looked === this.lookedAt) {
        isStopped = true;
        break;
      }
      looked += 1;
      const isFull = ids.length === limit;
      if (!isFull) last = entry;
      if (!entry.facts || !fits(entry.facts, filter)) continue;
      isMore = isFull;
      if (isFull && !tally) break;
      if (!isFull) ids.push(entry.id);
      tally?.add(entry.facts);
    }
    return {
      ids,
      next: (isMore || isStopped) && last ? encodeCursor(last) : null,
      ...(tally ? { counts: tally.counts(!isStopped) } : {}),
    };
  }

  /** Those that ended in the time that is asked for, from behind a place on. */
  private async *inTime(
    { endedAfter, endedBefore }: DeadLetterFilter,
    from: Position | undefined,
  ): AsyncGenerator<DeadLetterEntry> {
    const least = endedAfter === undefined ? -Infinity : Date.parse(endedAfter);
    const before = earlier(
      from,
      endedBefore === undefined ? undefined : { at: Date.parse(endedBefore), id: '' },
    );
    const read = (shard: number, place: Position | undefined): Promise<DeadLetterEntry[]> =>
      this.truth.deadLetters(shard, place, READ_AT_ONCE);
    for await (const entry of merged(read, this.shards, before, READ_AT_ONCE)) {
      if (entry.at < least) return;
      yield entry;
    }
  }
}

function earlier(a: Position | undefined, b: Position | undefined): Position | undefined {
  if (!a || !b) return a ?? b;
  return a.at < b.at ? a : b;
}

/** Counts by error code and by type. */
class Tally {
  private readonly codes = new Map<string, number>();
  private readonly types = new Map<string, number>();
  private total = 0;

  add({ code, type }: DeadLetterFacts): void {
    this.total += 1;
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
    this.types.set(type, (this.types.get(type) ?? 0) + 1);
  }

  /** @param complete false where there are more, which are not counted */
  counts(complete: boolean): DeadLetterCounts {
    return {
      total: this.total,
      complete,
      byCode: mostFirst(this.codes).map(([code, count]) => ({ code, count })),
      byType: mostFirst(this.types).map(([type, count]) => ({ type, count })),
    };
  }
}

function mostFirst(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, LIMITS.DEAD_LETTER_GROUPS);
}
