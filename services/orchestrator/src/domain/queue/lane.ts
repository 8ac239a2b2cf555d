import { Heap } from '@multiswarm/core';
import type { LimitSet } from './limits';
import type { Picked } from './picked';
import type { RequirementClass } from './requirement-class';
import { NOBODY, type TaskTable } from './task-table';
import { Track } from './track';
import type { KeyTurn } from './turn-order';

/**
 * The waiting tasks that have class, priority and fairness key in common: of two of them the one that was submitted first
 * goes first, unless a limit holds it.
 */
export class Lane {
  /** The row that is first, NOBODY when none may go. */
  first = NOBODY;
  /** Tasks in line, those held by limits too. */
  size = 0;
  /** Where it takes its turns, while it has tasks in line. */
  turn: KeyTurn | undefined;
  /** The turn's pass, as the order of its class knows it. */
  knownPass = 0;
  /** Its place among the lanes of its class that may go and are not offered. */
  shelfAt = -1;
  /** Its place among what its turn may choose from. */
  offerAt = -1;
  /** Its place among those that grow older, and when it is looked at again, epoch ms. */
  ageAt = -1;
  looksAt = 0;
  /** What a pass has taken of it, in order. */
  readonly picks: Picked[] = [];
  private readonly open: Heap<Track>;
  /** Nearly always there is one. */
  private only: Track | undefined;
  private tracks: Map<LimitSet, Track> | undefined;

  constructor(
    readonly owner: RequirementClass,
    /** Index in PRIORITIES. */
    readonly priority: number,
    readonly fairnessKey: string,
    table: TaskTable,
  ) {
    this.open = new Heap(table.trackBefore, movedInLane);
  }

  /** The track whose task is first of those that may go. */
  get track(): Track | undefined {
    return this.open.top;
  }

  get all(): Track[] {
    return [...(this.only ? [this.only] : []), ...(this.tracks?.values() ?? [])];
  }

  get isEmpty(): boolean {
    return this.only === undefined && this.tracks === undefined;
  }

  trackOf(limits: LimitSet): Track | undefined {
    return this.only?.limits === limits ? this.only : this.tracks?.get(limits);
  }

  newTrack(limits: LimitSet): Track {
    const track = new Track(this, limits);
    if (this.isEmpty) this.only = track;
    else {
      this.tracks ??= new Map();
      this.tracks.set(limits, track);
    }
    return track;
  }

  dropTrack(track: Track): void {
    if (this.only === track) this.only = undefined;
    else if (this.tracks?.delete(track.limits) && this.tracks.size === 0) this.tracks = undefined;
  }

  /** The track's first task is another one, or it is held, or no more. */
  update(track: Track): void {
    const may = track.first !== NOBODY && track.heldBy === undefined;
    if (track.at >= 0 && may) this.open.fixAt(track.at);
    else if (track.at >= 0) this.open.removeAt(track.at);
    else if (may) this.open.push(track);
    this.first = this.open.top?.first ?? NOBODY;
  }
}

function movedInLane(track: Track, at: number): void {
  track.at = at;
}
