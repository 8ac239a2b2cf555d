import {
  LIMITS,
  MultiswarmError,
  type DirectoryChange,
  type DirectoryEntry,
  type DirectoryFilter,
  type DirectoryPage,
  type SearchDirectory,
} from '@multiswarm/contracts';
import { Changes, viewOf, type Views } from './changes';
import { fits } from './entry';

/** A place in the changes, without the name of the replica whose they are. */
export interface Place {
  seq: number;
  /** While a reading is not complete: where the last one was, or, where it began anew, where the changes were then. */
  begun?: number | undefined;
}

export interface ChangesPage {
  place: Place;
  reset: boolean;
  complete: boolean;
  changes: DirectoryChange[];
}

/** By what entries are in order: a number, and the id where that is equal. */
type Rank = readonly [number, string];

/**
 * Who can do what, in memory.
 *
 * D1. A search finds exactly those entries that fit, in the order that is asked for.
 * D2. Whoever reads changes on from place to place ends with what a search finds.
 */
export class Directory {
  private readonly views = new Map<string, Views>();
  private readonly byCapability = new Map<string, Set<string>>();
  private readonly changes: Changes;

  constructor({
    departedLimit = LIMITS.DIRECTORY_DEPARTED,
    pageBytes = LIMITS.SHARED_PAGE_BYTES,
  }: { departedLimit?: number; pageBytes?: number } = {}) {
    this.changes = new Changes(departedLimit);
    this.pageBytes = pageBytes;
  }

  private readonly pageBytes: number;

  get seq(): number {
    return this.changes.seq;
  }

  /** @param views undefined: nothing is known of it any more @returns whether watchers have to be told */
  set(swarmId: string, views: Views | undefined): boolean {
    this.unindex(swarmId, this.views.get(swarmId), views);
    if (views === undefined) this.views.delete(swarmId);
    else this.views.set(swarmId, views);
    for (const name of capabilitiesOf(views)) {
      const having = this.byCapability.get(name);
      if (having) having.add(swarmId);
      else this.byCapability.set(name, new Set([swarmId]));
    }
    return this.changes.set(swarmId, views);
  }

  get(namespace: string, swarmId: string): DirectoryEntry | undefined {
    return viewOf(this.views.get(swarmId), namespace);
  }

  /** @throws MultiswarmError `invalid-request` where the cursor is none of ours */
  search({ namespace, sort, limit, cursor, ...filter }: SearchDirectory): DirectoryPage {
    const rankOf = RANKS[sort];
    const after = cursor === undefined ? undefined : rankIn(cursor);
    const best: { rank: Rank; entry: DirectoryEntry }[] = [];
    for (const id of this.candidates(filter.capability)) {
      const entry = this.get(namespace, id);
      if (entry === undefined || !fits(entry, filter)) continue;
      const rank = rankOf(entry);
      if (after === undefined || compare(rank, after) > 0) insert(best, { rank, entry }, limit + 1);
    }
    const { shown, cut } = this.bounded(best.slice(0, limit));
    const last = shown.at(-1);
    const next = last && (cut || best.length > limit) ? cursorOf(last.rank) : null;
    return { items: shown.map(({ entry }) => entry), next };
  }

  /** What has changed behind a place; all that is there where it is none, or too old. */
  changesBehind(last: Place | undefined, { namespace, ...filter }: DirectoryFilter): ChangesPage {
    const goesOn = last !== undefined && this.changes.reaches(last.begun ?? last.seq);
    const from: Place = goesOn ? last : { seq: 0, begun: this.seq };
    const { seq: after, begun = after } = from;
    const found: DirectoryChange[] = [];
    let bytes = 0;
    let reached = after;
    const isWanted = (entry: DirectoryEntry): boolean => fits(entry, filter);
    for (const { seq, change } of this.changes.since({ after, begun, namespace }, isWanted)) {
      bytes += JSON.stringify(change).length;
      const isFull = found.length >= LIMITS.PAGE_ITEMS || (bytes > this.pageBytes && found.length > 0);
      if (isFull) return { place: { seq: reached, begun }, reset: !goesOn, complete: false, changes: found };
      found.push(change);
      reached = seq;
    }
    return { place: { seq: this.seq }, reset: !goesOn, complete: true, changes: found };
  }

  private candidates(capabilities: readonly string[] = []): Iterable<string> {
    const sets = capabilities.map((name) => this.byCapability.get(name) ?? new Set<string>());
    return sets.sort((a, b) => a.size - b.size)[0] ?? this.views.keys();
  }

  private unindex(swarmId: string, before: Views | undefined, after: Views | undefined): void {
    const kept = capabilitiesOf(after);
    for (const name of capabilitiesOf(before)) {
      if (kept.has(name)) continue;
      const having = this.byCapability.get(name);
      having?.delete(swarmId);
      if (having?.size === 0) this.byCapability.delete(name);
    }
  }

  private bounded<T extends { entry: DirectoryEntry }>(found: readonly T[]): { shown: T[]; cut: boolean } {
    let bytes = 0;
    const shown: T[] = [];
    for (const each of found) {
      bytes += JSON.stringify(each.entry).length;
      if (bytes > this.pageBytes && shown.length > 0) return { shown, cut: true };
      shown.push(each);
    }
    return { shown, cut: false };
  }
}

const RANKS: Readonly<Record<SearchDirectory['sort'], (entry: DirectoryEntry) => Rank>> = {
  id: ({ swarmId }) => [0, swarmId],
  load: ({ load = Infinity, swarmId }) => [load, swarmId],
  price: ({ costPerSlotHour = Infinity, swarmId }) => [costPerSlotHour, swarmId],
};

function compare([a, idA]: Rank, [b, idB]: Rank): number {
  if (a !== b) return a < b ? -1 : 1;
  return idA < idB ? -1 : idA > idB ? 1 : 0;
}

/** Keeps the first `most` in their order. */
function insert<T extends { rank: Rank }>(best: T[], one: T, most: number): void {
  const last = best.at(-1);
  if (best.length >= most && last && compare(one.rank, last.rank) >= 0) return;
  let [low, high] = [0, best.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = best[middle];
    if (there && compare(there.rank, one.rank) < 0) low = middle + 1;
    else high = middle;
  }
  best.splice(low, 0, one);
  if (best.length > most) best.pop();
}

function cursorOf([value, id]: Rank): string {
  return Buffer.from(JSON.stringify([value === Infinity ? null : value, id])).toString('base64url');
}

function rankIn(cursor: string): Rank {
  const given = parsed(Buffer.from(cursor, 'base64url').toString('utf8'));
  const [value, id] = Array.isArray(given) ? (given as unknown[]) : [];
  if ((typeof value === 'number' || value === null) && typeof id === 'string') return [value ?? Infinity, id];
  const message = 'not a cursor of this list: take "next" of the page before as it is';
  const findings = [{ pointer: '/cursor', code: 'cursor', message }];
  throw new MultiswarmError('invalid-request', message, { findings });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function capabilitiesOf(views: Views | undefined): Set<string> {
  const entries = views === undefined ? [] : [views.common, ...views.byNamespace.values()];
  return new Set(entries.flatMap((entry) => entry?.capabilities ?? []));
}
