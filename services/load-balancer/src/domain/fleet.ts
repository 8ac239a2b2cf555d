import { LIMITS, type CapacityEvent, type Heartbeat, type LbReport } from '@multiswarm/contracts';
import { Heap } from '@multiswarm/core';
import { GroupCounts } from './affinity/group-counts';
import { Ring } from './affinity/ring';
import { Columns, TIERS } from './engine/columns';
import { idleNumber } from './engine/idle';
import { CHANGED } from './engine/journal';
import type { Directory } from './engine/pool';
import { Pools } from './engine/pools';
import { ShownProfile } from './engine/shown-profile';
import { TypeSets } from './engine/type-sets';
import { hashOf } from './hash-of';
import type { HealthBook } from './health/health-book';
import { healthFacts } from './health/swarm-health';
import { SwarmClasses } from './learning/swarm-class';
import { Distances } from './locality/distances';
import type { MemberProfile } from './member';
import type { Moment } from './moment';
import { Paces } from './paces';
import { grew, NO_RESOURCES, type ResourceVector } from './resource-vector';
import { Reservations, type Reservation } from './reservations';
import { attemptKey, SwarmSeen, type SwarmState } from './swarm-seen';

/** A swarm that has been silent for this long is forgotten; until then people see it as down. */
const FORGET_AFTER_MS = 10 * 60_000;
/** Instances that said goodbye and are remembered, so that a late heartbeat does not bring them back. */
const STOPPED_INSTANCES = 10_000;

/** Of work that usually takes so long, `Columns.latencyMs` tells how long it takes there. */
const USUAL_MS = 1_000;

export interface FleetOptions {
  /** Unique per process: part of every reservation's id. */
  replica: string;
  /** A reservation that nobody reports and no heartbeat lists ends after this. */
  holdMs: number;
  /** How far regions are from each other; assumed, unless given. */
  distances?: Distances;
  /** Without it, all are taken to be well. */
  health?: HealthBook;
}

/** What another replica tells of a reservation of its own. */
export interface ReservedElsewhere {
  swarmId: string;
  attemptKey: string;
  resources: ResourceVector;
  reservationId: string;
}

export type Outcome = LbReport['outcomes'][number];
export type CapacityReason = CapacityEvent['reason'];
export type Seen =
  | { kind: 'ignored'; why: 'past' | 'fleet-full' }
  | { kind: 'removed' }
  /** `capacity` where work that waits may fit now. */
  | { kind: 'seen'; swarm: SwarmSeen; capacity?: CapacityReason };
export interface StateChange {
  swarmId: string;
  region: string;
  from: SwarmState;
  to: SwarmState | 'forgotten';
}

/**
 * All swarms as this replica sees them, from heartbeats and from its own reservations and reports.
 * Other replicas see the same heartbeats and reports, but not our reservations: the swarm's own admission is the truth.
 *
 * F1. A heartbeat of the past changes nothing: a `seq` that is not newer within its instance, an instance that was
 *     replaced (unless its successor is down) or that has said goodbye.
 * F2. A new instance replaces everything that was known of its swarm.
 * F3. A reservation ends once: by a heartbeat that lists its attempt, by a report, by its expiry, or with its swarm.
 * F4. Where the slot of an ended attempt was handed over to the next one, every replica reserves it for that one, whoever
 *     placed the first: at no moment does the slot look free. The next one has what the ended one had.
 * F5. Every swarm has a row in the columns, which says what the swarm says; each change of it is in their journal.
 * F6. Health hears of every swarm that is up, and of the end of every attempt once; what it says of a swarm is in its row.
 * F7. What another replica has reserved on an external endpoint counts here as our own: no heartbeat tells what that runs.
 */
export class Fleet implements Directory {
  readonly columns = new Columns();
  readonly types = new TypeSets();
  readonly pools = new Pools(this);
  /** Which swarm a key belongs to. */
  readonly ring = new Ring();
  readonly groups = new GroupCounts();
  readonly distances: Distances;
  private readonly classes = new SwarmClasses(LIMITS.SWARM_CLASSES);
  private readonly paces = new Paces(this.columns);
  private readonly swarmsByIndex: (SwarmSeen | undefined)[] = [];
  private readonly shownByIndex: ShownProfile[] = [];
  private readonly swarmsById = new Map<string, SwarmSeen>();
  private readonly reservations: Reservations;
  private readonly stopped = new Map<string, string>();
  private readonly states = new Map<string, SwarmState>();
  /** Swarms that health has let run more since the last sweep. */
  private healthier = new Set<SwarmSeen>();
  /** The monotonic time of the last heartbeat of anybody. */
  private heardMs = 0;
  /** By the time at which silence alone may have changed their state; a heartbeat moves none of them. */
  private readonly silent = new Heap<SwarmSeen>(
    (a, b) => a.lookAtMs < b.lookAtMs,
    (swarm, at) => {
      swarm.lookAt = at;
    },
  );

  constructor(private readonly options: FleetOptions) {
    this.reservations = new Reservations(options.replica);
    this.distances = options.distances ?? new Distances();
  }

  get replica(): string {
    return this.options.replica;
  }

  get size(): number {
    return this.swarmsById.size;
  }

  get(swarmId: string): SwarmSeen | undefined {
    return this.swarmsById.get(swarmId);
  }

  swarms(): IterableIterator<SwarmSeen> {
    return this.swarmsById.values();
  }

  liveReservations(): IterableIterator<Reservation> {
    return this.reservations.live();
  }

  /** How long ago anybody was heard of. */
  silentMs(now: Moment): number {
    return now.monotonicMs - this.heardMs;
  }

  heartbeat(heartbeat: Heartbeat, now: Moment): Seen {
    this.heardMs = now.monotonicMs;
    const known = this.swarmsById.get(heartbeat.swarmId);
    if (this.isPast(heartbeat, known, now)) return { kind: 'ignored', why: 'past' };
    if (heartbeat.state === 'stopped') return this.remove(heartbeat, known);
    if (known === undefined && this.swarmsById.size >= LIMITS.SWARMS_IN_VIEW)
      return { kind: 'ignored', why: 'fleet-full' };
    if (known === undefined || known.instance !== heartbeat.instance) return this.join(heartbeat, known, now);
    return this.refresh(known, heartbeat, now);
  }

  profileAt(index: number): MemberProfile | undefined {
    return this.swarmsByIndex[index]?.profile;
  }

  nameAt(index: number): string {
    return this.shownByIndex[index]?.swarmId ?? '';
  }

  /** What receipts show of a row, for whoever keeps it. */
  shownAt(index: number): ShownProfile {
    return this.shownByIndex[index] ?? NOBODY;
  }

  hasResources(index: number, asked: ResourceVector): boolean {
    return this.swarmsByIndex[index]?.hasResources(asked) ?? false;
  }

  /** The class of a swarm: those of one class do the same work equally well. */
  classOf({ index }: SwarmSeen): string {
    return this.columns.classes.name(this.columns.swarmClass[index] ?? 0);
  }

  /** The swarm of a row. Throws where there is none. */
  at(index: number): SwarmSeen {
    const swarm = this.swarmsByIndex[index];
    if (swarm === undefined) throw new Error(`F5: no swarm has row ${index}`);
    return swarm;
  }

  /** Takes into the columns what silence has changed until now, and what health has said. */
  noteSilence(now: Moment): void {
    this.writeHealth();
    for (let first = this.silent.top; first !== undefined; first = this.silent.top) {
      if (first.lookAtMs > now.monotonicMs) return;
      this.silent.pop();
      this.noteState(first, now);
    }
  }

  /** Takes a slot and resources of a swarm for an attempt, which has one reservation at most. The caller has seen that there is room. */
  reserve(
    swarm: SwarmSeen,
    attempt: string,
    resources: ResourceVector,
    now: Moment,
    group?: string,
  ): Reservation {
    this.cancel(attempt);
    return this.reserveNew(swarm, attempt, resources, now, group);
  }

  /** The same for an attempt that has no reservation. */
  reserveNew(
    swarm: SwarmSeen,
    attempt: string,
    resources: ResourceVector,
    now: Moment,
    group?: string,
  ): Reservation {
    swarm.checkRoomFor(resources);
    const expiresAtMs = now.monotonicMs + this.options.holdMs;
    const reservation = this.reservations.make({ swarm, attemptKey: attempt, resources, expiresAtMs, group });
    swarm.reserve(reservation);
    this.columns.turn[swarm.index] = reservation.number;
    return reservation;
  }

  /** Gives back what this replica holds for an attempt (its `attemptKey`): whoever asks for it again has lost our first answer. */
  cancel(attempt: string): void {
    const reservation = this.reservations.of(attempt);
    if (reservation !== undefined) this.drop(reservation);
  }

  /**
   * Takes an outcome into account; returns the swarms that have more free slots than before. The swarm that ran the
   * attempt may be another than the one reserved: its region may have picked again after a refusal.
   */
  report(outcome: Outcome, now: Moment): SwarmSeen[] {
    const { next } = outcome;
    const ran = this.swarmsById.get(outcome.swarmId);
    const reservation = this.reservationOf(outcome, ran);
    const nextKey = next && attemptKey(next);
    const ofNext = nextKey === undefined ? undefined : this.reservations.of(nextKey);
    const touched = distinct(ran, reservation?.swarm, ofNext?.swarm);
    const before = touched.map(({ freeSlots }) => freeSlots);
    if (ran !== undefined) this.learn(ran, outcome, reservation, now);
    const resources = this.settle(outcome, ran, reservation, now);
    if (nextKey !== undefined && ran !== undefined)
      this.handOver(ran, nextKey, outcome.reservationId, resources, now);
    return touched.filter(({ freeSlots }, index) => freeSlots > (before[index] ?? 0));
  }

  /** Gives back what is reserved under an id, where this replica has reserved it. The swarm that has a free slot more. */
  release(reservationId: string): SwarmSeen | undefined {
    const reservation = this.reservation(reservationId);
    if (reservation !== undefined) this.drop(reservation);
    return reservation?.swarm;
  }

  /** F3: holds what is reserved under an id for as long as if it were reserved now. Undefined where nothing is any more. */
  renew(reservationId: string, now: Moment): Reservation | undefined {
    const { swarm, attemptKey: key, resources, group } = this.reservation(reservationId) ?? {};
    return swarm === undefined || key === undefined || resources === undefined
      ? undefined
      : this.hold(swarm, key, resources, reservationId, now, group);
  }

  /** F7: another replica has reserved a slot of an endpoint, or renewed that, and nobody else would tell of it. */
  reservedElsewhere(
    { swarmId, attemptKey: key, resources, reservationId }: ReservedElsewhere,
    now: Moment,
  ): void {
    if (this.renew(reservationId, now) !== undefined) return;
    const swarm = this.swarmsById.get(swarmId);
    if (swarm === undefined || swarm.hasEnded(key)) return;
    this.hold(swarm, key, resources, reservationId, now);
  }

  /** Under an id that is not of the order of our own. */
  private hold(
    swarm: SwarmSeen,
    key: string,
    resources: ResourceVector,
    reservationId: string,
    now: Moment,
    group?: string,
  ): Reservation {
    this.cancel(key);
    const expiresAtMs = now.monotonicMs + this.options.holdMs;
    const given = { swarm, attemptKey: key, resources, expiresAtMs, handedOver: reservationId, group };
    const reservation = this.reservations.make(given);
    swarm.takeOver(reservation);
    this.reservations.name(reservation);
    return reservation;
  }

  /** What is reserved under an id, by this replica or, on an external endpoint, by another one. */
  reservation(id: string): Reservation | undefined {
    return this.reservations.get(id) ?? this.reservations.ofName(id);
  }

  /** F6: an attempt was placed on a swarm of which health minds each one. */
  placed({ index, swarmId }: SwarmSeen, type: string, now: Moment): void {
    const { allowance, slots } = this.columns;
    if (allowance[index] !== slots[index]) this.options.health?.placed(swarmId, type, now);
  }

  /** Why a swarm of the second choice is none of the first. */
  whyLast({ swarmId, stateCounted }: SwarmSeen): string {
    if (stateCounted === 'suspect') return ' misses heartbeats';
    const verdict = this.options.health?.verdict(swarmId);
    return verdict === undefined ? '' : ` is ${verdict.state} (${verdict.reason})`;
  }

  /** Ends what has expired, forgets swarms that have long been silent, and tells what changed since the last call. */
  sweep(now: Moment): { freed: SwarmSeen[]; changes: StateChange[] } {
    this.noteSilence(now);
    const freed = this.healthier;
    this.healthier = new Set();
    let { oldest } = this.reservations;
    while (oldest !== undefined && oldest.expiresAtMs <= now.monotonicMs) {
      this.drop(oldest);
      freed.add(oldest.swarm);
      ({ oldest } = this.reservations);
    }
    return { freed: [...freed], changes: this.stateChanges(now) };
  }

  /** Counts the end of the attempt, and ends its reservation. Returns the resources that it had. */
  private settle(
    outcome: Outcome,
    ran: SwarmSeen | undefined,
    reservation: Reservation | undefined,
    now: Moment,
  ): ResourceVector {
    // Whoever asked for a route names the task as they like; the reservation knows under which key it was made.
    const own = reservation?.swarm === ran ? reservation : undefined;
    let resources = own?.resources ?? NO_RESOURCES;
    const isRefused = outcome.outcome === 'refused';
    if (!isRefused && outcome.outcome !== 'unused')
      resources = ran?.end(own?.attemptKey ?? attemptKey(outcome), now) ?? resources;
    if (reservation !== undefined) this.drop(reservation);
    if (isRefused) ran?.refused();
    return resources;
  }

  /** F4. */
  private handOver(
    swarm: SwarmSeen,
    key: string,
    reportedAs: string,
    resources: ResourceVector,
    now: Moment,
  ): void {
    const known = this.reservations.of(key);
    // The report came twice, or after the heartbeat that lists the next one, or after its end.
    if (swarm.knows(key) || (known?.swarm === swarm && known.reportedAs === reportedAs)) return;
    this.cancel(key);
    const expiresAtMs = now.monotonicMs + this.options.holdMs;
    const given = { swarm, attemptKey: key, resources, expiresAtMs, handedOver: reportedAs };
    swarm.takeOver(this.reservations.make(given));
  }

  private reservationOf(outcome: Outcome, ran: SwarmSeen | undefined): Reservation | undefined {
    const placed = this.reservation(outcome.reservationId);
    if (placed !== undefined) return placed;
    const known = this.reservations.of(attemptKey(outcome));
    return known?.swarm === ran || known?.reportedAs === outcome.reservationId ? known : undefined;
  }

  private isPast(heartbeat: Heartbeat, known: SwarmSeen | undefined, now: Moment): boolean {
    if (known === undefined) return this.stopped.get(heartbeat.swarmId) === heartbeat.instance;
    if (known.instance === heartbeat.instance) return heartbeat.seq <= known.seq;
    return known.replaced === heartbeat.instance && known.stateAt(now) !== 'down';
  }

  private join(heartbeat: Heartbeat, known: SwarmSeen | undefined, now: Moment): Seen {
    if (known !== undefined) this.leave(known);
    const swarm = new SwarmSeen(
      this.columns,
      this.columns.add(),
      this.groups,
      this.reservations,
      heartbeat,
      now,
      known?.instance,
    );
    this.swarmsByIndex[swarm.index] = swarm;
    this.ring.add(swarm.swarmId, swarm.index);
    this.stopped.delete(heartbeat.swarmId);
    this.swarmsById.set(heartbeat.swarmId, swarm);
    this.types.add(heartbeat.types);
    this.noteProfile(swarm);
    this.noteState(swarm, now);
    return { kind: 'seen', swarm, capacity: 'joined' };
  }

  private refresh(swarm: SwarmSeen, heartbeat: Heartbeat, now: Moment): Seen {
    const before = { state: swarm.stateAt(now), free: swarm.freeSlots, left: swarm.resourcesLeft };
    const { types } = swarm.profile;
    const { listed, profileChanged } = swarm.update(heartbeat, now);
    for (const reservation of listed) this.drop(reservation);
    if (profileChanged) {
      this.types.add(heartbeat.types);
      this.types.remove(types);
      this.noteProfile(swarm);
    }
    this.noteState(swarm, now);
    if (profileChanged) this.showHealth(swarm, now);
    const capacity = this.capacityReason(swarm, before, profileChanged, now);
    return { kind: 'seen', swarm, ...(capacity === undefined ? {} : { capacity }) };
  }

  private capacityReason(
    swarm: SwarmSeen,
    before: { state: SwarmState; free: number; left: ResourceVector },
    profileChanged: boolean,
    now: Moment,
  ): CapacityReason | undefined {
    const state = swarm.stateAt(now);
    if (state === 'draining' || state === 'cordoned') return undefined;
    if (before.state === 'down') return 'joined';
    if (profileChanged || before.state !== 'ready') return 'changed';
    if (swarm.freeSlots === 0) return undefined;
    return swarm.freeSlots > before.free || grew(before.left, swarm.resourcesLeft) ? 'freed' : undefined;
  }

  private remove(heartbeat: Heartbeat, known: SwarmSeen | undefined): Seen {
    this.stopped.set(heartbeat.swarmId, heartbeat.instance);
    if (this.stopped.size > STOPPED_INSTANCES) {
      const [oldest] = this.stopped.keys();
      if (oldest !== undefined) this.stopped.delete(oldest);
    }
    if (known !== undefined) this.forget(known);
    return { kind: 'removed' };
  }

  private forget(swarm: SwarmSeen): void {
    this.leave(swarm);
    this.swarmsById.delete(swarm.swarmId);
    this.states.delete(swarm.swarmId);
  }

  /** Ends its reservations, and gives its row back. */
  private leave(swarm: SwarmSeen): void {
    for (const reservation of [...swarm.reservations()]) this.drop(reservation);
    if (swarm.lookAt >= 0) this.silent.removeAt(swarm.lookAt);
    this.types.remove(swarm.profile.types);
    this.options.health?.removed(swarm.swarmId);
    this.swarmsByIndex[swarm.index] = undefined;
    this.ring.remove(swarm.swarmId, swarm.index);
    swarm.leaveGroups();
    this.columns.journal.note(swarm.index, CHANGED.profile);
    this.columns.remove(swarm.index);
  }

  private drop(reservation: Reservation): void {
    reservation.swarm.release(reservation);
    this.reservations.delete(reservation);
  }

  /** F5 for what its profile says. */
  private noteProfile(swarm: SwarmSeen): void {
    const { columns } = this;
    const { index, profile, costPerSlotHour } = swarm;
    const { zone } = profile.labels;
    const { swarmId } = swarm;
    const { region, slots } = profile;
    this.shownByIndex[index] = new ShownProfile(swarmId, region, slots, costPerSlotHour);
    columns.slots[index] = profile.slots;
    columns.weight[index] = profile.weight ?? 1;
    columns.hash[index] = hashOf(swarm.swarmId);
    columns.costPerSlotHour[index] = costPerSlotHour;
    columns.place[index] = columns.places.number(
      zone === undefined ? profile.region : `${profile.region}/${zone}`,
    );
    columns.swarmClass[index] = columns.classes.number(this.classes.of(profile));
    this.noteHealth(swarm);
    columns.journal.note(index, CHANGED.profile);
  }

  /** F6: the end of an attempt that is told twice is one end. */
  private learn(ran: SwarmSeen, outcome: Outcome, reservation: Reservation | undefined, now: Moment): void {
    const { health } = this.options;
    const key = reservation?.swarm === ran ? reservation.attemptKey : attemptKey(outcome);
    if (outcome.outcome !== 'refused' && ran.hasEnded(key)) return;
    this.paces.observe(ran.index, outcome, now);
    if (health === undefined) return;
    health.ended(ran.swarmId, outcome, now);
    this.noteLatency(ran);
    this.writeHealth();
  }

  /** F6 for what health has to know of a swarm. */
  private showHealth(swarm: SwarmSeen, now: Moment): void {
    const { health } = this.options;
    if (health === undefined) return;
    if (swarm.stateCounted === 'down') health.removed(swarm.swarmId);
    else health.seen(swarm.swarmId, healthFacts(swarm.profile), now);
    this.writeHealth();
  }

  /** F6 for what health has said since it was asked last. */
  private writeHealth(): void {
    const touched = this.options.health?.takeTouched();
    if (touched === undefined || touched.size === 0) return;
    for (const swarmId of touched) {
      const swarm = this.swarmsById.get(swarmId);
      if (swarm === undefined) continue;
      const before = this.columns.freeAt(swarm.index);
      this.noteHealth(swarm);
      this.columns.journal.note(swarm.index, CHANGED.group);
      if (this.columns.freeAt(swarm.index) > Math.max(0, before)) this.healthier.add(swarm);
    }
  }

  /** F6 for a row; who writes it into the journal is the caller. */
  private noteHealth(swarm: SwarmSeen): void {
    const { index, slots, swarmId, stateCounted } = swarm;
    const known = this.options.health?.get(swarmId);
    this.columns.allowance[index] = Math.min(slots, known?.allowance ?? slots);
    const isLast = stateCounted === 'suspect' || known?.tier === 1;
    this.columns.tier[index] = isLast ? TIERS.fallback : TIERS.first;
    this.noteLatency(swarm);
  }

  private noteLatency({ index, swarmId }: SwarmSeen): void {
    const known = this.options.health?.get(swarmId);
    this.columns.latencyMs[index] = known?.latency.isKnown === true ? known.latency.estimate * USUAL_MS : 0;
  }

  /** F5 for a state, which changes by a heartbeat or by silence. */
  private noteState(swarm: SwarmSeen, now: Moment): void {
    const state = swarm.stateAt(now);
    if (swarm.stateCounted !== state) {
      const { columns } = this;
      columns.idle[swarm.index] = idleNumber(state);
      swarm.stateCounted = state;
      this.noteHealth(swarm);
      columns.journal.note(swarm.index, CHANGED.group);
      this.showHealth(swarm, now);
    }
    this.watch(swarm, now);
  }

  /** Sees to it that somebody looks when its silence has become long; it may be looked at too early, never too late. */
  private watch(swarm: SwarmSeen, now: Moment): void {
    // Not at once again, however the times are rounded.
    const untilMs = Math.max(swarm.stateHoldsUntil(now), now.monotonicMs + 1);
    if (swarm.lookAt < 0) {
      if (untilMs === Infinity) return;
      swarm.lookAtMs = untilMs;
      this.silent.push(swarm);
    } else if (untilMs < swarm.lookAtMs) {
      swarm.lookAtMs = untilMs;
      this.silent.fixAt(swarm.lookAt);
    }
  }

  private stateChanges(now: Moment): StateChange[] {
    const changes: StateChange[] = [];
    for (const swarm of this.swarmsById.values()) {
      const { swarmId, region } = swarm;
      const to = swarm.stateAt(now);
      const from = this.states.get(swarmId) ?? 'ready';
      if (swarm.silentMs(now) > FORGET_AFTER_MS) {
        this.forget(swarm);
        changes.push({ swarmId, region, from, to: 'forgotten' });
        continue;
      }
      this.states.set(swarmId, to);
      if (from !== to) changes.push({ swarmId, region, from, to });
    }
    return changes;
  }
}

const NOBODY = new ShownProfile('', '', 0, 0);

function distinct(...swarms: readonly (SwarmSeen | undefined)[]): SwarmSeen[] {
  const found: SwarmSeen[] = [];
  for (const swarm of swarms) if (swarm !== undefined && !found.includes(swarm)) found.push(swarm);
  return found;
}
