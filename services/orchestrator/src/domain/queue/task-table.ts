import {
  PRIORITIES,
  type PlaceItem,
  type Priority,
  type QueuedTask,
  type TaskRouting,
} from '@multiswarm/contracts';
import { Heap } from '@multiswarm/core';
import type { Track } from './track';
import { TraceColumn } from './trace-column';

/** Where a task is, seen from its track. */
export const PLACE = {
  /** In the track's list, which is in order. */
  listed: 0,
  /** In the track's heap: it came after one that is behind it. */
  late: 1,
  /** Picked by a pass that is under way. */
  picked: 2,
  /** Set aside, because nobody owns its shard at the moment. */
  aside: 3,
} as const;

export const NOBODY = -1;
const FIRST_ROWS = 1_024;

/**
 * All tasks in the queue, each a row of columns: a million of them would be tens of millions of objects otherwise, and the
 * garbage collector would walk through all of them. Rows are reused; the columns stay as large as the queue ever was.
 */
export class TaskTable {
  readonly ids: string[] = [];
  readonly tracks: (Track | undefined)[] = [];
  readonly traces = new TraceColumn();
  /** Swarms to be avoided, of the few tasks that avoid any. */
  readonly avoid = new Map<number, readonly string[]>();
  /** What tasks wish for themselves, of the few that do. */
  readonly wishes = new Map<number, TaskRouting>();
  orders = new Float64Array(0);
  queuedAt = new Float64Array(0);
  /** How long each is said to take, and when it must have ended; 0 where that is not said. */
  estimates = new Float64Array(0);
  dueAt = new Float64Array(0);
  attempts = new Uint32Array(0);
  shards = new Uint32Array(0);
  places = new Uint8Array(0);
  /** Neighbours in the track's list; `previous` is the index in its heap for those that are there. */
  next = new Int32Array(0);
  previous = new Int32Array(0);

  private readonly rows = new Map<string, number>();
  /** The first unused row; `next` leads to the others. */
  private unused = NOBODY;

  get size(): number {
    return this.rows.size;
  }

  row(taskId: string): number | undefined {
    return this.rows.get(taskId);
  }

  allRows(): IterableIterator<number> {
    return this.rows.values();
  }

  add(task: QueuedTask, shard: number, track: Track): number {
    if (this.unused === NOBODY) this.grow();
    const row = this.unused;
    this.unused = this.next[row] as number;
    this.rows.set(task.taskId, row);
    this.ids[row] = task.taskId;
    this.tracks[row] = track;
    this.orders[row] = task.order;
    this.queuedAt[row] = task.queuedAt;
    this.attempts[row] = task.attempt;
    this.shards[row] = shard;
    this.traces.set(row, task.traceparent);
    this.estimates[row] = task.estimateMs ?? 0;
    this.dueAt[row] = task.dueAt ?? 0;
    if (task.avoid && task.avoid.length > 0) this.avoid.set(row, task.avoid);
    const { affinity, group } = task;
    if ((affinity ?? group) !== undefined)
      this.wishes.set(row, {
        ...(affinity === undefined ? {} : { affinity }),
        ...(group === undefined ? {} : { group }),
      });
    return row;
  }

  drop(row: number): void {
    this.rows.delete(this.ids[row] as string);
    this.ids[row] = '';
    this.tracks[row] = undefined;
    this.avoid.delete(row);
    this.wishes.delete(row);
    this.next[row] = this.unused;
    this.unused = row;
  }

  track(row: number): Track {
    return this.tracks[row] as Track;
  }

  /** As the load-balancer is asked. @param wall now, as epoch ms */
  item(row: number, wall: number): PlaceItem {
    const { key, namespace, type, requirements, routing } = this.track(row).lane.owner.info;
    const avoid = this.avoid.get(row);
    const traceparent = this.traces.get(row);
    const taskId = this.id(row);
    const item: PlaceItem = {
      key: taskId,
      attempt: this.attempts[row] as number,
      namespace,
      type,
      requirements,
      // What one avoids says nothing of the others of its class.
      classKey: avoid ? `${key}#${taskId}` : key,
    };
    if (avoid) item.avoid = [...avoid];
    if (traceparent !== undefined) item.traceparent = traceparent;
    const wishes = this.wishes.get(row);
    if (routing ?? wishes) item.routing = wishes ? { ...routing, ...wishes } : routing;
    if (routing?.localityWaitMs) item.waitedMs = Math.max(0, wall - (this.queuedAt[row] as number));
    const estimateMs = this.estimates[row] as number;
    const dueAt = this.dueAt[row] as number;
    if (estimateMs > 0) item.estimateMs = estimateMs;
    if (dueAt > 0) item.dueInMs = dueAt - wall;
    return item;
  }

  /** As it was told. */
  task(row: number): QueuedTask {
    const { lane, limits } = this.track(row);
    const avoid = this.avoid.get(row);
    const traceparent = this.traces.get(row);
    // One object, filled: this is made for every task that is fetched.
    const task: QueuedTask = {
      taskId: this.id(row),
      attempt: this.attempts[row] as number,
      classKey: lane.owner.info.key,
      priority: PRIORITIES[lane.priority] as Priority,
      order: this.order(row),
      queuedAt: this.queuedAt[row] as number,
    };
    if (traceparent !== undefined) task.traceparent = traceparent;
    if (lane.fairnessKey !== '') task.fairnessKey = lane.fairnessKey;
    if (limits.keys.length > 0) task.limitKeys = [...limits.keys];
    if (avoid) task.avoid = [...avoid];
    const estimateMs = this.estimates[row] as number;
    const dueAt = this.dueAt[row] as number;
    if (estimateMs > 0) task.estimateMs = estimateMs;
    if (dueAt > 0) task.dueAt = dueAt;
    return Object.assign(task, this.wishes.get(row));
  }

  id(row: number): string {
    return this.ids[row] as string;
  }

  order(row: number): number {
    return this.orders[row] as number;
  }

  /** The order of submission; the same everywhere and at any time. */
  readonly before = (a: number, b: number): boolean => {
    const difference = (this.orders[a] as number) - (this.orders[b] as number);
    return difference < 0 || (difference === 0 && (this.ids[a] as string) < (this.ids[b] as string));
  };

  readonly trackBefore = (a: Track, b: Track): boolean => this.before(a.first, b.first);

  newHeap(): Heap<number> {
    return new Heap(this.before, this.movedInHeap);
  }

  private readonly movedInHeap = (row: number, at: number): void => {
    this.previous[row] = at;
  };

  private grow(): void {
    const from = this.orders.length;
    const rows = Math.max(FIRST_ROWS, from * 2);
    this.orders = grown(new Float64Array(rows), this.orders);
    this.queuedAt = grown(new Float64Array(rows), this.queuedAt);
    this.estimates = grown(new Float64Array(rows), this.estimates);
    this.dueAt = grown(new Float64Array(rows), this.dueAt);
    this.attempts = grown(new Uint32Array(rows), this.attempts);
    this.shards = grown(new Uint32Array(rows), this.shards);
    this.places = grown(new Uint8Array(rows), this.places);
    this.next = grown(new Int32Array(rows), this.next);
    this.previous = grown(new Int32Array(rows), this.previous);
    this.traces.grow(rows);
    for (let row = from; row < rows; row += 1) this.next[row] = row + 1 < rows ? row + 1 : NOBODY;
    this.unused = from;
  }
}

function grown<T extends Float64Array | Uint32Array | Uint8Array | Int32Array>(column: T, from: T): T {
  column.set(from);
  return column;
}
