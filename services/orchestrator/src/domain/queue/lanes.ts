import { PRIORITIES, type Priority } from '@multiswarm/contracts';
import { Heap } from '@multiswarm/core';
import { Lane } from './lane';
import type { LimitSet } from './limits';
import type { Offers } from './offers';
import type { RequirementClass } from './requirement-class';
import { NOBODY, type TaskTable } from './task-table';
import type { Track } from './track';
import type { TurnOrder } from './turn-order';

/** A waiting task rises by one band in this time. */
export const BAND_MS = 60_000;

/**
 * Lanes come and go with their tasks, and rise as they grow older.
 *
 * A lane is as old as its first task, so that nothing in it is overtaken by what was submitted later. Nothing is scanned:
 * each lane is looked at when its first task can have risen, and only while somebody asks for the order.
 */
export class Lanes {
  private readonly ageing = new Heap<Lane>((a, b) => a.looksAt < b.looksAt, movedInAgeing);

  constructor(
    private readonly table: TaskTable,
    private readonly order: TurnOrder,
    private readonly offers: Offers,
  ) {}

  /** The track for a task; a new one keeps its limits. */
  track(owner: RequirementClass, priority: Priority, fairnessKey: string, limits: LimitSet): Track {
    const rank = PRIORITIES.indexOf(priority);
    const name = `${rank}${fairnessKey}`;
    let lane = owner.lanes.get(name);
    if (!lane) {
      lane = new Lane(owner, rank, fairnessKey, this.table);
      owner.lanes.set(name, lane);
    }
    return lane.trackOf(limits) ?? lane.newTrack(limits);
  }

  insert(track: Track, row: number, now: number): void {
    track.lane.size += 1;
    track.insert(this.table, row);
    this.changed(track, now);
  }

  remove(track: Track, row: number, now: number): void {
    track.lane.size -= 1;
    track.remove(this.table, row);
    this.changed(track, now);
  }

  /** The first task of the track is another one, or it is held, or may go again. */
  changed(track: Track, now: number): void {
    const { lane } = track;
    const before = lane.first;
    lane.update(track);
    if (lane.size === 0) return this.emptied(lane);
    if (lane.first !== before || !lane.turn) this.place(lane, now);
  }

  /** Nothing of the track is left. @returns whether its class has lost a lane by it */
  drop(track: Track): boolean {
    const { lane } = track;
    lane.dropTrack(track);
    return lane.isEmpty && lane.owner.lanes.delete(`${lane.priority}${lane.fairnessKey}`);
  }

  /** Lets those rise whose time has come. */
  rise(now: number): void {
    for (let top = this.ageing.top; top && top.looksAt <= now; top = this.ageing.top) {
      if (top.first !== NOBODY) this.place(top, now);
      this.lookLater(top, now);
    }
  }

  /** The band in which a lane is, and when it gets into the next stricter one, epoch ms. */
  standing(lane: Lane, now: number): { band: number; risesAt: number | undefined } {
    const risesAt = lane.first === NOBODY ? Infinity : this.risesAt(lane, now);
    return { band: this.bandOf(lane, now), risesAt: risesAt === Infinity ? undefined : risesAt };
  }

  /** The band into which the lane belongs now. */
  private bandOf(lane: Lane, now: number): number {
    if (lane.first === NOBODY) return lane.turn?.parent.band ?? lane.priority;
    const age = now - (this.table.queuedAt[lane.first] as number);
    return Math.max(0, lane.priority - Math.floor(Math.max(0, age) / BAND_MS));
  }

  private place(lane: Lane, now: number): void {
    const band = this.bandOf(lane, now);
    const mayGo = lane.first !== NOBODY;
    const isThere = lane.shelfAt >= 0 || lane.offerAt >= 0;
    if (lane.turn?.parent.band !== band) {
      this.offers.lift(lane);
      this.order.join(lane, band);
      if (mayGo) this.offers.add(lane);
      else this.offers.update(lane.owner);
    } else if (mayGo && isThere) this.offers.changed(lane);
    else if (mayGo) this.offers.add(lane);
    else this.offers.remove(lane);
    this.watch(lane, now);
  }

  private emptied(lane: Lane): void {
    this.offers.remove(lane);
    this.order.part(lane);
    if (lane.ageAt >= 0) this.ageing.removeAt(lane.ageAt);
  }

  /** Later looks are put off until then; only an earlier one has to be noted. */
  private watch(lane: Lane, now: number): void {
    if (lane.first === NOBODY || lane.priority === 0) return;
    const risesAt = this.risesAt(lane, now);
    if (lane.ageAt >= 0 && lane.looksAt <= risesAt) return;
    lane.looksAt = risesAt;
    if (risesAt === Infinity) return;
    if (lane.ageAt >= 0) this.ageing.fixAt(lane.ageAt);
    else this.ageing.push(lane);
  }

  private lookLater(lane: Lane, now: number): void {
    lane.looksAt = lane.first === NOBODY ? Infinity : this.risesAt(lane, now);
    if (lane.looksAt === Infinity) this.ageing.removeAt(lane.ageAt);
    else this.ageing.fixAt(lane.ageAt);
  }

  private risesAt(lane: Lane, now: number): number {
    const band = this.bandOf(lane, now);
    const steps = lane.priority - band + 1;
    return band === 0 ? Infinity : (this.table.queuedAt[lane.first] as number) + steps * BAND_MS;
  }
}

function movedInAgeing(lane: Lane, at: number): void {
  lane.ageAt = at;
}
