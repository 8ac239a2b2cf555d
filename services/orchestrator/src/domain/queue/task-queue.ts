import type {
  NamespaceSettings,
  PlaceItem,
  PlaceResult,
  QueuedTask,
  TaskClass,
  Waiting,
} from '@multiswarm/contracts';
import { fairnessWeight } from '../namespaces/settings';
import { AbsentShards } from './absent-shards';
import { Fetching, type FreeSlot } from './fetching';
import { Fits } from './fits';
import type { Lane } from './lane';
import { Lanes } from './lanes';
import { LimitGate } from './limit-gate';
import { Limits } from './limits';
import type { Now } from './now';
import { Offers } from './offers';
import { Parking, type CapacitySource } from './parking';
import type { Picked } from './picked';
import { Picks } from './picks';
import { MAX_WINDOW, RequirementClass } from './requirement-class';
import { NOBODY, PLACE, TaskTable } from './task-table';
import { unanswered, type Placed, type Settled } from './settled';
import { standingOf, type Standing } from './standing';
import type { Track } from './track';
import { TurnOrder } from './turn-order';
import { whyWaiting } from './why-waiting';

export type { Placed } from './settled';

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
  private readonly picks: Picks;
  private readonly absent: AbsentShards;

  constructor(
    settings: (namespace: string) => NamespaceSettings,
    /** What is known of a class, with or without tasks. */
    classOf: (key: string) => TaskClass | undefined,
    /** See `Limits`. */
    countedSince?: number,
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
      countedSince,
    );
    this.gate = new LimitGate(this.limits, this.order, this.lanes);
    this.absent = new AbsentShards(this.table, this.lanes);
    const { table, order, offers, lanes, limits, parking, fits } = this;
    this.picks = new Picks({ table, order, offers, lanes, limits });
    const { underWay } = this.picks;
    this.fetching = new Fetching({ table, order, offers, parking, fits, underWay, classOf, settings });
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
    const limits = this.limits.setFor(info.namespace, task.limitKeys);
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
    const picked = this.picks.underWay.get(row);
    if (picked) this.picks.cancel(picked, now);
    else if (this.table.places[row] === PLACE.aside) this.absent.remove(row, track);
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
    this.absent.forget(shard);
  }

  /** Tasks of a shard that are in the queue. */
  idsOf(shard: number): string[] {
    const ids: string[] = [];
    for (const row of this.table.allRows())
      if (this.table.shards[row] === shard) ids.push(this.table.id(row));
    return ids;
  }

  hasClass(key: string): boolean {
    return this.classes.has(key);
  }

  has(taskId: string): boolean {
    return this.table.row(taskId) !== undefined;
  }

  /** Nobody could take its grants: its tasks are set aside where they are in front. */
  shardAway(shard: number): void {
    this.absent.add(shard);
  }

  shardBack(shard: number, now: Now): void {
    this.absent.back(shard, now.wall);
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

  settingsChanged(namespace: string): void {
    this.order.weightsChanged(namespace);
    this.limits.settingsChanged(namespace);
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
      lane.owner.askedAt = this.parking.tick;
      picked.push(this.picks.pick(track, now));
    }
    return picked;
  }

  toItem({ row }: Picked, now: Now): PlaceItem {
    return this.table.item(row, now.wall);
  }

  /** When a class that waits for a time, and not for a slot, is to be asked for again: on the monotonic clock. */
  get nextLookAt(): number | undefined {
    return this.parking.nextLookAt;
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
    for (const each of refused.reverse()) this.picks.comeBack(each, now);
    for (const owner of refusals.keys()) owner.pace.waits(now.monotonic);
    this.finish(picked, refusals, true, now);
    return settled;
  }

  /** Gives back what got no answer, so that the next pass asks again. */
  putBack(picked: readonly Picked[], now: Now): void {
    for (const each of [...picked].reverse()) this.picks.comeBack(each, now);
    this.finish(picked, new Map(), false, now);
  }

  /**
   * Gives the next tasks to slots that are about to come free, in the order in which a pass would take them; none where the
   * one whose turn it is may not fit.
   */
  fetch<T extends FreeSlot>(freed: readonly T[], now: Now): (Fetched & { slot: T })[] {
    this.refresh(now);
    const all: (Fetched & { slot: T })[] = [];
    for (const slot of freed) {
      const row = this.fetchOne(slot, now);
      if (row !== undefined) all.push(this.handOut(row, slot, now));
    }
    return all;
  }

  /** Why a task waits; undefined where it does not. */
  waiting(taskId: string, now: Now): Waiting | undefined {
    const row = this.table.row(taskId);
    return row === undefined ? undefined : whyWaiting({ table: this.table, limits: this.limits }, row, now);
  }

  /** How a task stands in the line; undefined where it does not. */
  standing(taskId: string, now: Now): Standing | undefined {
    const row = this.table.row(taskId);
    if (row === undefined) return undefined;
    const { table, limits, lanes, order, classCount } = this;
    return standingOf({ table, limits, lanes, order, classCount }, row, now);
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
    for (const owner of this.parking.due(now.monotonic)) this.open(owner);
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
    return this.absent.setAside(track, now.wall) ? undefined : track;
  }

  private place(each: Picked, placement: Placed['placement'], settled: Settled, now: Now): void {
    const { taskId, attempt, shard, row, track } = each;
    const slot = { taskId, attempt, shard, placement };
    if (each.isOver) {
      settled.unused.push(slot);
      return;
    }
    this.parking.taken(placement.swarmId, track.lane.owner.askedAt);
    this.picks.keep(each);
    track.lane.owner.pace.started(now.monotonic);
    this.drop(row, track, now);
    settled.placed.push(slot);
  }

  /** @returns the row of the task that goes there */
  private fetchOne(slot: FreeSlot, now: Now): number | undefined {
    for (let looks = 0; looks < FETCH_LOOKS; looks += 1) {
      const chosen = this.fetching.choose(slot);
      if (chosen === undefined) break;
      const track = 'fare' in chosen ? undefined : this.startable(chosen, now);
      const row = 'fare' in chosen ? chosen.row : track?.first;
      if (row === undefined) continue;
      if (this.fetching.isOutOfPlace(row, slot)) break;
      if ('fare' in chosen) this.picks.keep(chosen);
      else if (track) this.picks.take(track, now);
      return row;
    }
    return undefined;
  }

  private handOut<T extends FreeSlot>(row: number, slot: T, now: Now): Fetched & { slot: T } {
    const fetched = { shard: this.table.shards[row] as number, task: this.table.task(row), slot };
    const track = this.table.track(row);
    track.lane.owner.pace.started(now.monotonic);
    this.drop(row, track, now);
    return fetched;
  }

  /** The classes of a pass: parked where one of theirs was refused, and allowed more where all were placed. */
  private finish(
    picked: readonly Picked[],
    refusals: ReadonlyMap<RequirementClass, Waiting>,
    isAnswered: boolean,
    now: Now,
  ): void {
    for (const owner of new Set(picked.map(({ track }) => track.lane.owner))) {
      if (this.classes.get(owner.info.key) !== owner) continue;
      const waiting = refusals.get(owner);
      if (isAnswered) owner.window = waiting ? 1 : Math.min(MAX_WINDOW, owner.window * 2);
      if (isAnswered) owner.waiting = waiting;
      owner.left = owner.window;
      if (waiting) this.parking.park(owner, waiting, now.monotonic);
      this.offers.update(owner);
    }
  }
}
