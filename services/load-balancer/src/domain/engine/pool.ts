import { PLACEMENT_RULES, type PlacementRule, type Rejection } from '@multiswarm/contracts';
import type { MemberProfile } from '../member';
import type { Ask } from '../requirement-rules';
import type { ResourceVector } from '../resource-vector';
import type { Columns } from './columns';
import { Group, type GroupKey } from './group';
import { IDLE_RULES, idleDetail } from './idle';
import { IndexList } from './index-list';
import { CHANGED, type Changed, type Journal } from './journal';

/** Swarms that a rejection names. */
export const EXAMPLES = 5;
/** What is asked for of a swarm that health gives nothing to do now. */
const HEALTHY = 'a swarm in good health';

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
 * that one, when it is asked next.
 *
 * L1. Every endpoint is in exactly one list: nowhere (it is not there), by the first rule that drops it, out of health, full, or in
 *     the group that it is open in.
 * L2. After `catchUp` the lists are what a look at everybody would give.
 */
export class Pool {
  readonly groups: Group[] = [];
  private readonly groupsByKey = new Map<string, Group>();
  private readonly dropped: IndexList[];
  private readonly firstGroup: number;
  private readonly unhealthy = new IndexList();
  private readonly full = new IndexList();
  /** Of each endpoint, side by side (FIELDS): a look at one is a look at one line of memory. */
  private rows = new Int32Array(0);
  private scores = new Float64Array(0);
  private readonly journal: Journal;
  private cursor: number;
  private readonly shifts: Journal;
  /** Undefined while nobody has asked for an order: then numbers that change do not matter. */
  private shiftCursor: number | undefined;
  private openCount = 0;
  private saidDropped: Rejection[] | undefined;
  private saidFull: Rejection[] | undefined;
  private said: Rejection[] | undefined;

  constructor(
    private readonly directory: Directory,
    readonly work: WorkClass,
  ) {
    this.dropped = Array.from({ length: IDLE_RULES.length + work.asks.length }, () => new IndexList());
    this.firstGroup = FIRST_RULE + this.dropped.length;
    this.journal = directory.columns.journal;
    this.shifts = directory.columns.shifts;
    this.cursor = this.journal.head;
    this.journal.seen();
    this.lookAtAll();
  }

  /** Who has room. */
  get open(): number {
    return this.openCount;
  }

  /** Who could run it, whether there is room now or not. */
  get feasible(): number {
    return this.openCount + this.full.size + this.unhealthy.size;
  }

  /** Of those who could run it, how many health gives nothing. */
  get unhealthyCount(): number {
    return this.unhealthy.size;
  }

  /** Everybody who could run it: costs a look at each. */
  eachFeasible(use: (index: number, isHealthy: boolean) => void): void {
    for (const group of this.groups) for (let at = 0; at < group.count; at += 1) use(group.at(at), true);
    for (let at = 0; at < this.full.size; at += 1) use(this.full.at(at), true);
    for (let at = 0; at < this.unhealthy.size; at += 1) use(this.unhealthy.at(at), false);
  }

  /** L2. */
  catchUp(): void {
    this.catchUpRooms();
    if (this.shiftCursor !== undefined) this.catchUpOrders(this.shiftCursor);
  }

  private catchUpRooms(): void {
    const { journal } = this;
    if (this.cursor === journal.head) return;
    if (!journal.reaches(this.cursor)) this.lookAtAll();
    else
      for (let at = this.cursor; at < journal.head; at += 1)
        this.look(journal.indexAt(at), journal.changedAt(at));
    this.cursor = journal.head;
    journal.seen();
  }

  private catchUpOrders(cursor: number): void {
    const { shifts, rows, firstGroup } = this;
    if (cursor === shifts.head) return;
    if (!shifts.reaches(cursor)) for (const group of this.groups) group.allChanged();
    else
      for (let at = cursor; at < shifts.head; at += 1) {
        const index = shifts.indexAt(at);
        const list = rows[index * FIELDS + LIST] as number;
        if (list >= firstGroup)
          (this.groups[list - firstGroup] as Group).changed(index, rows[index * FIELDS + POSITION] as number);
      }
    this.shiftCursor = shifts.head;
    shifts.seen();
  }

  /** Takes an endpoint out of its group until `show`, so that nobody chooses it. Returns whether it was open. */
  hide(index: number): boolean {
    if ((this.rows[index * FIELDS + LIST] ?? NOWHERE) < this.firstGroup) return false;
    this.move(index, FULL);
    return true;
  }

  /** The group in which it has room; undefined where it has none, or is not there. */
  groupOf(index: number): Group | undefined {
    const list = this.rows[index * FIELDS + LIST] ?? NOWHERE;
    return list >= this.firstGroup ? this.groups[list - this.firstGroup] : undefined;
  }

  show(index: number): void {
    this.look(index, CHANGED.room);
  }

  /** Everybody who is not open, by the rule that says most, in the order of PLACEMENT_RULES. The same list while nothing changes. */
  rejected(): Rejection[] {
    if (this.said !== undefined) return this.said;
    this.saidDropped ??= this.droppedByRule();
    this.saidFull ??= [
      ...rejection('health', HEALTHY, this.unhealthy, this.directory),
      ...rejection('slot', slotDetail(this.work.resources), this.full, this.directory),
    ];
    this.said = [...this.saidDropped, ...this.saidFull];
    return this.said;
  }

  /** Those who could run it and have no room. */
  withoutRoom(): Rejection[] {
    this.rejected();
    return this.saidFull ?? [];
  }

  private lookAtAll(): void {
    const { size } = this.directory.columns;
    for (let index = 0; index < size; index += 1) this.look(index, CHANGED.profile);
  }

  private look(index: number, changed: Changed): void {
    const row = index * FIELDS;
    if (row >= this.rows.length) this.grow(index);
    if (changed !== CHANGED.room) this.rows[row + HOME] = -1;
    if (changed === CHANGED.profile) this.judge(index);
    const failed = this.rows[row + FAILED] as number;
    // Most changes are of endpoints that could never run this: nothing to do.
    if (failed === ABSENT) return this.move(index, NOWHERE);
    const idle = this.directory.columns.idle[index] as number;
    if (idle > 0) return this.move(index, FIRST_RULE + idle - 1);
    if (failed > 0) return this.move(index, FIRST_RULE + IDLE_RULES.length + failed - 1);
    this.lookForRoom(index);
  }

  private lookForRoom(index: number): void {
    const { directory, work, firstGroup, rows } = this;
    const { columns } = directory;
    if (columns.allowance[index] === 0) return this.move(index, UNHEALTHY);
    if (columns.freeAt(index) <= 0) return this.move(index, FULL);
    if (work.resources !== undefined && !directory.hasResources(index, work.resources))
      return this.move(index, FULL);
    const row = index * FIELDS;
    const home = rows[row + HOME] as number;
    const number = home >= 0 ? home : this.groupFor(index);
    if (rows[row + LIST] !== firstGroup + number) this.move(index, firstGroup + number);
    else (this.groups[number] as Group).changed(index, rows[row + POSITION] as number);
  }

  /** What its profile alone decides. */
  private judge(index: number): void {
    const { rows, work } = this;
    const profile = this.directory.profileAt(index);
    const row = index * FIELDS;
    rows[row + FAILED] =
      profile === undefined ? ABSENT : 1 + work.asks.findIndex((ask) => !ask.passes(profile));
    this.scores[index] = profile === undefined || rows[row + FAILED] !== 0 ? 0 : work.score(profile);
  }

  private groupFor(index: number): number {
    const { columns } = this.directory;
    const key: GroupKey = {
      tier: columns.tier[index] as number,
      place: columns.place[index] as number,
      swarmClass: columns.swarmClass[index] as number,
      score: this.scores[index] as number,
    };
    const text = `${key.tier} ${key.place} ${key.swarmClass} ${key.score}`;
    let group = this.groupsByKey.get(text);
    if (group === undefined) {
      group = new Group(key, columns, () => {
        // What has changed before is in the columns, from which the order is made.
        this.shiftCursor ??= this.shifts.head;
        this.shifts.seen();
      });
      this.groupsByKey.set(text, group);
      this.groups.push(group);
    }
    const number = this.groups.indexOf(group);
    this.rows[index * FIELDS + HOME] = number;
    return number;
  }

  /** L1. */
  private move(index: number, to: number): void {
    const { rows, firstGroup } = this;
    const row = index * FIELDS;
    const from = rows[row + LIST] as number;
    if (from === to) return;
    this.leave(rows[row + POSITION] as number, from);
    rows[row + LIST] = to;
    if (to >= firstGroup) {
      rows[row + POSITION] = (this.groups[to - firstGroup] as Group).open(index);
      this.openCount += 1;
    } else if (to !== NOWHERE) rows[row + POSITION] = this.list(to).push(index);
    this.forgetSaid(from);
    this.forgetSaid(to);
  }

  private leave(position: number, from: number): void {
    if (from === NOWHERE) return;
    let moved: number;
    if (from >= this.firstGroup) {
      moved = (this.groups[from - this.firstGroup] as Group).close(position);
      this.openCount -= 1;
    } else moved = this.list(from).take(position);
    if (moved >= 0) this.rows[moved * FIELDS + POSITION] = position;
  }

  private list(number: number): IndexList {
    if (number === FULL) return this.full;
    if (number === UNHEALTHY) return this.unhealthy;
    return this.dropped[number - FIRST_RULE] as IndexList;
  }

  private forgetSaid(list: number): void {
    if (list === NOWHERE || list >= this.firstGroup) return;
    this.said = undefined;
    if (list === FULL || list === UNHEALTHY) this.saidFull = undefined;
    else this.saidDropped = undefined;
  }

  private droppedByRule(): Rejection[] {
    const { asks } = this.work;
    return PLACEMENT_RULES.flatMap((rule) => {
      const parts = this.dropped
        .map((list, at) => ({ list, ...describe(at, asks) }))
        .filter((part) => part.rule === rule && part.list.size > 0);
      if (parts.length === 0) return [];
      const examples = parts.flatMap(({ list }) => list.first(EXAMPLES)).slice(0, EXAMPLES);
      return [
        {
          rule,
          count: parts.reduce((sum, { list }) => sum + list.size, 0),
          detail: [...new Set(parts.slice(0, EXAMPLES).map(({ detail }) => detail))].join(', '),
          examples: examples.map((index) => this.directory.nameAt(index)),
        },
      ];
    });
  }

  private grow(index: number): void {
    const room = Math.max(this.directory.columns.size, index + 1, (this.rows.length / FIELDS) * 2);
    const known = this.rows.length / FIELDS;
    this.rows = grown(this.rows, new Int32Array(room * FIELDS));
    this.scores = grown(this.scores, new Float64Array(room));
    for (let row = known * FIELDS; row < this.rows.length; row += FIELDS) {
      this.rows[row + FAILED] = ABSENT;
      this.rows[row + HOME] = -1;
    }
  }
}

/** Fields of a row: number of its list (L1), and its position there; groups are numbered from behind the other lists on. */
const FIELDS = 4;
const LIST = 0;
const POSITION = 1;
/** 0 where it could run this, else 1 + the index of the first ask that it fails. */
const FAILED = 2;
/** Number of its group, where it has had room since anything but that has changed; else -1. */
const HOME = 3;
/** No class of work asks so many things. */
const ABSENT = 0xffff;
/** Lists by number (L1). */
const NOWHERE = 0;
const FULL = 1;
const UNHEALTHY = 2;
const FIRST_RULE = 3;

function describe(at: number, asks: readonly Ask[]): { rule: PlacementRule; detail: string } {
  const idle = IDLE_RULES[at];
  if (idle !== undefined) return { rule: idle, detail: idleDetail(idle) };
  return asks[at - IDLE_RULES.length] as Ask;
}

function rejection(rule: PlacementRule, detail: string, list: IndexList, directory: Directory): Rejection[] {
  if (list.size === 0) return [];
  const examples = list.first(EXAMPLES).map((index) => directory.nameAt(index));
  return [{ rule, count: list.size, detail, examples }];
}

/** What is asked for of a swarm that is full. */
export function slotDetail(resources: ResourceVector | undefined): string {
  return resources === undefined ? 'a free slot' : 'a free slot with the resources asked for';
}

function grown<A extends Int32Array | Float64Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
