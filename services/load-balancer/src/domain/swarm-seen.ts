import type { AttemptRef, Heartbeat, Swarm } from '@multiswarm/contracts';
import {
  DOWN_AFTER_INTERVALS,
  heartbeatLiveness,
  missedHeartbeats,
  SUSPECT_AFTER_INTERVALS,
} from '@multiswarm/core';
import type { GroupCounts } from './affinity/group-counts';
import { EndedAttempts } from './ended-attempts';
import type { Columns } from './engine/columns';
import { CHANGED } from './engine/journal';
import type { MemberProfile } from './member';
import type { Reservation, Reservations } from './reservations';
import type { Moment } from './moment';
import {
  atLeastZero,
  fits,
  minus,
  NO_RESOURCES,
  plus,
  toVector,
  type ResourceVector,
} from './resource-vector';
import { isSameProfile } from './same-profile';

export type SwarmState = Swarm['state'];

type HeldRef = Heartbeat['held'][number];
const NONE_HELD: Heartbeat['held'] = [];

export function attemptKey({ taskId, attempt }: AttemptRef): string {
  return `${taskId}#${attempt}`;
}

/**
 * One swarm as this replica sees it: its last heartbeat, plus what this replica knows and the heartbeat does not.
 *
 * S1. busy = attempts held by the last heartbeat that are not known to have ended
 *          + own reservations that no heartbeat lists yet
 *          + attempts that nobody has told of: one for each refusal since the last heartbeat, until it is full, less those of them
 *            that are told to have ended. More would keep slots that come free out of use until the next heartbeat, and where tasks
 *            wait, replicas that all send to the same few would never find the others.
 * S2. An attempt is counted once: a reservation ends when a heartbeat lists its attempt.
 * S3. A reservation is made only into a free slot and into resources that are left. An attempt that takes over the slot of
 *     another one is counted in any case: it runs already.
 * S4. Of what a heartbeat says again nothing is kept: what ten thousand swarms replace every few seconds would live just long enough to
 *     be moved to where the heap is collected rarely.
 */
export class SwarmSeen {
  /** The heartbeat that told of its profile, but for what it ran then: those that say the same again are not kept. */
  private last: Heartbeat;
  /** Of the newest heartbeat. */
  seq: number;
  private intervalMs: number;
  private receivedMs = 0;
  private receivedWallMs = 0;
  private readonly held = new Map<string, HeldRef>();
  private resourcesHeld: ResourceVector;
  private resourcesReserved = NO_RESOURCES;
  private resourcesTotal: ResourceVector;
  /** Total less held less reserved, worked out when it is asked for. */
  private left: ResourceVector | undefined;
  /** Resources of own attempts that the heartbeat lists, so that they can be given back when the attempt ends. */
  private resourcesListed: Map<string, ResourceVector> | undefined;
  /** A list that goes from one to the next: of thousands of swarms hardly any has more than one. */
  private firstReserved: Reservation | undefined;
  private reservedCount = 0;
  private readonly ended = new EndedAttempts();
  private untold = 0;
  /** The state with which the fleet has counted it. */
  stateCounted: SwarmState | undefined;
  /** The monotonic time at which the fleet looks at its state again, and its place in the fleet's list of such times. */
  lookAtMs = Infinity;
  lookAt = -1;

  constructor(
    /** The fleet as columns, and its row there. */
    private readonly columns: Columns,
    readonly index: number,
    /** Of all swarms: what of each group runs where. */
    private readonly groups: GroupCounts,
    /** Of all swarms, by attempt. */
    private readonly allReserved: Pick<Reservations, 'of'>,
    heartbeat: Heartbeat,
    now: Moment,
    /** The instance that this one replaced: what still arrives from it is of the past. */
    readonly replaced?: string,
  ) {
    this.last = { ...heartbeat, held: NONE_HELD };
    this.seq = heartbeat.seq;
    this.intervalMs = heartbeat.intervalMs;
    this.resourcesTotal = toVector(heartbeat.resources);
    this.resourcesHeld = NO_RESOURCES;
    this.receive(now);
    this.count(heartbeat, now);
  }

  get swarmId(): string {
    return this.last.swarmId;
  }
  get region(): string {
    return this.last.region;
  }
  get instance(): string {
    return this.last.instance;
  }
  get profile(): MemberProfile {
    return this.last;
  }
  get slots(): number {
    return this.last.slots;
  }
  /** S1, as it is kept in the columns. */
  get busy(): number {
    return this.columns.busy[this.index] as number;
  }
  get freeSlots(): number {
    return Math.max(0, this.last.slots - this.busy);
  }
  /** Busy share of its slots, 0 to 1. */
  get load(): number {
    return this.columns.loadAt(this.index);
  }
  /** USD. */
  get costPerSlotHour(): number {
    return this.last.costPerHour / this.last.slots;
  }
  get seenAt(): Moment {
    return { wallMs: this.receivedWallMs, monotonicMs: this.receivedMs };
  }
  get reservedSlots(): number {
    return this.reservedCount;
  }
  get reservedResources(): ResourceVector {
    return this.resourcesReserved;
  }
  get resourcesLeft(): ResourceVector {
    this.left ??= minus(minus(this.resourcesTotal, this.resourcesHeld), this.resourcesReserved);
    return this.left;
  }

  /** Those that it lists and that are not known to have ended. */
  attempts(): IterableIterator<AttemptRef> {
    return this.held.values();
  }

  /** Those that no heartbeat lists yet. */
  reservations(): readonly Reservation[] {
    const reserved: Reservation[] = [];
    for (let one = this.firstReserved; one !== undefined; one = one.next) reserved.push(one);
    return reserved;
  }

  stateAt(now: Moment): SwarmState {
    const liveness = heartbeatLiveness(this.silentMs(now), this.intervalMs);
    if (liveness === 'down') return 'down';
    // Whether it is suspect matters only where it could get work.
    const { state } = this.last;
    if (state === 'draining' || state === 'cordoned') return state;
    return liveness === 'suspect' ? 'suspect' : 'ready';
  }

  /** The monotonic time from which its state is another one, unless it heartbeats before. */
  stateHoldsUntil(now: Moment): number {
    const missed = missedHeartbeats(this.silentMs(now), this.intervalMs);
    const next = [SUSPECT_AFTER_INTERVALS, DOWN_AFTER_INTERVALS].find((intervals) => missed < intervals);
    const perInterval = missedHeartbeats(1, this.intervalMs);
    return next === undefined ? Infinity : this.receivedMs + next / perInterval;
  }

  silentMs(now: Moment): number {
    return now.monotonicMs - this.receivedMs;
  }

  /** Whether it runs the attempt or has run it lately, as far as heartbeats and reports have told. */
  knows(key: string): boolean {
    return this.held.has(key) || this.ended.has(key);
  }

  /** Whether it is known to have ended here, lately. */
  hasEnded(key: string): boolean {
    return this.ended.has(key);
  }

  /** Whether one more attempt with these resources has room now. */
  hasRoomFor(asked: ResourceVector): boolean {
    const { columns, index } = this;
    return (columns.busy[index] as number) < (columns.slots[index] as number) && this.hasResources(asked);
  }

  /** Whether these resources are left, its slots aside. */
  hasResources(asked: ResourceVector): boolean {
    return asked === NO_RESOURCES || fits(asked, this.resourcesLeft);
  }

  /** Takes over a newer heartbeat of the same instance. Returns the reservations that it lists now, which the caller ends (S2), and whether the profile changed. */
  update(heartbeat: Heartbeat, now: Moment): { listed: Reservation[]; profileChanged: boolean } {
    const profileChanged = !isSameProfile(this.last, heartbeat);
    this.seq = heartbeat.seq;
    this.intervalMs = heartbeat.intervalMs;
    this.receive(now);
    if (profileChanged) {
      this.last = { ...heartbeat, held: NONE_HELD };
      this.resourcesTotal = toVector(heartbeat.resources);
    }
    return { listed: this.count(heartbeat, now), profileChanged };
  }

  /** S3. Throws where there is no room. */
  checkRoomFor(resources: ResourceVector): void {
    if (!this.hasRoomFor(resources)) throw new Error(`S3: ${this.swarmId} has no room for a reservation`);
  }

  /** The caller has checked that there is room. */
  reserve(reservation: Reservation): void {
    // S2: asked again for an attempt that the last heartbeat lists; the reservation counts until the next one.
    if (this.mayList(reservation.attemptKey) && this.letGo(reservation.attemptKey)) {
      this.giveBackListed(reservation.attemptKey);
      this.recount();
    }
    this.takeOver(reservation);
  }

  /** S3: reserves without a look at what is left. The caller has seen that it does not know the attempt. */
  takeOver(reservation: Reservation): void {
    const { group, resources } = reservation;
    const first = this.firstReserved;
    reservation.isListed = true;
    reservation.next = first;
    if (first !== undefined) first.previous = reservation;
    this.firstReserved = reservation;
    this.reservedCount += 1;
    if (group !== undefined) this.groups.add(group, this.index);
    if (resources !== NO_RESOURCES) this.changeReserved(plus, resources);
    this.columns.setBusy(this.index, this.busy + 1);
  }

  release(reservation: Reservation): void {
    if (this.takeOut(reservation)) this.columns.setBusy(this.index, this.busy - 1);
  }

  /** Whoever calls it counts anew. Returns whether it was there. */
  private takeOut(reservation: Reservation): boolean {
    const { next, previous, group, resources } = reservation;
    if (!reservation.isListed) return false;
    reservation.isListed = false;
    if (previous === undefined) this.firstReserved = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    reservation.next = reservation.previous = undefined;
    this.reservedCount -= 1;
    if (group !== undefined) this.groups.remove(group, this.index);
    if (resources !== NO_RESOURCES) this.changeReserved(minus, resources);
    return true;
  }

  /** It is gone, or was replaced: nothing of any group runs here any more. Its reservations are the caller's. */
  leaveGroups(): void {
    for (const { group } of this.held.values())
      if (group !== undefined) this.groups.remove(group, this.index);
  }

  /**
   * The attempt does not run here any more, whatever heartbeats that are still under way say. Its reservation is the
   * caller's. Returns the resources that it is known to have had; none where they are part of what the swarm says it uses.
   */
  end(key: string, now: Moment): ResourceVector {
    const isNews = !this.ended.has(key);
    this.ended.add(key, now.monotonicMs);
    const reserved = this.reservationOf(key)?.resources;
    // A heartbeat from before the end may be the first that lists it.
    if (reserved !== undefined) this.list(key, reserved);
    if (!this.letGo(key)) {
      if (isNews && reserved === undefined) this.setUntold(this.untold - 1);
      return reserved ?? NO_RESOURCES;
    }
    this.giveBackListed(key);
    this.recount();
    return this.resourcesListed?.get(key) ?? NO_RESOURCES;
  }

  /** It had no room for an attempt whose reservation has ended already. */
  refused(): void {
    const told = this.held.size + this.reservedCount;
    this.setUntold(Math.min(this.untold + 1, this.last.slots - told));
  }

  toSwarm(now: Moment): Swarm {
    const { swarmId, region, slots, types, capabilities, labels, attributes, resources, costPerHour } =
      this.last;
    const { weight } = this.last;
    return {
      ...{ swarmId, region, slots, types, capabilities, labels, attributes, resources, costPerHour },
      ...(weight === undefined ? {} : { weight }),
      state: this.stateAt(now),
      busySlots: this.busy,
      freeSlots: this.freeSlots,
      held: [...this.held.values()].map(({ taskId, attempt }) => ({ taskId, attempt })),
      lastSeen: new Date(this.receivedWallMs).toISOString(),
    };
  }

  /** S1 and S2 for a heartbeat that was just taken over. */
  private count(heartbeat: Heartbeat, now: Moment): Reservation[] {
    this.ended.forget(now.monotonicMs);
    this.untold = 0;
    this.leaveGroups();
    const told = new Set<string>();
    const hadResources = this.resourcesHeld !== NO_RESOURCES;
    this.resourcesHeld = toVector(heartbeat.resourcesUsed);
    this.columns.seenMs[this.index] = now.monotonicMs;
    const listed: Reservation[] = [];
    const endedButListed: string[] = [];
    let bits = 0;
    for (const ref of heartbeat.held) {
      const key = attemptKey(ref);
      const reservation = this.reservationOf(key);
      // A reservation is younger than any end of its attempt.
      if (reservation !== undefined) this.ended.delete(key);
      else if (this.ended.has(key)) {
        endedButListed.push(key);
        continue;
      }
      told.add(key);
      bits |= bitOf(key);
      // What is told again stays the object that it was.
      const known = this.held.get(key);
      if (known === undefined || known.group !== ref.group) this.held.set(key, ref);
      if (reservation === undefined) continue;
      this.list(key, reservation.resources);
      listed.push(reservation);
    }
    for (const key of this.held.keys()) if (!told.has(key)) this.held.delete(key);
    for (const { group } of this.held.values()) if (group !== undefined) this.groups.add(group, this.index);
    this.columns.listed[this.index] = bits;
    // Before it is counted: else its slot would seem to be taken twice for a moment, and be told of as a change.
    for (const reservation of listed) this.takeOut(reservation);
    for (const key of endedButListed) this.giveBackListed(key);
    this.forgetListed();
    this.recount();
    if (hadResources || this.resourcesTotal !== NO_RESOURCES || this.resourcesHeld !== NO_RESOURCES)
      this.noteResources();
    return listed;
  }

  private receive({ wallMs, monotonicMs }: Moment): void {
    this.receivedWallMs = wallMs;
    this.receivedMs = monotonicMs;
  }

  private forgetListed(): void {
    const { resourcesListed } = this;
    if (resourcesListed === undefined) return;
    for (const key of resourcesListed.keys())
      if (!this.held.has(key) && !this.ended.has(key)) resourcesListed.delete(key);
    if (resourcesListed.size === 0) this.resourcesListed = undefined;
  }

  private reservationOf(key: string): Reservation | undefined {
    const reservation = this.allReserved.of(key);
    return reservation?.swarm === this ? reservation : undefined;
  }

  /** False where its last heartbeat does not list it; a look at one line of memory instead of several. */
  private mayList(key: string): boolean {
    return ((this.columns.listed[this.index] as number) & bitOf(key)) !== 0;
  }

  /** Returns whether it was listed. */
  private letGo(key: string): boolean {
    const group = this.held.get(key)?.group;
    if (group !== undefined) this.groups.remove(group, this.index);
    return this.held.delete(key);
  }

  private setUntold(attempts: number): void {
    if (Math.max(0, attempts) === this.untold) return;
    this.untold = Math.max(0, attempts);
    this.recount();
  }

  /** S1. */
  private recount(): void {
    this.columns.setBusy(this.index, this.held.size + this.reservedCount + this.untold);
  }

  private changeReserved(change: typeof plus, resources: ResourceVector): void {
    this.resourcesReserved = change(this.resourcesReserved, resources);
    this.noteResources();
  }

  private noteResources(): void {
    this.left = undefined;
    this.columns.stock.note(this.index, CHANGED.room);
  }

  private list(key: string, resources: ResourceVector): void {
    if (resources === NO_RESOURCES) return;
    this.resourcesListed ??= new Map();
    this.resourcesListed.set(key, resources);
  }

  private giveBackListed(key: string): void {
    const resources = this.resourcesListed?.get(key);
    if (resources === undefined) return;
    // A swarm may have freed the resources already, and list the attempt only until its result is acknowledged.
    this.resourcesHeld = atLeastZero(minus(this.resourcesHeld, resources));
    this.noteResources();
  }
}

/** Characters that tell keys apart: ids end in what is random, and keys in the number of the attempt. */
const TELLING = 6;

/** One of 32 bits, the same for the same key. */
function bitOf(key: string): number {
  let hash = 0;
  for (let at = Math.max(0, key.length - TELLING); at < key.length; at += 1)
    hash = Math.imul(hash, 31) + key.charCodeAt(at);
  return 1 << (hash & 31);
}
