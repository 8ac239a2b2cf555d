import type { RankedSwarm, Rejection } from '@multiswarm/contracts';
import type { ShownProfile } from '../fleet';
import type { Policy } from '../policies';
import { reservationId } from '../reservations';
import type { Decision } from './decision';

/** Numbers that are kept of each swarm that was ranked: its busy slots and its score. */
const NUMBERS = 2;

/** What was decided, beside the swarms. */
export interface Facts {
  readonly key: string;
  readonly policy: Policy;
  readonly wallMs: number;
  readonly known: number;
  readonly feasible: number;
  readonly withRoom: number;
  readonly free: number;
  readonly rejected: Rejection[];
  readonly caveat: string;
  readonly wishes: readonly string[] | undefined;
  readonly stalenessMs: number;
  readonly viewAgeMs: number;
  readonly replica: string;
  readonly reservation: number;
}

/**
 * A decision as it is kept: numbers, and references to what many decisions share. Nothing of it is a text or an object of its own
 * until somebody reads it.
 */
export class Placed implements Decision {
  readonly key: string;
  readonly policy: Policy;
  readonly wallMs: number;
  readonly known: number;
  readonly feasible: number;
  readonly withRoom: number;
  readonly free: number;
  readonly rejected: Rejection[];
  readonly caveat: string;
  readonly stalenessMs: number;
  readonly viewAgeMs: number;
  declare readonly wishes?: readonly string[];
  private readonly replica: string;
  private readonly reservation: number;

  constructor(
    facts: Facts,
    private readonly ranks: Ranks,
  ) {
    this.key = facts.key;
    this.policy = facts.policy;
    this.wallMs = facts.wallMs;
    this.known = facts.known;
    this.feasible = facts.feasible;
    this.withRoom = facts.withRoom;
    this.free = facts.free;
    this.rejected = facts.rejected;
    this.caveat = facts.caveat;
    this.stalenessMs = facts.stalenessMs;
    this.viewAgeMs = facts.viewAgeMs;
    this.replica = facts.replica;
    this.reservation = facts.reservation;
    if (facts.wishes !== undefined) this.wishes = facts.wishes;
  }

  get reservationId(): string {
    return reservationId(this.replica, this.reservation);
  }

  get ranked(): readonly RankedSwarm[] {
    return this.ranks.swarms();
  }

  get scores(): readonly number[] {
    return this.ranks.scores();
  }
}

/** Those that were ranked, the best first, as they were then. */
export class Ranks {
  private readonly profiles: ShownProfile[] = [];
  private readonly numbers: number[] = [];

  add(profile: ShownProfile, busy: number, score: number): void {
    this.profiles.push(profile);
    this.numbers.push(busy, score);
  }

  swarms(): RankedSwarm[] {
    return this.profiles.map(({ swarmId, region, slots, costPerSlotHour }, at) => {
      const busy = this.numbers[at * NUMBERS] as number;
      const load = Math.min(1, busy / slots);
      return { swarmId, region, freeSlots: Math.max(0, slots - busy), load, costPerSlotHour };
    });
  }

  scores(): number[] {
    return this.profiles.map((_, at) => this.numbers[at * NUMBERS + 1] as number);
  }
}
