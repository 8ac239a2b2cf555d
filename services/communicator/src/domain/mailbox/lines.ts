import { Fifo } from '@multiswarm/core';
import type { Lane } from './lane';
import { LEVELS, type Level } from './mail';

/** Conversations that no session can take are passed over, so many of them for each message: the rest has to wait. */
const PASSED_OVER = 64;

/** The conversations that have something to hand over, for each level one after the other. */
export class Lines {
  private readonly byLevel: readonly Fifo<Lane>[] = LEVELS.map(() => new Fifo<Lane>());
  private lined = 0;

  /** Conversations in line. */
  get size(): number {
    return this.lined;
  }

  push(lane: Lane): void {
    if (lane.inLine) return;
    lane.inLine = true;
    this.lined += 1;
    this.byLevel[lane.level]?.push(lane);
  }

  /** It has nothing to hand over for now. It is left out when its turn comes. */
  remove(lane: Lane): void {
    if (!lane.inLine) return;
    lane.inLine = false;
    this.lined -= 1;
  }

  /** For each level, how long the first that may go has waited, milliseconds; undefined where none may. */
  waits(mayGo: (lane: Lane) => boolean, nowWallMs: number): (number | undefined)[] {
    return LEVELS.map((level) => {
      const lane = this.turnTo(level, mayGo);
      const first = lane?.waiting.first;
      return first === undefined
        ? undefined
        : Math.max(0, nowWallMs - Math.max(first.storedAtMs, first.deliverAtMs));
    });
  }

  /** Takes the first of a level that may go out of the line. */
  shift(level: Level, mayGo: (lane: Lane) => boolean): Lane | undefined {
    const lane = this.turnTo(level, mayGo);
    if (lane === undefined) return undefined;
    this.byLevel[level]?.shift();
    this.remove(lane);
    return lane;
  }

  /** Brings the first that may go to the front. */
  private turnTo(level: Level, mayGo: (lane: Lane) => boolean): Lane | undefined {
    const line = this.byLevel[level];
    if (line === undefined) return undefined;
    let passed = 0;
    for (let lane = line.peek(); lane && passed < Math.min(line.size, PASSED_OVER); lane = line.peek()) {
      const waits = lane.inLine && lane.waiting.size > 0;
      if (waits && mayGo(lane)) return lane;
      line.shift();
      if (waits) {
        line.push(lane);
        passed += 1;
      } else this.remove(lane);
    }
    return undefined;
  }
}
