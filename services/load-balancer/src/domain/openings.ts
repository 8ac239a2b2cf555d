import type { Rejection } from '@multiswarm/contracts';
import { Rejections } from './feasible';
import { topOf, type Candidate, type Policy } from './policies';
import type { Lane } from './pools';
import { MISSES_HEARTBEATS, slotDetail, type Room } from './room';
import type { SwarmSeen } from './swarm-seen';

/** Best swarms that are kept in order. More of them: a longer list to keep; fewer: it is used up sooner, and everybody is looked at again. */
const LISTED = 64;

export type Order = NonNullable<Policy['order']>;

/**
 * Who of one lane has room, best first, kept through one pass: the same answers as `roomFor` and the policy's ranking give
 * for an item that avoids nobody, without a look at everybody for each item.
 *
 * O1. Within a pass swarms only fill up, and who was chosen comes no earlier than before (`Policy.order`). So whoever was
 *     not among the best at the last look still comes after `limit`, the last of those, as it was then.
 * O2. Every swarm that got an attempt in this pass, of whatever class, is looked at again before the next answer.
 */
export class Openings {
  private best: SwarmSeen[] = [];
  /** Undefined while everybody who has room is listed. */
  private limit: Candidate | undefined;
  /** Positions of those without room, in their order. */
  private full: number[] = [];
  private openReady = 0;
  private openSuspect = 0;
  private fromSuspect = false;
  private followed: number;
  private said: Rejection[] | undefined;

  constructor(
    private readonly lane: Lane,
    private readonly order: Order,
    /** Who got an attempt in this pass so far, in order; it grows. */
    private readonly taken: readonly SwarmSeen[],
  ) {
    this.followed = taken.length;
    this.look();
  }

  /** Where the next item can go, with the best `count` of it in order. */
  room(count: number): { ranked: SwarmSeen[]; room: Room } {
    for (; this.followed < this.taken.length; this.followed += 1)
      this.follow(this.taken[this.followed] as SwarmSeen);
    const shortOf = this.limit !== undefined && this.best.length < count;
    if (shortOf || (this.openReady === 0 && !this.fromSuspect)) this.look();
    return {
      ranked: this.best.slice(0, count),
      room: {
        free: this.fromSuspect ? this.openSuspect : this.openReady,
        withFreeSlot: this.openReady + this.openSuspect,
        rejected: this.rejected(),
        caveat: this.fromSuspect && this.openSuspect > 0 ? MISSES_HEARTBEATS : '',
      },
    };
  }

  /** Looks at everybody. */
  private look(): void {
    const { ready, suspect } = this.lane;
    this.full = [];
    const openReady = this.openOf(ready, 0);
    const openSuspect = this.openOf(suspect, ready.length);
    this.openReady = openReady.length;
    this.openSuspect = openSuspect.length;
    this.fromSuspect = this.openReady === 0;
    const open = this.fromSuspect ? openSuspect : openReady;
    this.best = topOf(open, LISTED, this.order);
    const last = this.best[LISTED - 1];
    this.limit = last === undefined || open.length === LISTED ? undefined : asIs(last);
  }

  private openOf(swarms: readonly SwarmSeen[], from: number): SwarmSeen[] {
    const open: SwarmSeen[] = [];
    for (let index = 0; index < swarms.length; index += 1) {
      const swarm = swarms[index] as SwarmSeen;
      if (swarm.hasRoomFor(this.lane.resources)) open.push(swarm);
      else this.full.push(from + index);
    }
    return open;
  }

  /** O2. */
  private follow(swarm: SwarmSeen): void {
    const position = this.lane.positionOf(swarm);
    if (position === undefined) return;
    const hasRoom = swarm.hasRoomFor(this.lane.resources);
    if (!hasRoom) this.fill(position);
    const listed = this.best.indexOf(swarm);
    if (listed < 0) return;
    this.best.splice(listed, 1);
    if (hasRoom && (this.limit === undefined || this.order(swarm, this.limit) < 0))
      this.list(swarm, position);
  }

  private fill(position: number): void {
    let at = this.full.length;
    while (at > 0 && (this.full[at - 1] as number) > position) at -= 1;
    if (this.full[at - 1] === position) return;
    this.full.splice(at, 0, position);
    this.said = undefined;
    if (position < this.lane.ready.length) this.openReady -= 1;
    else this.openSuspect -= 1;
  }

  private list(swarm: SwarmSeen, position: number): void {
    let at = this.best.length;
    for (; at > 0; at -= 1) {
      const other = this.best[at - 1] as SwarmSeen;
      const later = this.order(swarm, other) || position - (this.lane.positionOf(other) ?? 0);
      if (later > 0) break;
    }
    this.best.splice(at, 0, swarm);
  }

  /** Shared by all receipts between two swarms that fill up. */
  private rejected(): Rejection[] {
    this.said ??= this.slotRejections();
    return this.said;
  }

  private slotRejections(): Rejection[] {
    const dropped = new Rejections();
    for (const position of this.full)
      dropped.add('slot', slotDetail(this.lane.resources), this.lane.at(position));
    return dropped.list();
  }
}

function asIs(candidate: Candidate): Candidate {
  const { swarmId, region, slots, freeSlots, load, costPerSlotHour, lastTurn } = candidate;
  return { swarmId, region, slots, freeSlots, load, costPerSlotHour, lastTurn };
}
