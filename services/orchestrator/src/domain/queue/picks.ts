import { SlotMap } from '@multiswarm/core';
import type { Lane } from './lane';
import type { Lanes } from './lanes';
import type { Limits } from './limits';
import type { Now } from './now';
import type { Offers } from './offers';
import type { Picked } from './picked';
import { PLACE, type TaskTable } from './task-table';
import type { Track } from './track';
import type { Fare, KeyTurn, TurnOrder } from './turn-order';

export interface PicksParts {
  table: TaskTable;
  order: TurnOrder;
  offers: Offers;
  lanes: Lanes;
  limits: Limits;
}

/**
 * Tasks on their way out of the line.
 *
 * K1. With a task go its turn and its share of every limit it is under. All of it comes back with the task when nothing came
 *     of it.
 */
export class Picks {
  /** What a pass has taken, by row, in its order. */
  readonly underWay = new SlotMap<number, Picked>();

  constructor(private readonly parts: PicksParts) {}

  /** The first task of a track, for a pass. */
  pick(track: Track, now: Now): Picked {
    const { table, offers } = this.parts;
    const { lane, first: row } = track;
    const [taskId, attempt] = [table.id(row), table.attempts[row] as number];
    const shard = table.shards[row] as number;
    track.out += 1;
    const fare = this.start(track, now);
    const picked: Picked = { taskId, attempt, row, track, shard, fare, isOver: false };
    table.places[row] = PLACE.picked;
    this.underWay.set(row, picked);
    lane.picks.push(picked);
    lane.owner.left -= 1;
    if (lane.owner.left === 0) offers.update(lane.owner);
    return picked;
  }

  /** The first task of a track, for a slot that is there. */
  take(track: Track, now: Now): void {
    this.parts.order.served(this.start(track, now));
  }

  /** It came to something. */
  keep(picked: Picked): void {
    this.parts.order.served(picked.fare);
    this.end(picked);
  }

  /** K1. */
  cancel(picked: Picked, now: Now): void {
    const { offers, order, limits } = this.parts;
    offers.refunded(order.refund(picked.fare));
    limits.undo(picked, now.monotonic);
    this.end(picked);
  }

  /** K1: back into the line, where it was. */
  comeBack(picked: Picked, now: Now): void {
    if (picked.isOver) return;
    this.cancel(picked, now);
    this.parts.lanes.insert(picked.track, picked.row, now.wall);
  }

  private start(track: Track, now: Now): Fare {
    const { table, order, offers, lanes, limits } = this.parts;
    const { lane, first: row } = track;
    const turn = lane.turn as KeyTurn; // whose first task may go has one
    const ref = { taskId: table.id(row), attempt: table.attempts[row] as number };
    limits.start(ref, table.shards[row] as number, track.limits, now.monotonic);
    const fare = order.pay(turn);
    lanes.remove(track, row, now.wall);
    offers.paid(turn);
    return fare;
  }

  private end(picked: Picked): void {
    const { picks }: Lane = picked.track.lane;
    picked.isOver = true;
    picked.track.out -= 1;
    this.underWay.delete(picked.row);
    picks.splice(picks.indexOf(picked), 1);
  }
}
