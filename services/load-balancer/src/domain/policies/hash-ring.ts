import type { Columns } from '../engine/columns';
import { CHANGED } from '../engine/journal';

/** Buckets of a fresh ring. A power of two. */
const BUCKETS = 64;
/** Endpoints for each bucket, on average, at which the ring is made twice as fine. */
const CROWDED = 4;

/**
 * All endpoints on a ring by the hash of their names, so that every replica has the same ring (Karger et al., STOC 1997): who joins or
 * leaves moves only the keys next to it. Hashes lie in buckets by their upper bits: a change costs a look at one bucket.
 */
export class HashRing {
  private buckets: number[][] = emptyBuckets(BUCKETS);
  private size = 0;
  private cursor = 0;
  /** By endpoint: the hash under which it is on the ring; 0 where it is not. */
  private placed: number[] = [];

  constructor(private readonly columns: Columns) {
    this.rebuild();
  }

  /** Takes over who has joined and left. */
  catchUp(): void {
    const { journal } = this.columns;
    if (this.cursor === journal.head) return;
    if (journal.reaches(this.cursor)) {
      for (let at = this.cursor; at < journal.head; at += 1)
        if (journal.changedAt(at) === CHANGED.profile) this.look(journal.indexAt(at));
      this.cursor = journal.head;
      journal.seen();
    } else this.rebuild();
  }

  /** The first endpoint from a hash on, around the ring, that passes; -1 where none of the next `most` does. */
  from(hash: number, most: number, passes: (index: number) => boolean): number {
    const { buckets, placed } = this;
    const start = this.bucketOf(hash);
    let left = Math.min(most, this.size);
    for (let step = 0; left > 0 && step <= buckets.length; step += 1) {
      for (const index of buckets[(start + step) % buckets.length] as number[]) {
        const isBefore = unsigned(placed[index] as number) < unsigned(hash);
        // Of the bucket that the hash falls into, what lies before it comes last.
        if ((step === 0 && isBefore) || (step === buckets.length && !isBefore)) continue;
        if (passes(index)) return index;
        left -= 1;
        if (left === 0) return -1;
      }
    }
    return -1;
  }

  private rebuild(): void {
    const { journal, size } = this.columns;
    this.placed = [];
    this.size = 0;
    this.buckets = emptyBuckets(this.buckets.length);
    for (let index = 0; index < size; index += 1) this.look(index);
    this.cursor = journal.head;
    journal.seen();
  }

  private look(index: number): void {
    const hash = this.columns.hash[index] as number;
    const before = this.placed[index] ?? 0;
    if (hash === before) return;
    if (before !== 0) this.take(index, before);
    this.placed[index] = hash;
    if (hash !== 0) this.put(index, hash);
  }

  private put(index: number, hash: number): void {
    const { placed } = this;
    const bucket = this.buckets[this.bucketOf(hash)] as number[];
    let at = bucket.length;
    while (at > 0 && unsigned(placed[bucket[at - 1] as number] as number) > unsigned(hash)) at -= 1;
    bucket.splice(at, 0, index);
    this.size += 1;
    if (this.size > this.buckets.length * CROWDED) this.refine();
  }

  private take(index: number, hash: number): void {
    const bucket = this.buckets[this.bucketOf(hash)] as number[];
    bucket.splice(bucket.indexOf(index), 1);
    this.size -= 1;
  }

  private refine(): void {
    const all = this.buckets.flat();
    this.buckets = emptyBuckets(this.buckets.length * 2);
    for (const index of all)
      (this.buckets[this.bucketOf(this.placed[index] as number)] as number[]).push(index);
  }

  private bucketOf(hash: number): number {
    return Math.floor((unsigned(hash) / 2 ** 32) * this.buckets.length);
  }
}

const unsigned = (hash: number): number => hash >>> 0;

function emptyBuckets(count: number): number[][] {
  return Array.from({ length: count }, () => []);
}
