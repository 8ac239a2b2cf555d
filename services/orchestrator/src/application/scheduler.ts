import {
  MultiswarmError,
  type AttemptRef,
  type NamespaceSettings,
  type PlaceItem,
  type PlaceResult,
  type Placement,
  type QueuedTask,
  type SchedulerChanges,
  type SchedulerChangesReply,
  type TaskClass,
  type Waiting,
} from '@multiswarm/contracts';
import { chunkByBytes, delay, jsonBytes, type Clock } from '@multiswarm/core';
import { ReadyQueue, type ReadyTask } from '../domain/queue/ready-queue';
import type { Fetched, FreedSlot, GrantPort, Placer, WaitingReasons } from '../ports';

export interface SchedulerParts {
  placer: Placer;
  grants: GrantPort;
  clock: Clock;
  settings: (namespace: string) => NamespaceSettings;
  onFault: (error: unknown) => void;
}

const PASS_TASKS = 256;
const PASS_BYTES = 512 * 1024;
const RETRY_MS = { first: 50, most: 1_000 };

/** INTERIM: strict priorities, first come first served inside a class; fed by the changes of all shards. */
export class Scheduler implements WaitingReasons {
  private readonly queue = new ReadyQueue();
  private readonly shards = new Map<number, { epoch: number; tasks: Set<string> }>();
  private readonly classes = new Map<string, TaskClass>();
  private running = false;
  private again = false;
  private stopped = false;
  private freed = 0;

  constructor(
    private readonly epoch: number,
    _shards: number,
    private readonly parts: SchedulerParts,
  ) {}

  apply(changes: SchedulerChanges): SchedulerChangesReply['status'] {
    const { shard, epoch, snapshot } = changes;
    const known = this.shards.get(shard);
    if (known && epoch < known.epoch) return 'stale';
    if (snapshot?.first) {
      for (const id of known?.tasks ?? []) this.queue.remove(id);
      this.shards.set(shard, { epoch, tasks: new Set() });
    } else if (known?.epoch !== epoch) return 'unknown-shard';
    const own = this.shards.get(shard);
    for (const each of changes.classes) this.classes.set(each.key, each);
    for (const task of changes.queued) {
      const taskClass = this.classes.get(task.classKey);
      if (!taskClass) continue;
      this.queue.remove(task.taskId);
      own?.tasks.add(task.taskId);
      this.queue.add(toReady(shard, task, taskClass));
    }
    for (const id of changes.gone) {
      own?.tasks.delete(id);
      this.queue.remove(id);
    }
    this.wake();
    return 'ok';
  }

  dropShard(shard: number): void {
    for (const id of this.shards.get(shard)?.tasks ?? []) this.queue.remove(id);
    this.shards.delete(shard);
  }

  fetch(_freed: readonly FreedSlot[]): Fetched[] {
    return [];
  }

  refused(_shard: number, _refs: readonly AttemptRef[]): void {
    // Its owner tells it anew where it is queued.
  }

  namespaceChanged(_namespace: string): void {
    this.wake();
  }

  capacityChanged(freeSlots: number): void {
    this.freed += freeSlots;
    this.wake();
  }

  lookAgain(): void {
    if (this.queue.size > 0) this.capacityChanged(1);
  }

  get queued(): number {
    return this.queue.size;
  }

  explain(taskIds: string[]): Promise<Record<string, Waiting>> {
    const reasons = taskIds.flatMap((id) => {
      const waiting = this.queue.waiting(id);
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
    this.parts.clock.soon(() => void this.run());
  }

  private async run(): Promise<void> {
    let wait: number = RETRY_MS.first;
    while (this.again && !this.stopped) {
      this.again = false;
      if (this.freed > 0) this.queue.wake(this.freed);
      this.freed = 0;
      const taken = this.queue.take(PASS_TASKS);
      const [tasks = []] = chunkByBytes(taken, ({ item }) => jsonBytes(item), { bytes: PASS_BYTES });
      if (tasks.length < taken.length) this.queue.putBack(taken.slice(tasks.length));
      if (tasks.length === 0) continue;
      this.again = true;
      try {
        const items = tasks.map((task): PlaceItem =>
          task.avoid.length === 0 ? task.item : { ...task.item, avoid: task.avoid },
        );
        this.settle(tasks, await this.parts.placer.place(this.epoch, items));
        wait = RETRY_MS.first;
      } catch (error) {
        this.queue.putBack(tasks);
        this.parts.onFault(error);
        await delay(this.parts.clock, wait);
        wait = Math.min(RETRY_MS.most, wait * 2);
      }
    }
    this.running = false;
  }

  private settle(tasks: readonly ReadyTask[], results: readonly PlaceResult[]): void {
    const byKey = new Map(results.map((result) => [result.key, result]));
    const placed: ReadyTask[] = [];
    const unplaced: { task: ReadyTask; waiting: Waiting }[] = [];
    const shards = new Map<number, { task: ReadyTask; placement: Placement }[]>();
    for (const task of tasks) {
      const result = byKey.get(task.taskId);
      if (!result?.placement) {
        if (result?.waiting) unplaced.push({ task, waiting: result.waiting });
        continue;
      }
      if (!this.queue.has(task.taskId)) {
        this.giveBack(task.taskId, task.item.attempt, result.placement);
        continue;
      }
      placed.push(task);
      this.queue.remove(task.taskId);
      this.shards.get(task.shard)?.tasks.delete(task.taskId);
      const list = shards.get(task.shard) ?? [];
      list.push({ task, placement: result.placement });
      shards.set(task.shard, list);
    }
    this.queue.settle(unplaced, placed);
    for (const [shard, list] of shards) void this.grant(shard, list);
  }

  private async grant(shard: number, list: { task: ReadyTask; placement: Placement }[]): Promise<void> {
    const grants = list.map(({ task, placement }) => ({
      taskId: task.taskId,
      attempt: task.item.attempt,
      placement,
    }));
    const epoch = this.shards.get(shard)?.epoch;
    for (let wait: number = RETRY_MS.first; !this.stopped && this.shards.get(shard)?.epoch === epoch;) {
      try {
        const { refused } = await this.parts.grants.grant(shard, {
          v: 1,
          schedulerEpoch: this.epoch,
          grants,
        });
        for (const ref of refused) {
          const grant = grants.find(({ taskId }) => taskId === ref.taskId);
          if (grant) this.giveBack(ref.taskId, ref.attempt, grant.placement);
        }
        return;
      } catch (error) {
        this.parts.onFault(error);
        if (error instanceof MultiswarmError && !error.retryable) return;
        await delay(this.parts.clock, wait);
        wait = Math.min(RETRY_MS.most, wait * 2);
      }
    }
  }

  private giveBack(taskId: string, attempt: number, { reservationId, swarmId }: Placement): void {
    this.parts.placer.report([{ reservationId, swarmId, taskId, attempt, outcome: 'unused' }]);
  }
}

function toReady(shard: number, task: QueuedTask, taskClass: TaskClass): ReadyTask {
  const { namespace, type, requirements } = taskClass;
  const { taskId, attempt, classKey, priority, queuedAt, avoid = [], traceparent } = task;
  const item: PlaceItem = { key: taskId, classKey, attempt, namespace, type, requirements };
  if (traceparent !== undefined) item.traceparent = traceparent;
  return { taskId, shard, priority, queuedAt, item, avoid };
}
