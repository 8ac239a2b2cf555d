import type { Columns } from './columns';
import { tieBreak, type Group } from './group';
import type { Order } from './order';
import { TOP } from './winner-tree';

/** Those of a pool who have room, by group. */
export interface OpenMembers {
  /** By number. */
  readonly groups: readonly Group[];
  /** How many of each group have room, by its number. */
  readonly counts: Int32Array;
  /** Of each group, by its number. */
  readonly tiers: Int32Array;
  readonly classes: Int32Array;
  /** Of each group, by its number: what a slot-hour of its members costs on average, USD. */
  priceOf(group: number): number;
  groupOf(index: number): Group | undefined;
}

/** Groups that a fresh view has room for. */
const ROOM = 64;

/**
 * Whom a policy chooses among: everybody who could run it, whose health lets one more run, who has room, and who is in the
 * best tier and place that have any. One object for all decisions: it is filled anew for each.
 */
export class View {
  /** Numbers of the groups that are left, and how many of each have room. */
  private numbers = new Int32Array(ROOM);
  private counts = new Int32Array(ROOM);
  private size = 0;
  private total = 0;
  private pool: OpenMembers = NOBODY;

  constructor(readonly columns: Columns) {}

  /** How many there are to choose among. */
  get count(): number {
    return this.total;
  }

  /** How many groups are left. */
  get groupCount(): number {
    return this.size;
  }

  /** The group at a position below `groupCount`. */
  group(at: number): Group {
    return this.pool.groups[this.numbers[at] as number] as Group;
  }

  /** The class of swarms of the group at a position below `groupCount`. */
  classAt(at: number): number {
    return this.pool.classes[this.numbers[at] as number] as number;
  }

  /** What a slot-hour costs on average in the group at a position below `groupCount`, USD. */
  priceAt(at: number): number {
    return this.pool.priceOf(this.numbers[at] as number);
  }

  /** A list of the groups that are left. */
  get groups(): Group[] {
    return Array.from({ length: this.size }, (_, at) => this.group(at));
  }

  /** Fills it with the groups that have room and pass, of the lowest tier that has any. */
  fill(pool: OpenMembers, passes?: (group: Group) => boolean): void {
    const { groups, counts, tiers } = pool;
    this.pool = pool;
    this.clear();
    if (groups.length > this.numbers.length) this.grow(groups.length);
    let tier = Infinity;
    for (let number = 0; number < groups.length; number += 1) {
      const count = counts[number] as number;
      const of = tiers[number] as number;
      if (count === 0 || of > tier || (passes !== undefined && !passes(groups[number] as Group))) continue;
      if (of < tier) {
        tier = of;
        this.clear();
      }
      this.add(number, count);
    }
  }

  /** Whether an endpoint is among them. */
  has(index: number): boolean {
    const group = this.groupOf(index);
    return group !== undefined && this.numbers.subarray(0, this.size).includes(group.number);
  }

  /** The group in which an endpoint has room, whether a choice among it is left or not. */
  groupOf(index: number): Group | undefined {
    return this.pool.groupOf(index);
  }

  /** The lowest tier that has room; undefined where nobody has any. */
  get tier(): number | undefined {
    return this.size === 0 ? undefined : this.pool.tiers[this.numbers[0] as number];
  }

  /** Keeps the groups with the smallest value, where values differ. */
  keepLeast(value: (group: Group) => number): void {
    if (this.size < 2) return;
    let least = Infinity;
    for (let at = 0; at < this.size; at += 1) least = Math.min(least, value(this.group(at)));
    this.keep((group) => value(group) === least);
  }

  keep(passes: (group: Group) => boolean): void {
    const { size } = this;
    this.clear();
    for (let at = 0; at < size; at += 1)
      if (passes(this.group(at))) this.add(this.numbers[at] as number, this.counts[at] as number);
  }

  /** Keeps the groups of classes that are marked so, by the number of the class. */
  keepClasses(marks: Uint8Array, kept: number): void {
    const { size, numbers, counts } = this;
    const { classes } = this.pool;
    this.clear();
    for (let at = 0; at < size; at += 1) {
      const number = numbers[at] as number;
      if (marks[classes[number] as number] === kept) this.add(number, counts[at] as number);
    }
  }

  /** The endpoint at a rank below `count`, in no particular order: at a random rank, everybody is as likely. */
  at(rank: number): number {
    const { counts, size } = this;
    let left = rank;
    for (let at = 0; at < size; at += 1) {
      const count = counts[at] as number;
      if (left < count) return this.group(at).at(left);
      left -= count;
    }
    return -1;
  }

  private clear(): void {
    this.size = 0;
    this.total = 0;
  }

  /** Numbers behind `size` may still be read: what is added never comes before what was read. */
  private add(number: number, count: number): void {
    this.numbers[this.size] = number;
    this.counts[this.size] = count;
    this.size += 1;
    this.total += count;
  }

  private grow(groups: number): void {
    this.numbers = new Int32Array(groups * 2);
    this.counts = new Int32Array(groups * 2);
  }

  /** The endpoint that is ahead in an order; -1 where there is none. */
  least(order: Order): number {
    return this.leading(order, 1) === 0 ? -1 : (this.heads[0] as number);
  }

  /** The best `count` (TOP at most) in an order, best first, written into `into`; returns how many. */
  top(order: Order, count: number, into: Int32Array): number {
    const { heads } = this;
    if (this.size === 1) return this.group(0).top(order, count, into, 0);
    const leading = this.leading(order, count);
    for (let rank = 0; rank < leading; rank += 1) into[rank] = heads[rank] as number;
    let size = leading;
    // Whoever leads the third group has two ahead of it: that group has count − 2 places at most.
    for (let rank = 0; rank < leading; rank += 1)
      size = this.merge(this.leaders[rank] as Group, order, count - rank, count, into, size);
    return size;
  }

  /** The best groups by whoever is ahead in them, and who that is: nobody of another group can be among the best as many. */
  private readonly leaders: Group[] = [];
  private readonly heads = new Int32Array(TOP);
  private readonly headKeys = new Float64Array(TOP);
  private readonly members = new Int32Array(TOP);

  private leading(order: Order, count: number): number {
    const { columns, heads, headKeys, leaders } = this;
    let size = 0;
    for (let which = 0; which < this.size; which += 1) {
      const group = this.group(which);
      const { best, bestKey } = group.rankedBy(order);
      let at = size;
      for (; at > 0; at -= 1) {
        const byKey = (headKeys[at - 1] as number) - bestKey;
        if (byKey < 0 || (byKey === 0 && tieBreak(columns, heads[at - 1] as number, best) < 0)) break;
      }
      if (at === count) continue;
      if (size < count) size += 1;
      for (let move = size - 1; move > at; move -= 1) {
        heads[move] = heads[move - 1] as number;
        headKeys[move] = headKeys[move - 1] as number;
        leaders[move] = leaders[move - 1] as Group;
      }
      heads[at] = best;
      headKeys[at] = bestKey;
      leaders[at] = group;
    }
    return size;
  }

  /** Takes in those of a group that come behind its leader, who is in the list already. */
  private merge(
    group: Group,
    order: Order,
    most: number,
    count: number,
    into: Int32Array,
    listed: number,
  ): number {
    const { members } = this;
    if (most < 2 || group.count < 2) return listed;
    if (listed === count) {
      // Mostly not even the second is good enough.
      group.top(order, 2, members, 0);
      if (this.isBehind(members[1] as number, into[count - 1] as number, order)) return listed;
    }
    const found = group.top(order, most, members, 0);
    let size = listed;
    for (let next = 1; next < found; next += 1) {
      const index = members[next] as number;
      if (size === count && this.isBehind(index, into[size - 1] as number, order)) break;
      let at = Math.min(size, count - 1);
      for (; at > 0 && this.isBehind(into[at - 1] as number, index, order); at -= 1)
        into[at] = into[at - 1] as number;
      into[at] = index;
      size = Math.min(count, size + 1);
    }
    return size;
  }

  private isBehind(a: number, b: number, order: Order): boolean {
    const { columns } = this;
    const byKey = order.key(columns, a) - order.key(columns, b);
    return byKey > 0 || (byKey === 0 && tieBreak(columns, a, b) > 0);
  }
}

const NOBODY: OpenMembers = {
  ...{ groups: [], counts: new Int32Array(0), tiers: new Int32Array(0), classes: new Int32Array(0) },
  groupOf: () => undefined,
  priceOf: () => NaN,
};
