import type {
  AttemptRef,
  NamespaceSettings,
  PlaceItem,
  PlaceResult,
  Placement,
  QueuedTask,
  TaskClass,
  Waiting,
} from '@multiswarm/contracts';
import { fairnessWeight } from '../namespaces/settings';
import { Fits } from './fits';
import { Fetching, type FreeSlot } from './fetching';
import type { Lane } from './lane';
import { Lanes } from './lanes';
import { LimitGate } from './limit-gate';
import { Limits } from './limits';
import type { Now } from './now';
import { Offers } from './offers';
import { Parking, type CapacitySource } from './parking';
import type { Picked } from './picked';
import { MAX_WINDOW, RequirementClass } from './requirement-class';
import { NOBODY, PLACE, TaskTable } from './task-table';
import type { Track } from './track';
import { TurnOrder, type Fare, type KeyTurn } from './turn-order';

/** A task that has a slot. */
export interface Placed extends AttemptRef {
  shard: number;
  placement: Placement;
}

/** A task that was given a slot without asking. */
export interface Fetched {
  shard: number;
  task: QueuedTask;
}

/** Bytes of one item in a request to place, beside its class. */
const ITEM_BYTES = 256;
/** Tasks that are found to be held, by a limit or without an owner, while one slot looks for a task. */
const FETCH_LOOKS = 64;

/**
 * Who goes next, over all shards. Pure: time comes in with each call.
 *
 * Q1. A stricter band goes first, inside a band namespaces and then fairness keys take turns by weight, and of two tasks of one
 *     class, priority and fairness key the one that was submitted first goes first, whatever happened to it meanwhile.
 * Q2. A class that nobody can take now is parked whole, and costs nothing until there is capacity that may be for it.
 * Q3. A task is in line, or with a pass, or set aside, or gone: never twice.
 * Q4. A limit is taken when a task is picked and given back when that came to nothing; a task that a limit holds is in
 *     nobody's way.
 * Q5. No operation looks at all tasks, classes or keys; memory follows the tasks that wait.
 */
export class TaskQueue {
  readonly limits: Limits;
  private readonly table = new TaskTable();
  private readonly order: TurnOrder;
  private readonly offers: Offers;
  private readonly lanes: Lanes;
  private readonly gate: LimitGate;
  private readonly parking: Parking;
  private readonly fits = new Fits();
  private readonly fetching: Fetching;
  private readonly classes = new Map<string, RequirementClass>();
  /** What a pass has taken, in its order. */
  private readonly underWay = new Map<number, Picked>();
  /** Shards without an owner, with the tasks that were found in front meanwhile. */
  private readonly aside = new Map<number, Set<number>>();

  constructor(
    settings: (namespace: string) => NamespaceSettings,
    /** What is known of a class, with or without tasks. */
    classOf: (key: string) => TaskClass | undefined,
  ) {
    this.order = new TurnOrder(this.table, {
      namespace: (name) => settings(name).weight,
      fairnessKey: (name, key) => fairnessWeight(settings(name), key),
    });
    this.parking = new Parking((owner) => {
      const lane = this.offers.best(owner);
      return lane && this.order.standing(lane, lane.first);
    });
    this.offers = new Offers(this.order, (owner) => {
      // Who has nothing to ask for would miss what happens meanwhile.
      if (owner.front === NOBODY) this.parking.unpark(owner);
      else this.parking.moved(owner);
    });
    this.lanes = new Lanes(this.table, this.order, this.offers);
    this.limits = new Limits(
      settings,
      (track) => this.order.standing(track.lane, track.first),
      (namespace) => this.order.letGo(namespace),
    );
    this.gate = new LimitGate(this.limits, this.order, this.lanes);
    const { table, order, offers, parking, fits, underWay } = this;
    this.fetching = new Fetching({ table, order, offers, parking, fits, underWay, classOf });
  }

  get size(): number {
    return this.table.size;
  }

  get classCount(): number {
    return this.classes.size;
  }

  /** Whether a pass would find more than at the last one. */
  get isOpen(): boolean {
    return this.order.first() !== undefined || this.parking.isOpen || this.limits.reopened.size > 0;
  }

  /** A repetition changes nothing; a newer attempt takes the place of an older one. */
  add(task: QueuedTask, info: TaskClass, shard: number, now: Now): void {
    const known = this.table.row(task.taskId);
    if (known !== undefined) {
      if ((this.table.attempts[known] as number) >= task.attempt) return; // Q3
      this.remove(task.taskId, now);
    }
    const owner = this.classFor(info);
    const limits = this.limits.setFor(info.namespace, task.limitKeys, now.monotonic);
    const track = this.lanes.track(owner, task.priority, task.fairnessKey ?? '', limits);
    if (track.size + track.out > 0) this.limits.leave(limits, now.monotonic); // it keeps them already
    const row = this.table.add(task, shard, track);
    owner.tasks += 1;
    this.lanes.insert(track, row, now.wall);
  }

  /** Forgets a task that is not to be placed any more. */
  remove(taskId: string, now: Now): void {
    const row = this.table.row(taskId);
    if (row === undefined) return;
    const track = this.table.track(row);
    const picked = this.underWay.get(row);
    if (picked) this.cancelPick(picked, now);
    else if (this.table.places[row] === PLACE.aside) this.takeBack(row, track);
    else this.lanes.remove(track, row, now.wall);
    if (track.size === 0) this.gate.release(track, now);
    this.drop(row, track, now);
  }

  /** Forgets all tasks of a shard. */
  removeShard(shard: number, now: Now): void {
    const ids = [...this.table.allRows()]
      .filter((row) => this.table.shards[row] === shard)
      .map((row) => this.table.id(row));
    for (const id of ids) this.remove(id, now);
    this.aside.delete(shard);
  }

  hasClass(key: string): boolean {
    return this.classes.has(key);
  }

  has(taskId: string): boolean {
    return this.table.row(taskId) !== undefined;
  }

  /** Nobody could take its grants: its tasks are set aside where they are in front. */
  shardAway(shard: number): void {
    if (!this.aside.has(shard)) this.aside.set(shard, new Set());
  }

  shardBack(shard: number, now: Now): void {
    const rows = this.aside.get(shard);
    if (!rows) return;
    this.aside.delete(shard);
    for (const row of rows) {
      const track = this.table.track(row);
      track.out -= 1;
      this.lanes.insert(track, row, now.wall);
    }
  }

  /** Slots came free. @param from where; undefined is a hint */
  capacityChanged(slots: number, from: CapacitySource | undefined): void {
    if (from && from.reason !== 'freed') this.fits.changed(from.swarmId);
    this.parking.opened(slots, from);
  }

  /** The classes that have waited longest may be asked for again. */
  lookAgain(): void {
    for (const owner of this.parking.longest()) this.open(owner);
  }

  settingsChanged(namespace: string, now: Now): void {
    this.order.weightsChanged(namespace);
    this.limits.settingsChanged(namespace, now.monotonic);
  }

  /**
   * Takes the tasks that go next out of the line for one pass, which must be settled or put back before the next one.
   * @param max tasks @param maxBytes as a request to place, roughly
   */
  take(max: number, maxBytes: number, now: Now): Picked[] {
    this.parking.tick += 1;
    this.refresh(now);
    this.openRound();
    const picked: Picked[] = [];
    for (let bytes = 0; picked.length < max;) {
      const lane = this.order.first();
      if (!lane) {
        if (this.gate.reopen(now) || (picked.length === 0 && this.openRound())) continue;
        break;
      }
      const track = this.startable(lane, now);
      if (!track) continue;
      bytes += lane.owner.bytes + ITEM_BYTES;
      if (bytes > maxBytes && picked.length > 0) break;
      picked.push(this.pick(track, now));
    }
    return picked;
  }

  toItem({ taskId, attempt, row, track }: Picked): PlaceItem {
    const { info } = track.lane.owner;
    const avoid = this.table.avoid.get(row);
    const traceparent = this.table.traces.get(row);
    const item: PlaceItem = {
      key: taskId,
      classKey: avoid ? `${info.key}#${taskId}` : info.key,
      attempt,
      namespace: info.namespace,
      type: info.type,
      requirements: info.requirements,
    };
    if (avoid) item.avoid = [...avoid];
    if (traceparent !== undefined) item.traceparent = traceparent;
    return item;
  }

  /** Takes in the answers to a pass. @returns what has a slot, and slots that nobody wants any more */
  settle(picked: readonly Picked[], results: readonly PlaceResult[], now: Now): Settled {
    const byKey = new Map(results.map((result) => [result.key, result]));
    const answers = picked.map((each) => ({ each, result: byKey.get(each.taskId) }));
    this.fits.learn(answers.map(({ each, result }) => ({ owner: each.track.lane.owner, result })));
    const settled: Settled = { placed: [], unused: [] };
    const refused: Picked[] = [];
    const refusals = new Map<RequirementClass, Waiting>();
    for (const { each, result } of answers) {
      if (result?.placement) this.place(each, result.placement, settled, now);
      else if (!each.isOver) {
        refused.push(each);
        this.table.avoid.delete(each.row); // it may go there after all, when there is capacity again
        // Of equal words the load-balancer says the details only once.
        const { owner } = each.track.lane;
        if (!refusals.get(owner)?.unmet.length) refusals.set(owner, result?.waiting ?? unanswered(now));
      }
    }
    for (const each of refused.reverse()) this.comeBack(each, now);
    this.finish(picked, refusals, true);
    return settled;
  }

  /** Gives back what got no answer, so that the next pass asks again. */
  putBack(picked: readonly Picked[], now: Now): void {
    for (const each of [...picked].reverse()) this.comeBack(each, now);
    this.finish(picked, new Map(), false);
  }

  /**
   * Gives the next tasks to slots that are about to come free, in the order in which a pass would take them; none where the
   * one whose turn it is may not fit.
   */
  fetch<T extends FreeSlot>(freed: readonly T[], now: Now): (Fetched & { slot: T })[] {
    this.refresh(now);
    return freed.flatMap((slot) => {
      const fetched = this.fetchOne(slot, now);
      return fetched ? [{ ...fetched, slot }] : [];
    });
  }

  /** Why a task waits; undefined where it does not. */
  waiting(taskId: string, now: Now): Waiting | undefined {
    const row = this.table.row(taskId);
    if (row === undefined) return undefined;
    const { lane, limits } = this.table.track(row);
    const { waiting } = lane.owner;
    const since = new Date(this.table.queuedAt[row] as number).toISOString();
    const none = { since, unmet: [] };
    if (this.table.places[row] === PLACE.aside)
      return { ...none, reason: 'not-yet-considered', detail: 'its shard has no owner at the moment' };
    if (waiting?.reason === 'no-swarm') return { ...waiting, since };
    const isPicked = this.underWay.has(row);
    const limit = isPicked ? undefined : this.limits.blocking(limits, now.monotonic);
    if (limit) return { ...none, reason: 'limit', detail: this.limits.describe(limit, now) };
    if (waiting) return { ...waiting, since };
    const detail = isPicked ? 'being placed' : 'in line behind others whose turn is before its own';
    return { ...none, reason: 'not-yet-considered', detail };
  }

  private classFor(info: TaskClass): RequirementClass {
    let owner = this.classes.get(info.key);
    if (!owner) {
      owner = new RequirementClass(info, this.table);
      this.classes.set(info.key, owner);
    }
    return owner;
  }

  private drop(row: number, track: Track, now: Now): void {
    const { owner } = track.lane;
    this.table.drop(row);
    owner.tasks -= 1;
    if (track.size + track.out > 0) return;
    this.lanes.drop(track);
    this.limits.leave(track.limits, now.monotonic);
    if (owner.tasks > 0) return;
    this.parking.unpark(owner);
    this.classes.delete(owner.info.key);
  }

  /** Time has passed. */
  private refresh(now: Now): void {
    this.lanes.rise(now.wall);
    this.limits.tick(now.monotonic);
    this.gate.reopen(now);
  }

  /** @returns whether somebody may go who might not before */
  private openRound(): boolean {
    if (!this.parking.isOpen) return false;
    for (const owner of this.parking.nextRound()) this.open(owner);
    return true;
  }

  private open(owner: RequirementClass): void {
    owner.left = owner.window;
    this.offers.update(owner);
  }

  /** The track whose first task starts next; none where it was in the way of others and is not any more. */
  private startable({ track }: Lane, now: Now): Track | undefined {
    if (!track || !this.gate.admit(track, now)) return undefined;
    return this.putAside(track, now) ? undefined : track;
  }

  private putAside(track: Track, now: Now): boolean {
    const row = track.first;
    const rows = this.aside.size > 0 ? this.aside.get(this.table.shards[row] as number) : undefined;
    if (!rows) return false;
    rows.add(row);
    track.out += 1;
    this.lanes.remove(track, row, now.wall);
    this.table.places[row] = PLACE.aside;
    return true;
  }

  private pick(track: Track, now: Now): Picked {
    const { lane, first: row } = track;
    const { owner } = lane;
    const ref = { taskId: this.table.id(row), attempt: this.table.attempts[row] as number };
    const shard = this.table.shards[row] as number;
    track.out += 1;
    owner.left -= 1;
    owner.askedAt = this.parking.tick;
    const picked: Picked = { ...ref, row, track, shard, fare: this.start(lane, track, now), isOver: false };
    this.table.places[row] = PLACE.picked;
    this.underWay.set(row, picked);
    lane.picks.push(picked);
    if (owner.left === 0) this.offers.update(owner);
    return picked;
  }

  /** Q4: takes the first task of a track out of the line, and what it needs for it. */
  private start(lane: Lane, track: Track, now: Now): Fare {
    const { first: row } = track;
    const turn = lane.turn as KeyTurn; // a lane in the order has one
    const ref = { taskId: this.table.id(row), attempt: this.table.attempts[row] as number };
    this.limits.start(ref, this.table.shards[row] as number, track.limits, now.monotonic);
    const fare = this.order.pay(turn);
    this.lanes.remove(track, row, now.wall);
    this.offers.paid(turn);
    return fare;
  }

  private place(each: Picked, placement: Placement, settled: Settled, now: Now): void {
    const { taskId, attempt, shard, row, track } = each;
    const slot = { taskId, attempt, shard, placement };
    if (each.isOver) {
      settled.unused.push(slot);
      return;
    }
    this.parking.taken(placement.swarmId, track.lane.owner.askedAt);
    this.keepPick(each);
    this.drop(row, track, now);
    settled.placed.push(slot);
  }

  private fetchOne(slot: FreeSlot, now: Now): Fetched | undefined {
    for (let looks = 0; looks < FETCH_LOOKS; looks += 1) {
      const chosen = this.fetching.choose(slot);
      if (chosen === undefined) break;
      const track = 'fare' in chosen ? undefined : this.startable(chosen, now);
      const row = 'fare' in chosen ? chosen.row : track?.first;
      if (row === undefined) continue;
      if (this.table.avoid.get(row)?.includes(slot.swarmId)) break;
      if ('fare' in chosen) this.keepPick(chosen);
      else this.order.served(this.start(chosen, track as Track, now));
      return this.handOut(row, now);
    }
    return undefined;
  }

  private handOut(row: number, now: Now): Fetched {
    const fetched = { shard: this.table.shards[row] as number, task: this.table.task(row) };
    this.drop(row, this.table.track(row), now);
    return fetched;
  }

  /** Back into the line, where it was. */
  private comeBack(each: Picked, now: Now): void {
    if (each.isOver) return;
    this.cancelPick(each, now);
    this.lanes.insert(each.track, each.row, now.wall);
  }

  /** Q4. */
  private cancelPick(each: Picked, now: Now): void {
    this.offers.refunded(this.order.refund(each.fare));
    this.limits.undo(each, now.monotonic);
    this.endPick(each);
  }

  private endPick(each: Picked): void {
    const { picks } = each.track.lane;
    each.isOver = true;
    each.track.out -= 1;
    this.underWay.delete(each.row);
    picks.splice(picks.indexOf(each), 1);
  }

  /** It came to something, though not by its pass. */
  private keepPick(each: Picked): void {
    this.order.served(each.fare);
    this.endPick(each);
  }

  private takeBack(row: number, track: Track): void {
    this.aside.get(this.table.shards[row] as number)?.delete(row);
    track.out -= 1;
  }

  /** The classes of a pass: parked where one of theirs was refused, and allowed more where all were placed. */
  private finish(
    picked: readonly Picked[],
    refusals: ReadonlyMap<RequirementClass, Waiting>,
    isAnswered: boolean,
  ): void {
    for (const owner of new Set(picked.map(({ track }) => track.lane.owner))) {
      if (this.classes.get(owner.info.key) !== owner) continue;
      const waiting = refusals.get(owner);
      if (isAnswered) owner.window = waiting ? 1 : Math.min(MAX_WINDOW, owner.window * 2);
      if (isAnswered) owner.waiting = waiting;
      owner.left = owner.window;
      if (waiting) this.parking.park(owner, waiting);
      this.offers.update(owner);
    }
  }
}

interface Settled {
  placed: Placed[];
  unused: Placed[];
}

function unanswered(now: Now): Waiting {
  return {
    reason: 'not-yet-considered',
    since: new Date(now.wall).toISOString(),
    detail: 'the load-balancer gave no answer for this task',
    unmet: [],
  };
}
