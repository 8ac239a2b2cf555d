import type { Columns } from './columns';
import { IndexList } from './index-list';
import type { Order } from './order';
import { WinnerTree } from './winner-tree';

/** What all endpoints of a group have in common. */
export interface GroupKey {
  readonly tier: number;
  /** Number of the place in `Columns.places`. */
  readonly place: number;
  /** Number of the class in `Columns.classes`. */
  readonly swarmClass: number;
  /** How well it meets what is preferred and not required, 0 or more. */
  readonly score: number;
}

/** Members of a pool with room, of one tier, place, class and score; with an order for whoever has asked for one. */
export class Group {
  private readonly list = new IndexList();
  private readonly ranked: Ranked[] = [];
  private size = 0;

  constructor(
    readonly key: GroupKey,
    private readonly columns: Columns,
    /** Told when somebody asks for an order: from now on it has to hear of numbers that have changed. */
    private readonly onOrdered?: () => void,
  ) {}

  /** How many have room. */
  get count(): number {
    return this.size;
  }

  /** The endpoint at a position below `count`, in no particular order. */
  at(position: number): number {
    return this.list.at(position);
  }

  /** The endpoint that is ahead in an order; -1 where there is none. */
  least(order: Order): number {
    return this.rankedBy(order).best;
  }

  /** The best `count` in an order, written into `into` from index `from` on; returns how many. */
  top(order: Order, count: number, into: Int32Array, from: number): number {
    const found = this.rankedBy(order).tree.top(count, into, from);
    for (let at = from; at < from + found; at += 1) into[at] = this.list.at(into[at] as number);
    return found;
  }

  /** Returns its position. */
  open(index: number): number {
    const position = this.list.push(index);
    this.size += 1;
    for (const ranked of this.ranked) ranked.put(index, position);
    return position;
  }

  /** Returns the endpoint that has taken its position; -1 for none. */
  close(position: number): number {
    const last = this.list.size - 1;
    this.size = last;
    const moved = this.list.take(position);
    for (const ranked of this.ranked) ranked.close(last, moved, position);
    return moved;
  }

  /** What orders go by may have changed. */
  changed(index: number, position: number): void {
    for (const ranked of this.ranked) ranked.put(index, position);
  }

  /** What orders go by may have changed of everybody. */
  allChanged(): void {
    if (this.ranked.length === 0) return;
    for (let position = 0; position < this.size; position += 1) this.changed(this.at(position), position);
  }

  /** Its endpoints in an order. */
  rankedBy(order: Order): Ranked {
    for (const ranked of this.ranked) if (ranked.order === order) return ranked;
    this.onOrdered?.();
    const ranked = new Ranked(order, this.columns, this.list);
    this.ranked.push(ranked);
    return ranked;
  }
}

/** A group's list in one order. */
export class Ranked {
  private keys = new Float64Array(8);
  readonly tree: WinnerTree;
  /** The endpoint that is ahead, and its key; -1 and NaN where there is none. */
  best = -1;
  bestKey = NaN;

  constructor(
    readonly order: Order,
    private readonly columns: Columns,
    private readonly list: IndexList,
  ) {
    this.tree = new WinnerTree((a, b) => this.ahead(a, b));
    for (let position = 0; position < list.size; position += 1) this.put(list.at(position), position);
  }

  put(index: number, position: number): void {
    if (position >= this.keys.length) {
      const keys = new Float64Array(Math.max(position + 1, this.keys.length * 2));
      keys.set(this.keys);
      this.keys = keys;
    }
    this.keys[position] = this.order.key(this.columns, index);
    this.tree.set(position);
    this.crown();
  }

  /** The last position is gone; who was there has moved to another one, unless it was itself the one that went. */
  close(last: number, moved: number, position: number): void {
    this.tree.remove(last);
    if (moved >= 0) this.put(moved, position);
    else this.crown();
  }

  private crown(): void {
    const { best } = this.tree;
    this.best = best < 0 ? -1 : this.list.at(best);
    this.bestKey = best < 0 ? NaN : (this.keys[best] as number);
  }

  private ahead(a: number, b: number): number {
    const byKey = (this.keys[a] as number) - (this.keys[b] as number);
    if (byKey !== 0) return byKey;
    return tieBreak(this.columns, this.list.at(a), this.list.at(b));
  }
}

/** Of equals: the cheaper one, then who was chosen longest ago, then the lower index. */
export function tieBreak({ costPerSlotHour, turn }: Columns, a: number, b: number): number {
  return (
    (costPerSlotHour[a] as number) - (costPerSlotHour[b] as number) ||
    (turn[a] as number) - (turn[b] as number) ||
    a - b
  );
}
