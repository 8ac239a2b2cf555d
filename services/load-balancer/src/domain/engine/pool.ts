import type { Rejection } from '@multiswarm/contracts';
import type { MemberProfile } from '../member';
import type { Ask } from '../requirement-rules';
import type { ResourceVector } from '../resource-vector';
import type { Columns } from './columns';
import { Drops, EXAMPLES, FIRST_RULE, NOWHERE, slotDetail, UNHEALTHY, type Homes } from './drops';
import { Group, type GroupKey } from './group';
import { IDLE_RULES } from './idle';
import { CHANGED, type Changed, type Journal } from './journal';
import { Memberships } from './memberships';
import { Turned } from './turned';

/** What a pool asks of those who know the endpoints. */
export interface Directory {
  readonly columns: Columns;
  /** Undefined where there is none, or none any more. */
  profileAt(index: number): MemberProfile | undefined;
  nameAt(index: number): string;
  /** Whether one more attempt with these resources fits now, its slot aside. */
  hasResources(index: number, asked: ResourceVector): boolean;
}

/** A class of work, as pools see it. */
export interface WorkClass {
  readonly asks: readonly Ask[];
  /** Undefined where nothing but a slot is needed. */
  readonly resources: ResourceVector | undefined;
  /** How well a profile meets what is preferred; 0 where nothing is. */
  score(profile: MemberProfile): number;
}

/**
 * Who can take an attempt of one class of work, kept up with the journal: a change of one endpoint costs this pool a look at
 * that one, when it is asked next. Where it has only filled up, or has room again, that is one bit.
 *
 * L1. Every endpoint is in one group, with room or without; or in none, for one reason: it is not there, a rule drops it, or health
 *     gives it nothing.
 * L2. After `catchUp` this is what a look at everybody would give.
 */
export class Pool implements Homes {
  readonly groups: Group[] = [];
  private readonly memberships = new Memberships();
  private groupTiers = new Int32Array(GROUPS);
  private groupClasses = new Int32Array(GROUPS);
  /** Mean prices; NaN where it has to be worked out anew. */
  private groupPrices = new Float64Array(GROUPS);
  private readonly groupsByKey = new Map<string, Group>();
  private readonly drops: Drops;
  /** Of each endpoint, side by side (FIELDS): a look at one is a look at one line of memory. */
  private rows = new Int32Array(0);
  /** Of each endpoint: 0 where it could run this, else 1 + the index of the first ask that it fails. */
  private failed = new Uint16Array(0);
  private scores = new Float64Array(0);
  private readonly journal: Journal;
  private cursor: number;
  private readonly stock: Journal;
  private stockCursor: number;
  private readonly shifts: Journal;
  /** Undefined while nobody has asked for an order: then numbers that change do not matter. */
  private shiftCursor: number | undefined;
  private openCount = 0;
  private memberCount = 0;
  private readonly fullRows: number[] = [];
  private fullSaid: readonly string[] = [];
  private turned = new Turned([], -1, '', []);

  constructor(
    private readonly directory: Directory,
    readonly work: WorkClass,
  ) {
    this.drops = new Drops(work.asks, this);
    this.journal = directory.columns.journal;
    this.shifts = directory.columns.shifts;
    this.cursor = this.journal.head;
    this.journal.seen();
    this.stock = directory.columns.stock;
    this.stockCursor = this.stock.head;
    this.stock.seen();
    this.lookAtAll();
  }

  /** Who has room. */
  get open(): number {
    return this.openCount;
  }

  /** Who could run it, whether there is room now or not. */
  get feasible(): number {
    return this.memberCount + this.drops.unhealthy;
  }

  /** Who could run it, is well, and has no room. */
  get full(): number {
    return this.memberCount - this.openCount;
  }

  /** Of those who could run it, how many health gives nothing. */
  get unhealthyCount(): number {
    return this.drops.unhealthy;
  }

  get size(): number {
    return this.rows.length / FIELDS;
  }

  get counts(): Int32Array {
    return this.memberships.counts;
  }

  get tiers(): Int32Array {
    return this.groupTiers;
  }

  get classes(): Int32Array {
    return this.groupClasses;
  }

  /** What a slot-hour of a group costs on average, USD; with room or without, so that it changes with profiles only. */
  priceOf(group: number): number {
    const known = this.groupPrices[group] as number;
    if (!Number.isNaN(known)) return known;
    const { costPerSlotHour } = this.directory.columns;
    const size = this.memberships.sizeOf(group);
    let sum = 0;
    for (let position = 0; position < size; position += 1)
      sum += costPerSlotHour[this.memberships.memberAt(group, position)] as number;
    return (this.groupPrices[group] = sum / size);
  }

  homeOf(index: number): number {
    return this.rows[index * FIELDS + HOME] ?? NOWHERE;
  }

  nameAt(index: number): string {
    return this.directory.nameAt(index);
  }

  /** Everybody who could run it: costs a look at each. */
  eachFeasible(use: (index: number, isHealthy: boolean) => void): void {
    for (let index = 0; index < this.size; index += 1) {
      const home = this.homeOf(index);
      if (home >= 0 || home === UNHEALTHY) use(index, home >= 0);
    }
  }

  /** L2. */
  catchUp(): void {
    this.catchUpRooms();
    if (this.work.resources !== undefined) this.catchUpResources();
    if (this.shiftCursor !== undefined) this.catchUpOrders(this.shiftCursor);
  }

  private catchUpRooms(): void {
    const { journal } = this;
    if (this.cursor === journal.head) return;
    if (!journal.reaches(this.cursor)) this.lookAtAll();
    else
      for (let at = this.cursor; at < journal.head; at += 1) {
        const changed = journal.changedAt(at);
        if (changed === CHANGED.room) this.lookForRoom(journal.indexAt(at));
        else this.look(journal.indexAt(at), changed);
      }
    this.cursor = journal.head;
    journal.seen();
  }

  private catchUpResources(): void {
    const { stock } = this;
    if (this.stockCursor === stock.head) return;
    if (!stock.reaches(this.stockCursor)) this.lookAtAll();
    else for (let at = this.stockCursor; at < stock.head; at += 1) this.lookForRoom(stock.indexAt(at));
    this.stockCursor = stock.head;
    stock.seen();
  }

  private catchUpOrders(cursor: number): void {
    const { shifts, rows } = this;
    if (cursor === shifts.head) return;
    if (!shifts.reaches(cursor)) for (const group of this.groups) group.allChanged();
    else
      for (let at = cursor; at < shifts.head; at += 1) {
        const row = shifts.indexAt(at) * FIELDS;
        const home = rows[row + HOME] as number;
        if (home >= 0) (this.groups[home] as Group).changed(rows[row + POSITION] as number);
      }
    this.shiftCursor = shifts.head;
    shifts.seen();
  }

  /** Takes an endpoint out of the choice until `show`. Returns whether it was open. */
  hide(index: number): boolean {
    const home = this.homeOf(index);
    if (home < 0) return false;
    const position = this.rows[index * FIELDS + POSITION] as number;
    return this.turn(home, position, false);
  }

  show(index: number): void {
    this.lookForRoom(index);
  }

  /** The group in which it has room; undefined where it has none, or is not there. */
  groupOf(index: number): Group | undefined {
    const home = this.homeOf(index);
    if (home < 0 || !this.memberships.isOpen(home, this.rows[index * FIELDS + POSITION] as number))
      return undefined;
    return this.groups[home];
  }

  /** Everybody who is not open. The same object while that does not change. */
  turnedDown(): Turned {
    const [dropped, examples, full] = [this.drops.rejected(), this.fullExamples(), this.full];
    if (!this.turned.is(dropped, full, examples))
      this.turned = new Turned(dropped, full, slotDetail(this.work.resources), examples);
    return this.turned;
  }

  /** The same as it is told, by the rule that says most, in the order of PLACEMENT_RULES. */
  rejected(): Rejection[] {
    return this.turnedDown().list;
  }

  /** Those who could run it and have no room. */
  withoutRoom(): Rejection[] {
    return this.rejected().filter(({ rule }) => rule === 'health' || rule === 'slot');
  }

  /** Some of those who could run it, are well, and have no room. The same list while they do. */
  private fullExamples(): readonly string[] {
    if (!this.isStillSo()) this.findFull();
    return this.fullSaid;
  }

  private isStillSo(): boolean {
    const { fullRows, memberships, rows } = this;
    if (fullRows.length !== Math.min(EXAMPLES, this.full)) return false;
    for (const index of fullRows) {
      const home = rows[index * FIELDS + HOME] as number;
      if (home < 0 || memberships.isOpen(home, rows[index * FIELDS + POSITION] as number)) return false;
    }
    return true;
  }

  private findFull(): void {
    const { fullRows, memberships } = this;
    fullRows.length = 0;
    const wanted = Math.min(EXAMPLES, this.full);
    for (let group = 0; group < this.groups.length && fullRows.length < wanted; group += 1)
      if (memberships.sizeOf(group) > (memberships.counts[group] as number))
        memberships.closed(group, wanted, fullRows, fullRows.length);
    this.fullSaid = fullRows.map((index) => this.nameAt(index));
  }

  private lookAtAll(): void {
    const { size } = this.directory.columns;
    for (let index = 0; index < size; index += 1) this.look(index, CHANGED.profile);
  }

  /** L1. */
  private look(index: number, changed: Changed): void {
    if (index * FIELDS >= this.rows.length) this.grow(index);
    if (changed === CHANGED.profile) this.judge(index);
    const to = this.homeFor(index);
    const row = index * FIELDS;
    const from = this.rows[row + HOME] as number;
    if (from !== to) {
      this.leave(row, from);
      this.rows[row + HOME] = to;
      if (from >= 0) this.groupPrices[from] = NaN;
      if (to < 0) this.drops.enter(to);
      else {
        this.rows[row + POSITION] = (this.groups[to] as Group).join(index);
        this.memberCount += 1;
      }
    }
    if (to >= 0) this.groupPrices[to] = NaN;
    this.lookForRoom(index);
  }

  private homeFor(index: number): number {
    const { columns } = this.directory;
    const failed = this.failed[index] as number;
    if (failed === ABSENT) return NOWHERE;
    const idle = columns.idle[index] as number;
    if (idle > 0) return FIRST_RULE - (idle - 1);
    if (failed > 0) return FIRST_RULE - (IDLE_RULES.length + failed - 1);
    return columns.allowance[index] === 0 ? UNHEALTHY : this.groupFor(index);
  }

  private lookForRoom(index: number): void {
    const { directory, rows, work } = this;
    const row = index * FIELDS;
    const home = rows[row + HOME] as number;
    // Most changes are of endpoints that could never run this, or of those who could, and of no more than a bit.
    if (!(home >= 0)) return;
    const position = rows[row + POSITION] as number;
    const isOpen =
      directory.columns.freeAt(index) > 0 &&
      (work.resources === undefined || directory.hasResources(index, work.resources));
    if (!this.turn(home, position, isOpen) && this.shiftCursor !== undefined)
      (this.groups[home] as Group).changed(position);
  }

  /** Returns whether it was not so before. */
  private turn(home: number, position: number, isOpen: boolean): boolean {
    if (!this.memberships.set(home, position, isOpen)) return false;
    this.openCount += isOpen ? 1 : -1;
    if (this.shiftCursor !== undefined) (this.groups[home] as Group).turned(position, isOpen);
    return true;
  }

  private leave(row: number, from: number): void {
    if (from < 0) return this.drops.leave(from);
    const position = this.rows[row + POSITION] as number;
    this.turn(from, position, false);
    const moved = (this.groups[from] as Group).leave(position);
    if (moved >= 0) this.rows[moved * FIELDS + POSITION] = position;
    this.memberCount -= 1;
  }

  /** What its profile alone decides. */
  private judge(index: number): void {
    const { work } = this;
    const profile = this.directory.profileAt(index);
    const failed = profile === undefined ? ABSENT : 1 + work.asks.findIndex((ask) => !ask.passes(profile));
    this.failed[index] = failed;
    this.scores[index] = profile === undefined || failed !== 0 ? 0 : work.score(profile);
    // Whoever has the row now may have another name.
    this.drops.renamed();
    if (this.fullRows.includes(index)) this.fullRows.length = 0;
  }

  private groupFor(index: number): number {
    const { tier, place, swarmClass } = this.directory.columns;
    const key: GroupKey = {
      tier: tier[index] as number,
      place: place[index] as number,
      swarmClass: swarmClass[index] as number,
      score: this.scores[index] as number,
    };
    const text = `${key.tier} ${key.place} ${key.swarmClass} ${key.score}`;
    return (this.groupsByKey.get(text) ?? this.found(key, text)).number;
  }

  private found(key: GroupKey, text: string): Group {
    const number = this.memberships.add();
    const group = new Group(key, number, this.directory.columns, this.memberships, () => {
      // What has changed before is in the columns, from which the order is made.
      this.shiftCursor ??= this.shifts.head;
      this.shifts.seen();
    });
    if (number === this.groupTiers.length) {
      this.groupTiers = grown(this.groupTiers, new Int32Array(number * 2));
      this.groupClasses = grown(this.groupClasses, new Int32Array(number * 2));
      this.groupPrices = grown(this.groupPrices, new Float64Array(number * 2));
    }
    this.groupTiers[number] = key.tier;
    this.groupClasses[number] = key.swarmClass;
    this.groupsByKey.set(text, group);
    this.groups.push(group);
    return group;
  }

  private grow(index: number): void {
    const known = this.size;
    const room = Math.max(this.directory.columns.size, index + 1, known * 2);
    this.rows = grown(this.rows, new Int32Array(room * FIELDS));
    this.failed = grown(this.failed, new Uint16Array(room));
    this.scores = grown(this.scores, new Float64Array(room));
    for (let at = known; at < room; at += 1) {
      this.rows[at * FIELDS + HOME] = NOWHERE;
      this.failed[at] = ABSENT;
      this.drops.enter(NOWHERE);
    }
  }
}

/** Groups that a fresh pool has room for. */
const GROUPS = 32;
/** Fields of a row: number of its group, or why it is in none (L1); and its position there. */
const FIELDS = 2;
const HOME = 0;
const POSITION = 1;
/** No class of work asks so many things. */
const ABSENT = 0xffff;

function grown<A extends Int32Array | Uint16Array | Float64Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
