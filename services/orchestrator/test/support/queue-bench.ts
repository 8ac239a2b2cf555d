import {
  NamespaceSettings,
  type ClassRouting,
  type PlaceItem,
  type PlaceResult,
  type QueuedTask,
  type Requirements,
  type TaskClass,
  type Waiting,
} from '@multiswarm/contracts';
import type { Now } from '../../src/domain/queue/now';
import type { Picked } from '../../src/domain/queue/picked';
import { TaskQueue, type Placed } from '../../src/domain/queue/task-queue';
import { placement } from './builders';

export const START = 1_700_000_000_000;

export type GivenTask = Partial<QueuedTask> & { namespace?: string; shard?: number };

/** A queue, with its settings, its time and the answers of a load-balancer at hand. */
export class QueueBench {
  now: Now = { wall: START, monotonic: 0 };
  settings: Record<string, NamespaceSettings> = {};
  readonly queue: TaskQueue;
  /** By type. */
  requirements: Record<string, Requirements> = {};
  routing: Record<string, ClassRouting> = {};
  private readonly classes = new Map<string, TaskClass>();
  private orders = 0;

  constructor(settings: Record<string, unknown> = {}) {
    for (const [name, each] of Object.entries(settings)) this.set(name, each);
    this.queue = new TaskQueue(
      (name) => this.settings[name] ?? NamespaceSettings.parse({}),
      (key) => this.classes.get(key),
    );
    this.queue.limits.setComplete();
  }

  set(namespace: string, given: unknown): void {
    this.settings[namespace] = NamespaceSettings.parse(given);
  }

  pass(ms: number): void {
    this.now = { wall: this.now.wall + ms, monotonic: this.now.monotonic + ms };
  }

  add(taskId: string, { namespace = 'default', shard = 0, ...given }: GivenTask = {}): QueuedTask {
    this.orders += 1;
    const task: QueuedTask = {
      ...{
        taskId,
        attempt: 1,
        classKey: 'c',
        priority: 'normal',
        order: this.orders,
        queuedAt: this.now.wall,
      },
      ...given,
    };
    this.queue.add(task, this.classOf(namespace, task.classKey), shard, this.now);
    return task;
  }

  take(max = 1): Picked[] {
    return this.queue.take(max, Infinity, this.now);
  }

  /** What a pass would ask for, which changes nothing. */
  items(max = 256): PlaceItem[] {
    const picked = this.take(max);
    const items = picked.map((each) => this.queue.toItem(each, this.now));
    this.queue.putBack(picked, this.now);
    return items;
  }

  /** One pass: places as many as `may` lets, and refuses the rest. */
  run(max: number, may: (picked: Picked) => boolean = () => true, refusal: Waiting = noSlot('s')): string[] {
    const picked = this.take(max);
    return this.settle(picked, (each) => (may(each) ? undefined : refusal)).map(({ taskId }) => taskId);
  }

  settle(
    picked: readonly Picked[],
    refusal: (picked: Picked) => Waiting | undefined,
    swarmId = 's',
  ): readonly Placed[] {
    const results = picked.map((each): PlaceResult => {
      const waiting = refusal(each);
      return waiting
        ? { key: each.taskId, waiting }
        : { key: each.taskId, placement: placement({ swarmId, reservationId: `r-${each.taskId}` }) };
    });
    return this.queue.settle(picked, results, this.now).placed;
  }

  release(taskId: string, attempt = 1): void {
    this.queue.limits.release({ taskId, attempt }, this.now.monotonic);
  }

  freed(swarmId: string, slots = 1): void {
    this.queue.capacityChanged(slots, { swarmId, reason: 'freed' });
  }

  fetch(swarmId: string, classKey = 'c'): string[] {
    return this.queue
      .fetch([{ swarmId, classKey: this.classOf('default', classKey).key }], this.now)
      .map(({ task }) => task.taskId);
  }

  private classOf(namespace: string, key: string): TaskClass {
    const name = `${namespace} ${key}`;
    let known = this.classes.get(name);
    if (!known)
      this.classes.set(
        name,
        (known = {
          ...{ key: name, namespace, type: key, requirements: this.requirements[key] ?? {} },
          ...(this.routing[key] === undefined ? {} : { routing: this.routing[key] }),
        }),
      );
    this.classes.set(key, known);
    return known;
  }
}

/** Refused by a load-balancer that names the swarms that could run it, and are full. */
export function noSlot(...swarmIds: string[]): Waiting {
  const since = new Date(START).toISOString();
  const slot = { rule: 'slot' as const, count: swarmIds.length, detail: 'a free slot', examples: swarmIds };
  return { reason: 'no-slot', since, detail: 'all are full', unmet: [slot] };
}

export function noSwarm(): Waiting {
  return { reason: 'no-swarm', since: new Date(START).toISOString(), detail: 'nobody can', unmet: [] };
}
