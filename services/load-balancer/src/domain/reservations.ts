import { SlotMap } from '@multiswarm/core';
import type { SwarmSeen } from './swarm-seen';
import type { ResourceVector } from './resource-vector';

/** What a reservation is made of. */
export interface Reserving {
  readonly swarm: SwarmSeen;
  readonly attemptKey: string;
  readonly resources: ResourceVector;
  /** Monotonic. */
  readonly expiresAtMs: number;
  /** The id of the reservation whose slot was handed over to it. */
  readonly handedOver?: string | undefined;
  /** In which it is counted, where it keeps apart or spreads. */
  readonly group?: string | undefined;
}

/** A slot, and resources, that are kept for an attempt. */
export class Reservation {
  readonly swarm: SwarmSeen;
  readonly attemptKey: string;
  readonly resources: ResourceVector;
  readonly expiresAtMs: number;
  readonly group: string | undefined;
  private readonly handedOver: string | undefined;
  /** Its neighbours in the list of its swarm, and whether it is there. */
  next: Reservation | undefined;
  previous: Reservation | undefined;
  isListed = false;

  constructor(
    private readonly replica: string,
    /** Counted from 1, over all of the replica. */
    readonly number: number,
    { swarm, attemptKey, resources, expiresAtMs, handedOver, group }: Reserving,
  ) {
    this.swarm = swarm;
    this.attemptKey = attemptKey;
    this.resources = resources;
    this.expiresAtMs = expiresAtMs;
    this.handedOver = handedOver;
    this.group = group;
  }

  get id(): string {
    return reservationId(this.replica, this.number);
  }

  /** The id under which its end is reported: its own, or that of the reservation whose slot was handed over to it. */
  get reportedAs(): string {
    return this.handedOver ?? this.id;
  }
}

export function reservationId(replica: string, number: number): string {
  return `${replica}-${number}`;
}

/** Places of a fresh window. A power of two. */
const ROOM = 64;

/**
 * The live reservations of one replica, by attempt and by number.
 *
 * N1. An attempt has one reservation at most: the caller ends the one before.
 * N2. Numbers only grow, and all are held equally long, so they are in the order of expiry: a window over the numbers, whose first one
 *     moves on, finds each in one step, and takes no more room than were made within the time that they are held.
 */
export class Reservations {
  private readonly byAttempt = new SlotMap<string, Reservation>();
  private readonly named = new SlotMap<string, Reservation>();
  private window: (Reservation | undefined)[] = new Array<undefined>(ROOM).fill(undefined);
  /** The lowest number that may be live, and the next one. */
  private first = 1;
  private next = 1;

  constructor(private readonly replica: string) {}

  make(given: Reserving): Reservation {
    if (this.next - this.first === this.window.length) this.grow();
    const reservation = new Reservation(this.replica, this.next, given);
    this.window[this.next & (this.window.length - 1)] = reservation;
    this.next += 1;
    this.byAttempt.set(reservation.attemptKey, reservation);
    return reservation;
  }

  of(attemptKey: string): Reservation | undefined {
    return this.byAttempt.get(attemptKey);
  }

  /** So that it is found under the id under which its end is reported, too. */
  name(reservation: Reservation): void {
    this.named.set(reservation.reportedAs, reservation);
  }

  /** One that is named so. */
  ofName(id: string): Reservation | undefined {
    return this.named.get(id);
  }

  /** By its id. */
  get(id: string): Reservation | undefined {
    const { replica, window } = this;
    if (id.charCodeAt(replica.length) !== DASH || !id.startsWith(replica)) return undefined;
    const number = Number(id.slice(replica.length + 1));
    if (!(number >= this.first && number < this.next)) return undefined;
    const found = window[number & (window.length - 1)];
    return found?.id === id ? found : undefined;
  }

  delete(reservation: Reservation): void {
    const { window } = this;
    const at = reservation.number & (window.length - 1);
    if (window[at] !== reservation) return;
    window[at] = undefined;
    this.byAttempt.delete(reservation.attemptKey);
    if (this.named.size > 0 && this.named.get(reservation.reportedAs) === reservation)
      this.named.delete(reservation.reportedAs);
    while (this.first < this.next && window[this.first & (window.length - 1)] === undefined) this.first += 1;
  }

  /** N2: the one that expires first. */
  get oldest(): Reservation | undefined {
    return this.first === this.next ? undefined : this.window[this.first & (this.window.length - 1)];
  }

  *live(): IterableIterator<Reservation> {
    for (let number = this.first; number < this.next; number += 1) {
      const reservation = this.window[number & (this.window.length - 1)];
      if (reservation !== undefined) yield reservation;
    }
  }

  private grow(): void {
    const { window: from } = this;
    const to = new Array<Reservation | undefined>(from.length * 2).fill(undefined);
    for (let number = this.first; number < this.next; number += 1)
      to[number & (to.length - 1)] = from[number & (from.length - 1)];
    this.window = to;
  }
}

const DASH = '-'.charCodeAt(0);
