import { Fifo } from '@multiswarm/core';
import { Heap } from '@multiswarm/core';

/** Debtors without tasks that one order remembers. */
const IDLE_TURNS = 10_000;

/** One that takes turns with others. */
export interface Turn {
  /** Its virtual time: the one with the least goes next. */
  pass: number;
  /** What one turn costs: the inverse of its weight. */
  stride: number;
  /** Decides between equals: the one that came first. */
  readonly seq: number;
  /** Its place in the order, -1 while nobody of it can go. */
  at: number;
  /** Its lanes with tasks. */
  lanes: number;
  /** What it has paid for turns of which nobody knows yet whether they come to something, and how many these are. */
  staked: number;
  stakes: number;
}

/** Whether the first goes before the second. */
export function turnBefore(a: Turn, b: Turn): boolean {
  return a.pass < b.pass || (a.pass === b.pass && a.seq < b.seq);
}

/**
 * Stride scheduling (C. Waldspurger, W. Weihl: Stride Scheduling, MIT/LCS/TM-528, 1995): whoever was served pays
 * 1/weight, and whoever has paid least goes next. So over any time in which two always have something to do, what they
 * got differs from their weights by no more than one turn of each.
 *
 * R1. A newcomer starts at the least pass of all, and whoever was away loses all but one turn of credit: nobody can save
 *     up turns and then keep the others out. What somebody may get back he has not paid for that: else he would be ahead of the newcomer
 *     with it.
 * R2. Who leaves in debt is remembered until the others have caught up: coming and going does not pay.
 * R3. A turn that came to nothing costs nothing.
 */
export class StrideOrder<T extends Turn> {
  /** The pass of the latest turn that came to something. */
  private reached = 0;
  private readonly idle = new Fifo<T>();
  /** Those with stakes. */
  private readonly staking = new Set<T>();
  private readonly heap = new Heap<T>(turnBefore, (turn, at) => {
    turn.at = at;
  });

  /** @param forget called with those that have left and owe nothing */
  constructor(private readonly forget: (turn: T) => void) {}

  get first(): T | undefined {
    return this.heap.top;
  }

  /** R1. */
  get newcomersPass(): number {
    let least = this.heap.top?.pass ?? Infinity;
    for (const { pass, staked } of this.staking) least = Math.min(least, pass - staked);
    return least === Infinity ? this.reached : Math.max(this.reached, least);
  }

  enter(turn: T): void {
    if (turn.at >= 0) return;
    turn.pass = this.present(turn);
    this.heap.push(turn);
  }

  leave(turn: T): void {
    if (turn.at >= 0) this.heap.removeAt(turn.at);
  }

  /** To be followed by `served` or `refund`. @returns its pass before it paid */
  charge(turn: T): number {
    const pass = this.present(turn);
    turn.pass = pass + turn.stride;
    turn.staked += turn.stride;
    turn.stakes += 1;
    if (turn.stakes === 1) this.staking.add(turn);
    if (turn.at >= 0) this.heap.fixAt(turn.at);
    return pass;
  }

  /** R3. @param cost what `charge` has taken: the weight may have changed since */
  refund(turn: T, cost: number): void {
    this.settle(turn, cost);
    turn.pass -= cost;
    if (turn.at >= 0) this.heap.fixAt(turn.at);
  }

  /** A turn came to something. @param cost as `refund` has it. @param pass what `charge` has returned */
  served(turn: T, cost: number, pass: number): void {
    this.settle(turn, cost);
    if (pass > this.reached) this.reached = pass;
    for (let looks = 0; looks < 2 && this.idle.size > 0; looks += 1) this.dropOldest(false);
  }

  /** It has no tasks any more. R2 */
  retire(turn: T): void {
    if (turn.pass <= this.reached) return this.forget(turn);
    this.idle.push(turn);
    if (this.idle.size > IDLE_TURNS) this.dropOldest(true);
  }

  /** R1. */
  private present(turn: T): number {
    return Math.max(turn.pass, this.reached - turn.stride);
  }

  private settle(turn: T, cost: number): void {
    turn.stakes -= 1;
    if (turn.stakes > 0) turn.staked -= cost;
    else {
      turn.staked = 0;
      this.staking.delete(turn);
    }
  }

  private dropOldest(inDebtToo: boolean): void {
    const oldest = this.idle.peek();
    if (!oldest) return;
    if (oldest.lanes === 0 && oldest.pass > this.reached && !inDebtToo) return;
    this.idle.shift();
    if (oldest.lanes === 0) this.forget(oldest);
  }
}
