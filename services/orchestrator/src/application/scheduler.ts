import { createHash } from 'node:crypto';
import {
  MultiswarmError,
  type PlaceItem,
  type PlaceResult,
  type Placement,
  type Waiting,
} from '@multiswarm/contracts';
import { chunkByBytes, delay, jsonBytes, type Clock } from '@multiswarm/core';
import type { TaskRecord } from '../domain/task/record';
import { ReadyQueue, type ReadyTask } from '../domain/queue/ready-queue';
import type { Placer, ReadyTasks, WaitingReasons } from '../ports';

export interface Grants {
  /** Commits placements of one shard. @returns those whose task is not queued any more. */
  grant(
    shard: number,
    placements: { taskId: string; placement: Placement }[],
  ): { taskId: string; placement: Placement }[];
}

const PASS_TASKS = 256;
/** Estimated bytes of one place request: well under the 1 MiB that NATS carries. */
const PASS_BYTES = 512 * 1024;
const RETRY_MS = { first: 50, most: 1_000 };

/**
 * The one role that decides who goes next, over all shards. A task leaves the queue only when a slot was reserved for it.
 *
 * S1. Passes run when there is a reason (a task, a completion, capacity, a slow second look while something waits), one
 *     at a time.
 * S2. What a pass took comes back: placed and granted, or into the queue with the reason.
 * S3. A reserved slot that is not used is given back.
 * S4. An answer too large for a message halves the next pass: asking the same again would hold up everybody for ever.
 */
export class Scheduler implements ReadyTasks, WaitingReasons {
  private readonly queue = new ReadyQueue();
  private running = false;
  private again = false;
  private stopped = false;
  private passTasks = PASS_TASKS;
  /** Why nothing can be placed at the moment, whatever the task. */
  private trouble: string | undefined;
  private freed = 0;

  constructor(
    private readonly epoch: number,
    private readonly placer: Placer,
    private readonly grants: Grants,
    private readonly clock: Clock,
    private readonly onFault: (error: unknown) => void,
  ) {}

  ready(record: TaskRecord, shard: number, avoid: string | undefined): void {
    this.queue.add({
      taskId: record.id,
      shard,
      priority: record.spec.priority,
      queuedAt: record.since,
      item: toPlaceItem(record),
      avoid: avoid === undefined ? [] : [avoid],
    });
    this.wake();
  }

  gone(taskId: string): void {
    this.queue.remove(taskId);
  }

  capacityChanged(freeSlots: number): void {
    this.freed += freeSlots;
    this.wake();
  }

  /** Asks again for one task of every class that was refused, in case the news of its capacity got lost. */
  lookAgain(): void {
    if (this.queue.size === 0) return;
    this.capacityChanged(1);
  }

  get queued(): number {
    return this.queue.size;
  }

  explain(taskIds: string[]): Promise<Record<string, Waiting>> {
    const reasons = taskIds.flatMap((id) => {
      const told = this.queue.waiting(id);
      const waiting =
        told && this.trouble !== undefined
          ? { ...told, detail: `the load-balancer cannot be asked: ${this.trouble}` }
          : told;
      return waiting ? [[id, waiting] as const] : [];
    });
    return Promise.resolve(Object.fromEntries(reasons));
  }

  stop(): void {
    this.stopped = true;
  }

  private wake(): void {
    this.again = true;
    if (this.running || this.stopped) return;
    this.running = true;
    this.clock.soon(() => void this.run());
  }

  private async run(): Promise<void> {
    let wait: number = RETRY_MS.first;
    while (this.again && !this.stopped) {
      this.again = false;
      if (this.freed > 0) this.queue.wake(this.freed);
      this.freed = 0;
      const tasks = firstPart(this.queue.take(this.passTasks), (rest) => this.queue.putBack(rest));
      if (tasks.length === 0) continue;
      this.again = true;
      try {
        this.settle(tasks, await this.placer.place(this.epoch, tasks.map(withAvoid)));
        wait = RETRY_MS.first;
        this.trouble = undefined;
        this.passTasks = Math.min(PASS_TASKS, this.passTasks * 2);
      } catch (error) {
        this.trouble = error instanceof Error ? error.message : String(error);
        this.queue.putBack(tasks);
        this.onFault(error);
        if (isTooLarge(error)) this.passTasks = Math.max(1, Math.floor(tasks.length / 2)); // S4
        await delay(this.clock, wait);
        wait = Math.min(RETRY_MS.most, wait * 2);
      }
    }
    this.running = false;
  }

  /** S2, S3. */
  private settle(tasks: readonly ReadyTask[], results: readonly PlaceResult[]): void {
    const byKey = new Map(results.map((result) => [result.key, result]));
    const placed: ReadyTask[] = [];
    const unplaced: { task: ReadyTask; waiting: Waiting }[] = [];
    const shards = new Map<number, { taskId: string; placement: Placement }[]>();
    for (const task of tasks) {
      const result = byKey.get(task.taskId);
      if (!result?.placement) {
        unplaced.push({ task, waiting: result?.waiting ?? unanswered(task) });
        continue;
      }
      if (!this.queue.has(task.taskId)) {
        this.giveBack(task.taskId, task.item.attempt, result.placement);
        continue;
      }
      placed.push(task);
      this.queue.remove(task.taskId);
      const list = shards.get(task.shard) ?? [];
      list.push({ taskId: task.taskId, placement: result.placement });
      shards.set(task.shard, list);
    }
    this.queue.settle(unplaced, placed);
    const attempts = new Map(tasks.map((task) => [task.taskId, task.item.attempt]));
    for (const [shard, placements] of shards) {
      for (const { taskId, placement } of this.grants.grant(shard, placements))
        this.giveBack(taskId, attempts.get(taskId) ?? 1, placement);
    }
  }

  private giveBack(taskId: string, attempt: number, placement: Placement): void {
    this.placer.report([
      {
        reservationId: placement.reservationId,
        swarmId: placement.swarmId,
        taskId,
        attempt,
        outcome: 'unused',
      },
    ]);
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof MultiswarmError && error.code === 'body-too-large';
}

function toPlaceItem(record: TaskRecord): PlaceItem {
  const { type, namespace, requirements, traceparent } = record.spec;
  return {
    key: record.id,
    classKey: classKey(namespace, type, requirements),
    attempt: record.attempt + 1,
    namespace,
    type,
    requirements,
    traceparent,
  };
}

/** Tasks that any one swarm either can or cannot run alike. */
function classKey(namespace: string, type: string, requirements: PlaceItem['requirements']): string {
  const text = JSON.stringify([namespace, type, requirements]);
  return text.length <= 64 ? text : createHash('sha1').update(text).digest('base64');
}

function withAvoid(task: ReadyTask): PlaceItem {
  return task.avoid.length === 0
    ? task.item
    : { ...task.item, classKey: `${task.item.classKey}#${task.taskId}`, avoid: task.avoid };
}

function unanswered(task: ReadyTask): Waiting {
  return {
    reason: 'not-yet-considered',
    since: new Date(task.queuedAt).toISOString(),
    detail: 'the load-balancer gave no answer for this task',
    unmet: [],
  };
}

/** The first part of a pass that fits one message; the rest waits for the next pass. */
function firstPart(tasks: ReadyTask[], putBack: (rest: ReadyTask[]) => void): ReadyTask[] {
  const [first = []] = chunkByBytes(tasks, ({ item }) => jsonBytes(item), { bytes: PASS_BYTES });
  if (first.length < tasks.length) putBack(tasks.slice(first.length));
  return first;
}
