import { LIMITS, type MapOver, type MapProgress } from '@multiswarm/contracts';
import type { StepEnd } from './joins';

/** Items that are made in one change: a map over a long list takes several, so that no commit is long. */
export const ITEMS_AT_ONCE = 250;

export type MapVerdict = 'wait' | 'expand' | 'stop' | 'finish';

/**
 * The items of one map: how many there are, how many were made and how they ended.
 *
 * M1. No more items are under way than the map allows, nor made in one change than ITEMS_AT_ONCE.
 * M2. With one failure more than it tolerates no further item is made; it ends when those under way have ended.
 */
export class MapItems {
  private made = 0;
  private succeeded = 0;
  private failed = 0;
  private isStopping = false;
  private hasTold = false;

  constructor(
    readonly total: number,
    private readonly map: MapOver,
  ) {}

  /** Which items come next: from, and up to (exclusive). M1. */
  next(): { from: number; to: number } {
    const { concurrency = LIMITS.MAP_ITEMS } = this.map;
    const room = this.isStopping ? 0 : Math.min(concurrency - this.open, ITEMS_AT_ONCE);
    return { from: this.made, to: Math.min(this.total, this.made + Math.max(0, room)) };
  }

  begun(): void {
    this.made += 1;
  }

  ended(end: StepEnd): void {
    if (end === 'good') this.succeeded += 1;
    else this.failed += 1;
    if (this.failed > this.map.toleratedFailures) this.isStopping = true; // M2
  }

  get open(): number {
    return this.made - this.succeeded - this.failed;
  }

  get hasFailed(): boolean {
    return this.failed > this.map.toleratedFailures;
  }

  /** What is to be done now. `stop` comes once. */
  verdict(): MapVerdict {
    if (this.isStopping) return this.open === 0 ? 'finish' : this.tellStop();
    if (this.made === this.total) return this.open === 0 ? 'finish' : 'wait';
    const { from, to } = this.next();
    return to > from ? 'expand' : 'wait';
  }

  /** The map ends before its items have: nothing more is made. */
  stop(): void {
    this.isStopping = true;
  }

  private tellStop(): MapVerdict {
    if (this.hasTold) return 'wait';
    this.hasTold = true;
    return 'stop';
  }

  progress(): MapProgress {
    return { total: this.total, started: this.made, succeeded: this.succeeded, failed: this.failed };
  }
}
