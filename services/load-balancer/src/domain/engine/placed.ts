import type { RankedSwarm, Rejection } from '@multiswarm/contracts';
import { RANKED, type Policy } from '../policies';
import { reservationId } from '../reservations';
import type { Decision } from './decision';
import type { ShownProfile } from './shown-profile';
import type { Turned } from './turned';

/** Numbers that are kept of each swarm that was ranked. */
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
  readonly turned: Pick<Turned, 'list'>;
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
  private readonly turned: Pick<Turned, 'list'>;
  readonly caveat: string;
  readonly stalenessMs: number;
  readonly viewAgeMs: number;
  readonly wishes: readonly string[] | undefined;
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
    this.turned = facts.turned;
    this.caveat = facts.caveat;
    this.stalenessMs = facts.stalenessMs;
    this.viewAgeMs = facts.viewAgeMs;
    this.replica = facts.replica;
    this.reservation = facts.reservation;
    this.wishes = facts.wishes;
  }

  get rejected(): Rejection[] {
    return this.turned.list;
  }

  get reservationId(): string {
    return reservationId(this.replica, this.reservation);
  }

  get ranked(): readonly RankedSwarm[] {
    return this.ranks.swarms();
  }

  get chosen(): ShownProfile {
    return this.ranks.first;
  }

  get printedRanked(): string {
    return this.ranks.printed();
  }

  get scores(): readonly number[] {
    return this.ranks.scores();
  }
}

/** Those that were ranked, the best first, as they were then. */
export class Ranks {
  private readonly profiles: ShownProfile[];
  /** Of each its busy slots and its score. */
  private readonly numbers: number[];

  /** @param count how many there are: RANKED at most; each is to be set */
  constructor(count: number) {
    this.profiles = new Array<ShownProfile>(count);
    // A copy of numbers is a list of numbers: nothing of it is an object of its own.
    this.numbers = BLANK.slice(0, count * NUMBERS);
  }

  set(at: number, profile: ShownProfile, busy: number, score: number): void {
    this.profiles[at] = profile;
    this.numbers[at * NUMBERS] = busy;
    this.numbers[at * NUMBERS + 1] = score;
  }

  /** One was chosen at least. */
  get first(): ShownProfile {
    return this.profiles[0] as ShownProfile;
  }

  swarms(): RankedSwarm[] {
    return this.profiles.map((profile, at) => {
      const { swarmId, region, costPerSlotHour } = profile;
      const busy = this.busy(at);
      const [freeSlots, load] = [profile.freeSlots(busy), profile.load(busy)];
      return { swarmId, region, freeSlots, load, costPerSlotHour };
    });
  }

  printed(): string {
    let text = '';
    for (let at = 0; at < this.profiles.length; at += 1) {
      const one = (this.profiles[at] as ShownProfile).printed(this.busy(at));
      text = at === 0 ? one : `${text},${one}`;
    }
    return text;
  }

  scores(): number[] {
    return this.profiles.map((_, at) => this.numbers[at * NUMBERS + 1] as number);
  }

  private busy(at: number): number {
    return this.numbers[at * NUMBERS] as number;
  }
}

const BLANK = Array.from({ length: RANKED * NUMBERS }, () => 0.5);
