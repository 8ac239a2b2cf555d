import type { Lanes } from './lanes';
import { PLACE, type TaskTable } from './task-table';
import type { Track } from './track';

/**
 * Shards whose owner does not answer. Their tasks are set aside as they come to the front, so that no slot is reserved for
 * what nobody could commit, and come back all at once.
 */
export class AbsentShards {
  private readonly aside = new Map<number, Set<number>>();

  constructor(
    private readonly table: TaskTable,
    private readonly lanes: Lanes,
  ) {}

  add(shard: number): void {
    if (!this.aside.has(shard)) this.aside.set(shard, new Set());
  }

  /** The owner has answered. @param now wall clock, ms */
  back(shard: number, now: number): void {
    const rows = this.aside.get(shard);
    if (!rows) return;
    this.aside.delete(shard);
    for (const row of rows) {
      const track = this.table.track(row);
      track.out -= 1;
      this.lanes.insert(track, row, now);
    }
  }

  /** The shard has no tasks any more. */
  forget(shard: number): void {
    this.aside.delete(shard);
  }

  /** Sets the first task of a track aside where it has to be. @returns whether it was */
  setAside(track: Track, now: number): boolean {
    if (this.aside.size === 0) return false;
    const row = track.first;
    const rows = this.aside.get(this.table.shards[row] as number);
    if (!rows) return false;
    rows.add(row);
    track.out += 1;
    this.lanes.remove(track, row, now);
    this.table.places[row] = PLACE.aside;
    return true;
  }

  /** The task is not to be placed any more. */
  remove(row: number, track: Track): void {
    this.aside.get(this.table.shards[row] as number)?.delete(row);
    track.out -= 1;
  }
}
