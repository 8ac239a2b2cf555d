import type { NamespaceSettings, TaskClass } from '@multiswarm/contracts';
import type { SlotMap } from '@multiswarm/core';
import { ownPolicy } from '../namespaces/settings';
import { fitsInto, type Fits } from './fits';
import type { Lane } from './lane';
import type { Offers } from './offers';
import type { Parking } from './parking';
import type { Picked } from './picked';
import type { RequirementClass } from './requirement-class';
import type { TaskTable } from './task-table';
import type { TurnOrder } from './turn-order';

/** A slot that is about to come free. */
export interface FreeSlot {
  swarmId: string;
  classKey: string;
}

export interface FetchingParts {
  table: TaskTable;
  order: TurnOrder;
  offers: Offers;
  parking: Parking;
  fits: Fits;
  underWay: Pick<SlotMap<number, Picked>, 'values' | 'get' | 'size'>;
  /** What is known of a class, with or without tasks. */
  classOf(key: string): TaskClass | undefined;
  settings(namespace: string): NamespaceSettings;
}

/** Classes that are known not to fit, and that one search passes over. */
const PASSED_OVER = 16;

/**
 * Which task goes next into a slot of one swarm, without asking the load-balancer.
 *
 * F1. Nothing goes before a task whose turn it is and that may fit: where that is not known, nobody is chosen, and the slot
 *     goes the ordinary way. A parked class that waits for this swarm has its turn; one that is known not to fit has none.
 * F2. What a pass is asking for at this moment has had its turn before all others of its lane, so it is chosen before them;
 *     the answer to the pass comes too late then, and that slot is given back.
 * F3. Who wishes for something takes no slot unseen: the load-balancer, which knows all of them, chooses.
 */
export class Fetching {
  constructor(private readonly parts: FetchingParts) {}

  /** A task that a pass has taken, a lane whose first task it is, or nobody. */
  choose(slot: FreeSlot): Picked | Lane | undefined {
    const lane = this.firstLane(slot);
    const picked = this.firstPicked(slot);
    const chosen = this.firstOf(picked, lane);
    if (chosen === undefined || !this.mayTake(ownerOf(chosen), slot)) return undefined;
    return this.isOvertaking(bandOf(chosen), slot) ? undefined : chosen;
  }

  /** Whether a task that was chosen is to avoid the swarm, or has wishes of its own. F3 */
  isOutOfPlace(row: number, { swarmId }: FreeSlot): boolean {
    const { wishes, avoid } = this.parts.table;
    return wishes.has(row) || (avoid.get(row)?.includes(swarmId) ?? false);
  }

  /** Whether it matters to a class which of the swarms that may run it it gets. */
  private hasWishes({ namespace, type, routing }: TaskClass): boolean {
    return routing !== undefined || ownPolicy(this.parts.settings(namespace), type) !== undefined;
  }

  /** Of the open classes and of those that are parked and may fit. */
  private firstLane(slot: FreeSlot): Lane | undefined {
    const { order, parking } = this.parts;
    const forIt = parking.frontFor(slot.swarmId);
    const forAny = this.frontForAny(slot);
    return this.firstWith(forAny, this.firstWith(forIt, order.first()));
  }

  private firstWith(parked: RequirementClass | undefined, first: Lane | undefined): Lane | undefined {
    const lane = parked && this.parts.offers.best(parked);
    return lane && (!first || this.parts.order.before(lane, first)) ? lane : first;
  }

  private frontForAny(slot: FreeSlot): RequirementClass | undefined {
    const { parking, fits } = this.parts;
    let front = parking.frontForAny();
    if (front === undefined) return undefined;
    const passedOver: RequirementClass[] = [];
    while (front && passedOver.length < PASSED_OVER && fits.known(front, slot.swarmId) === false) {
      parking.passOver();
      passedOver.push(front);
      front = parking.frontForAny();
    }
    parking.bringBack(passedOver);
    return front;
  }

  /** F2. */
  private firstPicked(slot: FreeSlot): Picked | undefined {
    for (const picked of this.parts.underWay.values()) if (this.mayTake(ownerOf(picked), slot)) return picked;
    return undefined;
  }

  private firstOf(picked: Picked | undefined, lane: Lane | undefined): Picked | Lane | undefined {
    const { table } = this.parts;
    const isAskedFor = lane !== undefined && lane.picks.length > 0;
    const earlier = isAskedFor ? lane.picks.find(({ row }) => table.before(row, lane.first)) : undefined; // F2
    if (!picked || !lane) return earlier ?? lane ?? picked;
    const laneGoesFirst = bandOf(lane) < bandOf(picked) || (picked.track.lane === lane && !earlier);
    return laneGoesFirst ? (earlier ?? lane) : picked;
  }

  /** F1, for what a pass is asking for: of a stricter band, and it may fit. */
  private isOvertaking(band: number, slot: FreeSlot): boolean {
    const { underWay, fits } = this.parts;
    for (const picked of underWay.values()) {
      if (bandOf(picked) >= band) continue;
      if (fits.known(ownerOf(picked), slot.swarmId) !== false) return true;
    }
    return false;
  }

  private mayTake(owner: RequirementClass, slot: FreeSlot): boolean {
    if (this.hasWishes(owner.info)) return false; // F3
    if (owner.info.key === slot.classKey) return true;
    const before = this.parts.classOf(slot.classKey);
    return (
      before !== undefined &&
      this.parts.fits.known(owner, slot.swarmId) === true &&
      fitsInto(owner.info.requirements, before.requirements)
    );
  }
}

function ownerOf(chosen: Picked | Lane): RequirementClass {
  return 'fare' in chosen ? chosen.track.lane.owner : chosen.owner;
}

function bandOf(chosen: Picked | Lane): number {
  return 'fare' in chosen ? chosen.fare.turn.parent.band : (chosen.turn?.parent.band ?? 0);
}
