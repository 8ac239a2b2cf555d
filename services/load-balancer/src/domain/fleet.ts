import type { AttemptRef, CapacityEvent, Heartbeat, LbReport } from '@multiswarm/contracts';
import type { Moment } from './moment';
import { grew, type ResourceVector } from './resource-vector';
import { attemptKey, SwarmSeen, type Reservation, type SwarmState } from './swarm-seen';

/** Swarms that one replica keeps in view, those that are down included. */
const SWARMS = 100_000;
/** A swarm that has been silent for this long is forgotten; until then people see it as down. */
const FORGET_AFTER_MS = 10 * 60_000;
/** Instances that said goodbye and are remembered, so that a late heartbeat does not bring them back. */
const STOPPED_INSTANCES = 10_000;

export interface FleetOptions {
  /** Unique per process: part of every reservation's id. */
  replica: string;
  /** A reservation that nobody reports and no heartbeat lists ends after this. */
  holdMs: number;
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
 */
export class Fleet {
  private readonly swarmsById = new Map<string, SwarmSeen>();
  /** In the order of expiry, because every reservation is held equally long. */
  private readonly reservations = new Map<string, Reservation>();
  private readonly reservationsByAttempt = new Map<string, Reservation>();
  private readonly stopped = new Map<string, string>();
  private readonly states = new Map<string, SwarmState>();
  private turns = 0;

  constructor(private readonly options: FleetOptions) {}

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
    return this.reservations.values();
  }

  heartbeat(heartbeat: Heartbeat, now: Moment): Seen {
    const known = this.swarmsById.get(heartbeat.swarmId);
    if (this.isPast(heartbeat, known, now)) return { kind: 'ignored', why: 'past' };
    if (heartbeat.state === 'stopped') return this.remove(heartbeat, known);
    if (known === undefined && this.swarmsById.size >= SWARMS) return { kind: 'ignored', why: 'fleet-full' };
    if (known === undefined || known.instance !== heartbeat.instance) return this.join(heartbeat, known, now);
    return this.refresh(known, heartbeat, now);
  }

  /** Takes a slot and resources of a swarm for an attempt, which has one reservation at most. The caller has seen that there is room. */
  reserve(swarm: SwarmSeen, attempt: AttemptRef, resources: ResourceVector, now: Moment): Reservation {
    this.cancel(attempt);
    this.turns += 1;
    const reservation: Reservation = {
      id: `${this.options.replica}-${this.turns}`,
      attemptKey: attemptKey(attempt),
      swarm,
      resources,
      expiresAtMs: now.monotonicMs + this.options.holdMs,
    };
    swarm.reserve(reservation);
    swarm.lastTurn = this.turns;
    this.reservations.set(reservation.id, reservation);
    this.reservationsByAttempt.set(reservation.attemptKey, reservation);
    return reservation;
  }

  /** Gives back what this replica holds for an attempt: whoever asks for it again has lost our first answer. */
  cancel(attempt: AttemptRef): void {
    const reservation = this.reservationsByAttempt.get(attemptKey(attempt));
    if (reservation !== undefined) this.drop(reservation);
  }

  /**
   * Takes an outcome into account; returns the swarms that have more free slots than before. The swarm that ran the
   * attempt may be another than the one reserved: its region may have picked again after a refusal.
   */
  report(outcome: Outcome, now: Moment): SwarmSeen[] {
    const ran = this.swarmsById.get(outcome.swarmId);
    const reservation = this.reservations.get(outcome.reservationId) ?? this.reservationOn(ran, outcome);
    const touched = new Set([ran, reservation?.swarm].filter((swarm) => swarm !== undefined));
    const before = new Map([...touched].map((swarm) => [swarm, swarm.freeSlots]));
    // Whoever asked for a route names the task as they like; the reservation knows under which key it was made.
    const key =
      reservation !== undefined && reservation.swarm === ran ? reservation.attemptKey : attemptKey(outcome);
    if (outcome.outcome === 'refused') ran?.refused();
    else if (outcome.outcome !== 'unused') ran?.end(key, now);
    if (reservation !== undefined) this.drop(reservation);
    return [...touched].filter((swarm) => swarm.freeSlots > (before.get(swarm) ?? 0));
  }

  /** Ends what has expired, forgets swarms that have long been silent, and tells what changed since the last call. */
  sweep(now: Moment): { freed: SwarmSeen[]; changes: StateChange[] } {
    const freed = new Set<SwarmSeen>();
    for (const reservation of this.reservations.values()) {
      if (reservation.expiresAtMs > now.monotonicMs) break;
      this.drop(reservation);
      freed.add(reservation.swarm);
    }
    return { freed: [...freed], changes: this.stateChanges(now) };
  }

  private reservationOn(swarm: SwarmSeen | undefined, attempt: AttemptRef): Reservation | undefined {
    const reservation = this.reservationsByAttempt.get(attemptKey(attempt));
    return reservation?.swarm === swarm ? reservation : undefined;
  }

  private isPast(heartbeat: Heartbeat, known: SwarmSeen | undefined, now: Moment): boolean {
    if (known === undefined) return this.stopped.get(heartbeat.swarmId) === heartbeat.instance;
    if (known.instance === heartbeat.instance) return heartbeat.seq <= known.seq;
    return known.replaced === heartbeat.instance && known.stateAt(now) !== 'down';
  }

  private join(heartbeat: Heartbeat, known: SwarmSeen | undefined, now: Moment): Seen {
    const swarm = new SwarmSeen(heartbeat, now, known?.instance);
    if (known !== undefined) this.dropAllOf(known);
    this.stopped.delete(heartbeat.swarmId);
    this.swarmsById.set(heartbeat.swarmId, swarm);
    return { kind: 'seen', swarm, capacity: 'joined' };
  }

  private refresh(swarm: SwarmSeen, heartbeat: Heartbeat, now: Moment): Seen {
    const before = { state: swarm.stateAt(now), free: swarm.freeSlots, left: swarm.resourcesLeft };
    const { listed, profileChanged } = swarm.update(heartbeat, now);
    for (const reservation of listed) this.drop(reservation);
    const capacity = this.capacityReason(swarm, before, profileChanged, now);
    return { kind: 'seen', swarm, ...(capacity === undefined ? {} : { capacity }) };
  }

  private capacityReason(
    swarm: SwarmSeen,
    before: { state: SwarmState; free: number; left: ResourceVector },
    profileChanged: boolean,
    now: Moment,
  ): CapacityReason | undefined {
    if (swarm.stateAt(now) === 'draining') return undefined;
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
    this.dropAllOf(swarm);
    this.swarmsById.delete(swarm.swarmId);
    this.states.delete(swarm.swarmId);
  }

  private dropAllOf(swarm: SwarmSeen): void {
    for (const reservation of [...swarm.reservations()]) this.drop(reservation);
  }

  private drop(reservation: Reservation): void {
    reservation.swarm.release(reservation);
    this.reservations.delete(reservation.id);
    if (this.reservationsByAttempt.get(reservation.attemptKey) === reservation) {
      this.reservationsByAttempt.delete(reservation.attemptKey);
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
