import type { Heap } from '@multiswarm/core';
import type { Lane } from './lane';
import type { Limit } from './limit';
import type { LimitSet } from './limits';
import { NOBODY, PLACE, type TaskTable } from './task-table';

/**
 * The tasks of a lane that name the same limits, in the order of submission: a limit holds all of them or none.
 *
 * Nearly always tasks come in that order, so they are a list, linked inside the table. What comes late (at a takeover the
 * shards tell side by side what they have) goes into a heap beside it.
 */
export class Track {
  /** The row that is first, NOBODY when all are gone or out. */
  first = NOBODY;
  /** Tasks in line. */
  size = 0;
  /** Tasks that are not in line and may come back. */
  out = 0;
  /** Place among the tracks of its lane that may go; -1 when it has no task in line or is held. */
  at = -1;
  /** The limit that it waits for. */
  heldBy: Limit | undefined;
  ticket = 0;
  private head = NOBODY;
  private tail = NOBODY;
  private late: Heap<number> | undefined;

  constructor(
    readonly lane: Lane,
    readonly limits: LimitSet,
  ) {}

  insert(table: TaskTable, row: number): void {
    this.size += 1;
    if (this.tail === NOBODY || table.before(this.tail, row)) this.link(table, row, this.tail, NOBODY);
    else if (table.before(row, this.head)) this.link(table, row, NOBODY, this.head);
    else {
      this.late ??= table.newHeap();
      table.places[row] = PLACE.late;
      this.late.push(row);
    }
    this.findFirst(table);
  }

  remove(table: TaskTable, row: number): void {
    this.size -= 1;
    if (table.places[row] === PLACE.late) {
      this.late?.removeAt(table.previous[row] as number);
      if (this.late?.size === 0) this.late = undefined;
    } else this.unlink(table, row);
    if (row === this.first) this.findFirst(table);
  }

  /** How many of its tasks were submitted before one; fewer once all looks are spent, of which there are then less than none left. */
  countBefore(table: TaskTable, row: number, looks: { left: number }): number {
    let count = 0;
    for (let at = this.head; at !== NOBODY && table.before(at, row); at = table.next[at] as number) {
      looks.left -= 1;
      if (looks.left < 0) return count;
      count += 1;
    }
    looks.left -= this.late?.size ?? 0;
    return looks.left < 0
      ? count
      : count + (this.late?.values().filter((late) => table.before(late, row)).length ?? 0);
  }

  private findFirst(table: TaskTable): void {
    const late = this.late?.top;
    const isLate = late !== undefined && (this.head === NOBODY || table.before(late, this.head));
    this.first = isLate ? late : this.head;
  }

  private link(table: TaskTable, row: number, previous: number, next: number): void {
    table.places[row] = PLACE.listed;
    table.previous[row] = previous;
    table.next[row] = next;
    if (previous === NOBODY) this.head = row;
    else table.next[previous] = row;
    if (next === NOBODY) this.tail = row;
    else table.previous[next] = row;
  }

  private unlink(table: TaskTable, row: number): void {
    const previous = table.previous[row] as number;
    const next = table.next[row] as number;
    if (previous === NOBODY) this.head = next;
    else table.next[previous] = next;
    if (next === NOBODY) this.tail = previous;
    else table.previous[next] = previous;
  }
}
