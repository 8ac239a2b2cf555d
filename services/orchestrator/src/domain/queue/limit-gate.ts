import type { Lanes } from './lanes';
import type { Limit } from './limit';
import type { Limits } from './limits';
import type { Now } from './now';
import type { Track } from './track';
import type { TurnOrder } from './turn-order';

/** Tracks that are let go beside as many as may start: the first may turn out not to be placeable. */
const SURPLUS = 3;
const MOST_AT_ONCE = 256;

/**
 * Holds what a limit does not let start, out of everybody's way, and lets it go when the limit does.
 *
 * G1. A namespace's own limit holds the namespace as a whole; any other, the tracks that come to the front.
 * G2. A limit that lets go lets as many go as may start, the first first, and goes on until nobody waits or it is used up
 *     again: no wake-up is lost, and ten thousand that wait for one slot are not all woken.
 */
export class LimitGate {
  constructor(
    private readonly limits: Limits,
    private readonly order: TurnOrder,
    private readonly lanes: Lanes,
  ) {}

  /** Whether the first task of a track may start; holds it otherwise. */
  admit(track: Track, now: Now): boolean {
    const limit = this.limits.blocking(track.limits, now.monotonic);
    if (!limit) return true;
    if (limit.key === undefined && track.lane.offerAt >= 0) {
      limit.isHolding = true;
      this.order.hold(limit.namespace);
    } else this.hold(track, limit, now);
    this.limits.wait(limit, now.monotonic);
    track.lane.owner.pace.waits(now.monotonic);
    return false;
  }

  /** G2. @returns whether somebody was let go */
  reopen(now: Now): boolean {
    let opened = false;
    for (const limit of this.limits.reopened) {
      const free = this.limits.free(limit, now.monotonic);
      const released = free < 1 ? 0 : this.letGo(limit, Math.min(free, MOST_AT_ONCE) + SURPLUS, now);
      if (released > 0) opened = true;
      else this.limits.reopened.delete(limit);
      if (free < 1 && limit.isAwaited) this.limits.wait(limit, now.monotonic);
    }
    return opened;
  }

  /** The track does not wait any more. */
  release(track: Track, now: Now): void {
    if (!track.heldBy) return;
    track.heldBy.room.size -= 1;
    track.heldBy = undefined;
    track.ticket += 1;
    this.lanes.changed(track, now.wall);
  }

  private hold(track: Track, limit: Limit, now: Now): void {
    track.heldBy = limit;
    track.ticket += 1;
    limit.room.size += 1;
    this.lanes.changed(track, now.wall);
    limit.room.enter(track);
  }

  private letGo(limit: Limit, most: number, now: Now): number {
    let released = 0;
    if (limit.isHolding) {
      limit.isHolding = false;
      this.order.letGo(limit.namespace);
      released += 1;
    }
    for (; released < most; released += 1) {
      const track = limit.room.shift();
      if (!track) break;
      this.release(track, now);
    }
    return released;
  }
}
