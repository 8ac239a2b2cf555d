import type { DirectoryChange, DirectoryEntry } from '@multiswarm/contracts';
import { isNews } from './entry';

/** What each namespace sees of one swarm: its own entry, where something was advertised there, else the common one. */
export interface Views {
  common: DirectoryEntry | undefined;
  byNamespace: ReadonlyMap<string, DirectoryEntry>;
}

export function viewOf(views: Views | undefined, namespace: string): DirectoryEntry | undefined {
  return views?.byNamespace.get(namespace) ?? views?.common;
}

/** One change of one swarm, which is the newest of it. */
interface Told {
  swarmId: string;
  seq: number;
  /** Undefined where it is gone. */
  views: Views | undefined;
  /** What it was up to then, and since when. */
  before: Views | undefined;
  beforeSeq: number;
}

/** Where a reader is, and what it reads. */
export interface Reading {
  after: number;
  /**
   * Where it had everything last, or where the changes were when it began with nothing. Of what has changed since, the place of an
   * earlier change may be one that it has passed without having been told.
   */
  begun: number;
  namespace: string;
}

/** Stale places that the log may have beside those that are in use. */
const STALE = 1_000;

/**
 * Changes in their order, each swarm once at its newest: who reads from the beginning has what is there, who reads on behind a place
 * has what is different since. (The form is that of the changes feed of CouchDB.)
 *
 * C1. What was told and is there in another form, or is gone, is told to whoever comes from a place before that.
 * C2. Of those that are gone at most `departedLimit` are known; a place from before that is too old.
 */
export class Changes {
  private readonly told = new Map<string, Told>();
  private readonly departed = new Map<string, Told>();
  private log: Told[] = [];
  private last = 0;
  private forgotten = 0;

  constructor(private readonly departedLimit: number) {}

  get seq(): number {
    return this.last;
  }

  /** Whether all changes behind a place are known. */
  reaches(seq: number): boolean {
    return seq >= this.forgotten && seq <= this.last;
  }

  /** @param views undefined: it is gone @returns whether it is news */
  set(swarmId: string, views: Views | undefined): boolean {
    const known = this.told.get(swarmId) ?? this.departed.get(swarmId);
    if (!differ(known?.views, views)) return false;
    const seq = ++this.last;
    const told = { swarmId, seq, views, before: known?.views, beforeSeq: known?.seq ?? 0 };
    this.departed.delete(swarmId);
    if (views === undefined) this.depart(told);
    else this.told.set(swarmId, told);
    this.log.push(told);
    if (this.log.length > 2 * (this.told.size + this.departed.size) + STALE)
      this.log = this.log.filter((each) => this.isCurrent(each));
    return true;
  }

  /**
   * What a reader of one namespace has to know behind a place, in order.
   * @param isWanted whether an entry is what it looks for
   */
  *since(
    reading: Reading,
    isWanted: (entry: DirectoryEntry) => boolean,
  ): Generator<{ seq: number; change: DirectoryChange }> {
    for (let index = this.indexBehind(reading.after); index < this.log.length; index += 1) {
      const each = this.log[index];
      if (each === undefined || !this.isCurrent(each)) continue;
      const change = changeOf(each, reading, isWanted);
      if (change !== undefined) yield { seq: each.seq, change };
    }
  }

  private depart(told: Told): void {
    this.told.delete(told.swarmId);
    this.departed.set(told.swarmId, told);
    const [oldest] = this.departed.values();
    if (oldest === undefined || this.departed.size <= this.departedLimit) return;
    this.departed.delete(oldest.swarmId);
    this.forgotten = oldest.seq;
  }

  private isCurrent(each: Told): boolean {
    return (this.told.get(each.swarmId) ?? this.departed.get(each.swarmId)) === each;
  }

  private indexBehind(after: number): number {
    let [low, high] = [0, this.log.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.log[middle]?.seq ?? 0) <= after) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function changeOf(
  { swarmId, views, before, beforeSeq }: Told,
  { after, begun, namespace }: Reading,
  isWanted: (entry: DirectoryEntry) => boolean,
): DirectoryChange | undefined {
  const entry = viewOf(views, namespace);
  if (entry !== undefined && isWanted(entry)) return { kind: 'put', entry };
  // Who reads from the beginning has nothing, and who has seen what it was before has it if it was wanted; of all others nobody knows.
  const seen = viewOf(before, namespace);
  const hasIt = after > 0 && (begun < beforeSeq || (seen !== undefined && isWanted(seen)));
  return hasIt ? { kind: 'delete', swarmId } : undefined;
}

function differ(before: Views | undefined, after: Views | undefined): boolean {
  if (isNews(before?.common, after?.common)) return true;
  const namespaces = new Set([...(before?.byNamespace.keys() ?? []), ...(after?.byNamespace.keys() ?? [])]);
  return [...namespaces].some((each) => isNews(before?.byNamespace.get(each), after?.byNamespace.get(each)));
}
