import type { QueuedTask } from '@multiswarm/contracts';
import { TaskQueue } from '../../../services/orchestrator/src/domain/queue/task-queue';
import type { Findings } from './findings';

interface Entry {
  taskId: string;
  attempt: number;
  shard: number;
  /** Class, priority, fairness key and limits: what makes two tasks comparable. */
  line: string;
  order: number;
  /** With a pass, or in a shard that has no owner. */
  isOut: boolean;
}

/** What one scheduler has in line, kept a second time. */
class Lines {
  readonly entries = new Map<string, Entry>();
  readonly away = new Set<number>();

  add(task: QueuedTask, classKey: string, shard: number): void {
    const { taskId, attempt, order, priority, fairnessKey = '', limitKeys = [] } = task;
    const known = this.entries.get(taskId);
    if (known && known.attempt >= attempt) return;
    const line = [classKey, priority, fairnessKey, ...[...limitKeys].sort()].join(' ');
    this.entries.set(taskId, { taskId, attempt, shard, line, order, isOut: false });
  }

  removeShard(shard: number): void {
    for (const { taskId, shard: own } of this.entries.values())
      if (own === shard) this.entries.delete(taskId);
    this.away.delete(shard);
  }

  /** A task that is in line before this one, and can be placed as well as this one. */
  before({ line, order, taskId }: Entry): Entry | undefined {
    for (const other of this.entries.values())
      if (
        other.line === line &&
        other.order < order &&
        other.taskId !== taskId &&
        !other.isOut &&
        !this.away.has(other.shard)
      )
        return other;
    return undefined;
  }
}

/** 4: what schedulers take out of their queues, held against what was put in. */
export class OrderBook {
  private readonly queues = new WeakMap<TaskQueue, Lines>();

  constructor(private readonly findings: Findings) {}

  of(queue: TaskQueue): Lines {
    const known = this.queues.get(queue) ?? new Lines();
    this.queues.set(queue, known);
    return known;
  }

  chosen(queue: TaskQueue, taskId: string): Entry | undefined {
    const lines = this.of(queue);
    const entry = lines.entries.get(taskId);
    // One that a pass has asked for already had its turn then.
    const earlier = entry && !entry.isOut ? lines.before(entry) : undefined;
    this.findings.holds(4, earlier === undefined, () => {
      return `${taskId} (order ${entry?.order}) was chosen before ${earlier?.taskId} (order ${earlier?.order}): ${entry?.line}`;
    });
    return entry;
  }
}

let current: OrderBook | undefined;

/** Schedulers make their queues themselves; from now on this book sees what becomes of them. */
export function watchQueues(book: OrderBook | undefined): void {
  current = book;
}

type Methods =
  'add' | 'remove' | 'removeShard' | 'shardAway' | 'shardBack' | 'take' | 'settle' | 'putBack' | 'fetch';
// Called below with the queue that they belong to.
/* eslint-disable @typescript-eslint/unbound-method */
const {
  add,
  remove,
  removeShard,
  shardAway,
  shardBack,
  take,
  settle,
  putBack,
  fetch,
}: Pick<TaskQueue, Methods> = TaskQueue.prototype;
/* eslint-enable @typescript-eslint/unbound-method */

Object.assign(TaskQueue.prototype, {
  add(this: TaskQueue, ...given: Parameters<typeof add>): void {
    add.apply(this, given);
    const [task, info, shard] = given;
    current?.of(this).add(task, info.key, shard);
  },
  remove(this: TaskQueue, ...given: Parameters<typeof remove>): void {
    remove.apply(this, given);
    current?.of(this).entries.delete(given[0]);
  },
  removeShard(this: TaskQueue, ...given: Parameters<typeof removeShard>): void {
    removeShard.apply(this, given);
    current?.of(this).removeShard(given[0]);
  },
  shardAway(this: TaskQueue, ...given: Parameters<typeof shardAway>): void {
    shardAway.apply(this, given);
    current?.of(this).away.add(given[0]);
  },
  shardBack(this: TaskQueue, ...given: Parameters<typeof shardBack>): void {
    shardBack.apply(this, given);
    current?.of(this).away.delete(given[0]);
  },
  take(this: TaskQueue, ...given: Parameters<typeof take>): ReturnType<typeof take> {
    const picked = take.apply(this, given);
    for (const { taskId } of picked) {
      const entry = current?.chosen(this, taskId);
      if (entry) entry.isOut = true;
    }
    return picked;
  },
  settle(this: TaskQueue, ...given: Parameters<typeof settle>): ReturnType<typeof settle> {
    const settled = settle.apply(this, given);
    const entries = current?.of(this).entries;
    for (const { taskId } of given[0]) {
      const entry = entries?.get(taskId);
      if (entry) entry.isOut = false;
    }
    for (const { taskId } of settled.placed) entries?.delete(taskId);
    return settled;
  },
  putBack(this: TaskQueue, ...given: Parameters<typeof putBack>): void {
    putBack.apply(this, given);
    for (const { taskId } of given[0]) {
      const entry = current?.of(this).entries.get(taskId);
      if (entry) entry.isOut = false;
    }
  },
  fetch(this: TaskQueue, ...given: Parameters<typeof fetch>): ReturnType<typeof fetch> {
    const fetched = fetch.apply(this, given);
    for (const { task } of fetched) {
      current?.chosen(this, task.taskId);
      current?.of(this).entries.delete(task.taskId);
    }
    return fetched;
  },
} satisfies Record<Methods, unknown>);
