import { PRIORITIES, type PlaceItem, type Priority, type Waiting } from '@multiswarm/contracts';
import { Fifo } from '@multiswarm/core';

export interface ReadyTask {
  taskId: string;
  shard: number;
  priority: Priority;
  queuedAt: number;
  item: PlaceItem;
  /** Swarms that refused this very task: not asked again before capacity has changed. */
  avoid: string[];
}

interface Queued extends ReadyTask {
  order: number;
}

/** All waiting tasks of one requirement class and one priority. */
interface Lane {
  classKey: string;
  tasks: Fifo<Queued>;
  /** Its tasks that are still wanted, in line or taken by a pass. */
  wanted: number;
  /** Why the head could not be placed; a parked lane is not looked at until capacity changes. */
  waiting: Waiting | undefined;
  parked: boolean;
  /** How many of its tasks the next pass may ask for: doubled when all were placed, one after a refusal. */
  window: number;
}

const FIRST_WINDOW = 16;
const MAX_WINDOW = 1024;
/** Tasks in line that nobody wants any more and that a lane may hold beside as many wanted ones. */
const UNWANTED_TASKS = 64;

/**
 * Who goes next. Pure.
 *
 * Q1. A higher priority goes first; inside a priority the earlier one of two tasks of the same class goes first.
 * Q2. A class that nobody can take now is parked whole, and holds up no other class.
 * Q3. A task is in the queue, or taken by a pass, or gone: never twice.
 * Q4. Memory follows the tasks that are wanted: a class without any is forgotten, parked or not.
 */
export class ReadyQueue {
  private readonly lanes = new Map<Priority, Map<string, Lane>>(
    PRIORITIES.map((priority) => [priority, new Map<string, Lane>()]),
  );
  private readonly known = new Map<string, Queued>();
  private order = 0;

  get size(): number {
    return this.known.size;
  }

  /** Classes in memory, each counted once per priority. */
  get classes(): number {
    return [...this.lanes.values()].reduce((sum, lanes) => sum + lanes.size, 0);
  }

  add(task: ReadyTask): void {
    if (this.known.has(task.taskId)) return; // Q3
    const queued = { ...task, order: this.order++ };
    this.known.set(task.taskId, queued);
    const lane = this.laneFor(queued);
    lane.wanted += 1;
    lane.tasks.push(queued);
  }

  /** Forgets a task that was cancelled or placed. One that a pass has taken is forgotten when it comes back. */
  remove(taskId: string): void {
    const task = this.known.get(taskId);
    const lane = task && this.laneOf(task);
    if (!task || !lane) return;
    this.known.delete(taskId);
    lane.wanted -= 1;
    if (lane.wanted === 0)
      this.lanes.get(task.priority)?.delete(lane.classKey); // Q4
    else if (lane.tasks.size > 2 * lane.wanted + UNWANTED_TASKS) this.compact(lane);
  }

  has(taskId: string): boolean {
    return this.known.has(taskId);
  }

  /** Takes up to `max` tasks for one pass, in order. They must come back through `settle` or be removed. */
  take(max: number): ReadyTask[] {
    const taken: ReadyTask[] = [];
    for (const priority of PRIORITIES) {
      if (taken.length >= max) break;
      this.takeFrom([...(this.lanes.get(priority)?.values() ?? [])], max, taken);
    }
    return taken;
  }

  /** Puts back, in front and in order, what a pass could not place, and parks its class with the reason. */
  settle(unplaced: readonly { task: ReadyTask; waiting: Waiting }[], placed: readonly ReadyTask[]): void {
    for (const task of placed) {
      const lane = this.laneOf(task);
      if (!lane) continue;
      lane.waiting = undefined;
      lane.window = Math.min(MAX_WINDOW, lane.window * 2);
    }
    const byLane = new Map<Lane, { tasks: Queued[]; waiting: Waiting }>();
    for (const { task, waiting } of unplaced) {
      const queued = this.takenStill(task);
      const lane = this.laneOf(task);
      if (!queued || !lane) continue;
      queued.avoid = [];
      const entry = byLane.get(lane) ?? { tasks: [], waiting };
      entry.tasks.push(queued);
      byLane.set(lane, entry);
    }
    for (const [lane, { tasks, waiting }] of byLane) {
      lane.tasks.unshift(tasks.sort((a, b) => a.order - b.order));
      lane.waiting = waiting;
      lane.parked = true; // Q2
      lane.window = 1;
    }
  }

  /** Gives back tasks of a pass that got no answer, so that the next pass asks again. */
  putBack(tasks: readonly ReadyTask[]): void {
    for (const task of [...tasks].reverse()) {
      const queued = this.takenStill(task);
      if (queued) this.laneOf(task)?.tasks.unshift([queued]);
    }
  }

  /** Capacity has changed: every parked class may be asked for again, with room for what came free. */
  wake(freeSlots: number): void {
    for (const lanes of this.lanes.values()) {
      for (const lane of lanes.values()) {
        if (!lane.parked) continue;
        lane.parked = false;
        lane.window = Math.max(lane.window, Math.min(MAX_WINDOW, freeSlots));
      }
    }
  }

  /** Why a task waits, as its class was last told. */
  waiting(taskId: string): Waiting | undefined {
    const task = this.known.get(taskId);
    if (!task) return undefined;
    const told = this.laneOf(task)?.waiting;
    const since = new Date(task.queuedAt).toISOString();
    if (told) return { ...told, since };
    return {
      reason: 'not-yet-considered',
      since,
      detail: 'in line behind earlier tasks of its priority',
      unmet: [],
    };
  }

  private takeFrom(lanes: Lane[], max: number, taken: ReadyTask[]): void {
    const open = lanes.filter((lane) => !lane.parked).map((lane) => ({ lane, left: lane.window }));
    while (taken.length < max) {
      let best: (typeof open)[number] | undefined;
      for (const candidate of open) {
        const head = candidate.left > 0 ? this.head(candidate.lane) : undefined;
        const bestHead = best ? this.head(best.lane) : undefined;
        if (head && (!bestHead || head.order < bestHead.order)) best = candidate; // Q1
      }
      if (!best) return;
      best.left -= 1;
      taken.push(best.lane.tasks.shift() as Queued);
    }
  }

  /** The first task of a lane that is still wanted. */
  private head(lane: Lane): Queued | undefined {
    for (let head = lane.tasks.peek(); head; head = lane.tasks.peek()) {
      if (this.known.get(head.taskId) === head) return head;
      lane.tasks.shift();
    }
    return undefined;
  }

  /** Q3: what a pass took is still the same entry, unless the task was removed (and perhaps added anew) meanwhile. */
  private takenStill(task: ReadyTask): Queued | undefined {
    const queued = this.known.get(task.taskId);
    return queued === task ? queued : undefined;
  }

  /** Q4: a wanted task at the head of a parked class would otherwise hold all that was cancelled behind it. */
  private compact(lane: Lane): void {
    const kept = new Fifo<Queued>();
    for (let task = lane.tasks.shift(); task; task = lane.tasks.shift())
      if (this.known.get(task.taskId) === task) kept.push(task);
    lane.tasks = kept;
  }

  private laneOf(task: { priority: Priority; item: PlaceItem }): Lane | undefined {
    return this.lanes.get(task.priority)?.get(task.item.classKey);
  }

  /** Classes come from user input, so a lane is made only for a task that is about to enter it. */
  private laneFor(task: { priority: Priority; item: PlaceItem }): Lane {
    const known = this.laneOf(task);
    if (known) return known;
    const { classKey } = task.item;
    const lane = {
      classKey,
      tasks: new Fifo<Queued>(),
      wanted: 0,
      waiting: undefined,
      parked: false,
      window: FIRST_WINDOW,
    };
    this.lanes.get(task.priority)?.set(classKey, lane);
    return lane;
  }
}
