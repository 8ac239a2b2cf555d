import type { Columns } from './columns';
import type { Memberships } from './memberships';
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

/** Members of a pool of one tier, place, class and score; with an order of those with room for whoever has asked for one. */
export class Group {
  private readonly ranked: Ranked[] = [];

  constructor(
    readonly key: GroupKey,
    /** In `memberships`. */
    readonly number: number,
    private readonly columns: Columns,
    private readonly memberships: Memberships,
    /** Told when somebody asks for an order: from now on it has to hear of numbers that have changed. */
    private readonly onOrdered?: () => void,
  ) {}

  /** How many have room. */
  get count(): number {
    return this.memberships.counts[this.number] as number;
  }

  /** How many members there are, with or without room. */
  get size(): number {
    return this.memberships.sizeOf(this.number);
  }

  /** The endpoint with room at a rank below `count`, in no particular order. */
  at(rank: number): number {
    return this.memberships.openAt(this.number, rank);
  }

  /** The member at a position below `size`, with or without room. */
  memberAt(position: number): number {
    return this.memberships.memberAt(this.number, position);
  }

  /** The endpoint that is ahead in an order; -1 where there is none. */
  least(order: Order): number {
    return this.rankedBy(order).best;
  }

  /** The best `count` in an order, written into `into` from index `from` on; returns how many. */
  top(order: Order, count: number, into: Int32Array, from: number): number {
    const found = this.rankedBy(order).tree.top(count, into, from);
    for (let at = from; at < from + found; at += 1) into[at] = this.memberAt(into[at] as number);
    return found;
  }

  isOpen(position: number): boolean {
    return this.memberships.isOpen(this.number, position);
  }

  /** A new member, without room. Returns its position. */
  join(index: number): number {
    return this.memberships.join(this.number, index);
  }

  /** Takes out the member at a position. Returns the endpoint that has taken it; -1 for none. */
  leave(position: number): number {
    this.set(position, false);
    const last = this.size - 1;
    const moved = this.memberships.leave(this.number, position);
    if (moved >= 0 && this.isOpen(position))
      for (const ranked of this.ranked) {
        ranked.remove(last);
        ranked.put(moved, position);
      }
    return moved;
  }

  /** The member at a position has room, or has none any more. */
  set(position: number, isOpen: boolean): void {
    if (this.memberships.set(this.number, position, isOpen)) this.turned(position, isOpen);
  }

  /** The same, told by whoever has set it in `memberships`. */
  turned(position: number, isOpen: boolean): void {
    for (const ranked of this.ranked)
      if (isOpen) ranked.put(this.memberAt(position), position);
      else ranked.remove(position);
  }

  /** What orders go by may have changed of the member at a position. */
  changed(position: number): void {
    if (this.ranked.length === 0 || !this.isOpen(position)) return;
    for (const ranked of this.ranked) ranked.put(this.memberAt(position), position);
  }

  /** What orders go by may have changed of everybody. */
  allChanged(): void {
    if (this.ranked.length === 0) return;
    for (let position = 0; position < this.size; position += 1) this.changed(position);
  }

  /** Its endpoints with room in an order. */
  rankedBy(order: Order): Ranked {
    for (const ranked of this.ranked) if (ranked.order === order) return ranked;
    this.onOrdered?.();
    const ranked = new Ranked(order, this.columns, this);
    this.ranked.push(ranked);
    return ranked;
  }
}

/** Who of a group has room, in one order. */
export class Ranked {
  private keys = new Float64Array(8);
  readonly tree: WinnerTree;
  /** The endpoint that is ahead, and its key; -1 and NaN where there is none. */
  best = -1;
  bestKey = NaN;

  constructor(
    readonly order: Order,
    private readonly columns: Columns,
    private readonly group: Pick<Group, 'size' | 'memberAt' | 'isOpen'>,
  ) {
    this.tree = new WinnerTree((a, b) => this.ahead(a, b));
    for (let position = 0; position < group.size; position += 1)
      if (group.isOpen(position)) this.put(group.memberAt(position), position);
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

  remove(position: number): void {
    this.tree.remove(position);
    this.crown();
  }

  private crown(): void {
    const { best } = this.tree;
    this.best = best < 0 ? -1 : this.group.memberAt(best);
    this.bestKey = best < 0 ? NaN : (this.keys[best] as number);
  }

  private ahead(a: number, b: number): number {
    const byKey = (this.keys[a] as number) - (this.keys[b] as number);
    if (byKey !== 0) return byKey;
    return tieBreak(this.columns, this.group.memberAt(a), this.group.memberAt(b));
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
