import type { AttemptRef, Heartbeat, Swarm, SwarmProfile } from '@multiswarm/contracts';
import { heartbeatLiveness } from '@multiswarm/core';
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

/** How long an ended attempt is remembered: longer than any heartbeat that was sent before its end can be under way. */
const ENDED_MEMORY_MS = 10_000;
/** Ended attempts that are remembered for one swarm; the oldest goes first. */
const ENDED_ATTEMPTS = 10_000;

export type SwarmState = Swarm['state'];

export interface Reservation {
  readonly id: string;
  readonly attemptKey: string;
  readonly swarm: SwarmSeen;
  readonly resources: ResourceVector;
  readonly expiresAtMs: number;
}

export function attemptKey({ taskId, attempt }: AttemptRef): string {
  return `${taskId}#${attempt}`;
}

/**
 * One swarm as this replica sees it: its last heartbeat, plus what this replica knows and the heartbeat does not.
 *
 * S1. busy = attempts held by the last heartbeat that are not known to have ended
 *          + own reservations that no heartbeat lists yet
 *          + refusals since the last heartbeat (the swarm knows of load that we cannot see; its next heartbeat tells).
 * S2. An attempt is counted once: a reservation ends when a heartbeat lists its attempt.
 * S3. A reservation is made only into a free slot and into resources that are left.
 */
export class SwarmSeen {
  private last: Heartbeat;
  private profileText: string;
  private receivedAt: Moment;
  private held = new Map<string, AttemptRef>();
  private resourcesHeld: ResourceVector;
  private resourcesReserved = NO_RESOURCES;
  private resourcesTotal: ResourceVector;
  /** Resources of own attempts that the heartbeat lists, so that they can be given back when the attempt ends. */
  private readonly resourcesListed = new Map<string, ResourceVector>();
  private readonly reservationsByAttempt = new Map<string, Reservation>();
  /** Ended attempts by the monotonic time until which a heartbeat that still lists them is not believed. */
  private readonly ended = new Map<string, number>();
  private refusals = 0;
  // Worked out at every change (S1), because a placement reads them of every swarm.
  busy = 0;
  freeSlots = 0;
  /** Busy share of its slots, 0 to 1. */
  load = 0;
  /** USD. */
  costPerSlotHour = 0;
  /** Number of the last decision that chose this swarm; 0 before the first. Ties go to the smallest. */
  lastTurn = 0;

  constructor(
    heartbeat: Heartbeat,
    now: Moment,
    /** The instance that this one replaced: what still arrives from it is of the past. */
    readonly replaced?: string,
  ) {
    this.last = heartbeat;
    this.profileText = textOf(heartbeat);
    this.receivedAt = now;
    this.resourcesTotal = toVector(heartbeat.resources);
    this.resourcesHeld = NO_RESOURCES;
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
  get seq(): number {
    return this.last.seq;
  }
  get profile(): SwarmProfile {
    return this.last;
  }
  get slots(): number {
    return this.last.slots;
  }
  get reservedSlots(): number {
    return this.reservationsByAttempt.size;
  }
  get reservedResources(): ResourceVector {
    return this.resourcesReserved;
  }
  get resourcesLeft(): ResourceVector {
    return minus(minus(this.resourcesTotal, this.resourcesHeld), this.resourcesReserved);
  }

  reservations(): IterableIterator<Reservation> {
    return this.reservationsByAttempt.values();
  }

  stateAt(now: Moment): SwarmState {
    const liveness = heartbeatLiveness(this.silentMs(now), this.last.intervalMs);
    if (liveness === 'down') return 'down';
    // Whether it is suspect matters only where it could get work.
    const { state } = this.last;
    if (state === 'draining' || state === 'cordoned') return state;
    return liveness === 'suspect' ? 'suspect' : 'ready';
  }

  silentMs(now: Moment): number {
    return now.monotonicMs - this.receivedAt.monotonicMs;
  }

  /** Whether one more attempt with these resources has room now. */
  hasRoomFor(asked: ResourceVector): boolean {
    if (this.freeSlots === 0) return false;
    return asked === NO_RESOURCES || fits(asked, this.resourcesLeft);
  }

  /** Takes over a newer heartbeat of the same instance. Returns the reservations that it lists now, which the caller ends (S2), and whether the profile changed. */
  update(heartbeat: Heartbeat, now: Moment): { listed: Reservation[]; profileChanged: boolean } {
    const text = textOf(heartbeat);
    const profileChanged = text !== this.profileText;
    this.last = heartbeat;
    this.profileText = text;
    this.receivedAt = now;
    this.resourcesTotal = toVector(heartbeat.resources);
    return { listed: this.count(heartbeat, now), profileChanged };
  }

  reserve(reservation: Reservation): void {
    if (!this.hasRoomFor(reservation.resources))
      throw new Error(`S3: ${this.swarmId} has no room for a reservation`);
    this.ended.delete(reservation.attemptKey);
    // S2: asked again for an attempt that the last heartbeat lists; the reservation counts until the next one.
    if (this.held.delete(reservation.attemptKey)) this.giveBackListed(reservation.attemptKey);
    this.reservationsByAttempt.set(reservation.attemptKey, reservation);
    this.resourcesReserved = plus(this.resourcesReserved, reservation.resources);
    this.recount();
  }

  release(reservation: Reservation): void {
    if (!this.reservationsByAttempt.delete(reservation.attemptKey)) return;
    this.resourcesReserved = minus(this.resourcesReserved, reservation.resources);
    this.recount();
  }

  /** The attempt does not run here any more, whatever heartbeats that are still under way say. Its reservation is the caller's. */
  end(key: string, now: Moment): void {
    this.ended.delete(key);
    this.ended.set(key, now.monotonicMs + ENDED_MEMORY_MS);
    if (this.ended.size > ENDED_ATTEMPTS) this.ended.delete(first(this.ended.keys()));
    const reservation = this.reservationsByAttempt.get(key);
    if (reservation !== undefined) {
      // A heartbeat from before the end may be the first that lists it.
      this.resourcesListed.set(key, reservation.resources);
    }
    if (this.held.delete(key)) this.giveBackListed(key);
    this.recount();
  }

  refused(): void {
    this.refusals += 1;
    this.recount();
  }

  toSwarm(now: Moment): Swarm {
    const { swarmId, region, slots, types, capabilities, labels, attributes, resources, costPerHour } =
      this.last;
    return {
      ...{ swarmId, region, slots, types, capabilities, labels, attributes, resources, costPerHour },
      state: this.stateAt(now),
      busySlots: this.busy,
      freeSlots: this.freeSlots,
      held: [...this.held.values()],
      lastSeen: new Date(this.receivedAt.wallMs).toISOString(),
    };
  }

  /** S1 and S2 for a heartbeat that was just taken over. */
  private count(heartbeat: Heartbeat, now: Moment): Reservation[] {
    this.forgetEnded(now);
    this.refusals = 0;
    this.held = new Map();
    this.resourcesHeld = toVector(heartbeat.resourcesUsed);
    const listed: Reservation[] = [];
    const endedButListed: string[] = [];
    for (const ref of heartbeat.held) {
      const key = attemptKey(ref);
      if (this.ended.has(key)) {
        endedButListed.push(key);
        continue;
      }
      this.held.set(key, ref);
      const reservation = this.reservationsByAttempt.get(key);
      if (reservation === undefined) continue;
      this.resourcesListed.set(key, reservation.resources);
      listed.push(reservation);
    }
    for (const key of endedButListed) this.giveBackListed(key);
    for (const key of this.resourcesListed.keys()) {
      if (!this.held.has(key) && !this.ended.has(key)) this.resourcesListed.delete(key);
    }
    this.recount();
    return listed;
  }

  private recount(): void {
    const { slots, costPerHour } = this.last;
    this.busy = this.held.size + this.reservationsByAttempt.size + this.refusals;
    this.freeSlots = Math.max(0, slots - this.busy);
    this.load = Math.min(1, this.busy / slots);
    this.costPerSlotHour = costPerHour / slots;
  }

  private giveBackListed(key: string): void {
    const resources = this.resourcesListed.get(key);
    if (resources === undefined) return;
    // A swarm may have freed the resources already, and list the attempt only until its result is acknowledged.
    this.resourcesHeld = atLeastZero(minus(this.resourcesHeld, resources));
  }

  private forgetEnded(now: Moment): void {
    for (const [key, until] of this.ended) {
      if (until > now.monotonicMs) return;
      this.ended.delete(key);
    }
  }
}

function textOf(heartbeat: Heartbeat): string {
  const { region, slots, types, capabilities, labels, attributes, resources, costPerHour, state } = heartbeat;
  return JSON.stringify([
    region,
    slots,
    types,
    capabilities,
    labels,
    attributes,
    resources,
    costPerHour,
    state,
  ]);
}

/** The first of something that is known not to be empty. */
function first<T>(items: Iterable<T>): T {
  for (const item of items) return item;
  throw new Error('empty');
}
