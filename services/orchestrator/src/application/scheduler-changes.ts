import type { AttemptRef, HeldAttempt, QueuedTask, TaskClass } from '@multiswarm/contracts';
import { jsonBytes } from '@multiswarm/core';
import type { QueuedChange, SchedulerLink } from '../ports';

export type ToldChange = Parameters<SchedulerLink['tell']>[1];

/** The content of one message to the scheduler. */
export interface Parcel {
  classes: TaskClass[];
  queued: QueuedTask[];
  gone: string[];
  held: HeldAttempt[];
  released: AttemptRef[];
}

export function nothing(): Parcel {
  return { classes: [], queued: [], gone: [], held: [], released: [] };
}

/** A NATS server carries 1 MiB; the rest is for the envelope. */
const PARCEL_BYTES = 512 * 1024;
const PARCEL_ITEMS = 2_000;
/** Classes remembered as told; beyond this they are told again. */
const TOLD_CLASSES = 10_000;

export function attemptKey({ taskId, attempt }: AttemptRef): string {
  return `${taskId}#${attempt}`;
}

/**
 * What owners have told and nobody has been sent yet, at most one entry for each task: what was told last. Inside one message
 * the order of the lists means nothing then.
 */
export class UntoldChanges {
  private readonly queued = new Map<string, QueuedChange>();
  private readonly gone = new Set<string>();
  private readonly released = new Map<string, AttemptRef>();

  get size(): number {
    return this.queued.size + this.gone.size + this.released.size;
  }

  add({ queued = [], gone = [], released = [] }: ToldChange): void {
    for (const ref of released) this.released.set(attemptKey(ref), ref);
    for (const id of gone) {
      this.queued.delete(id);
      this.gone.add(id);
    }
    for (const change of queued) {
      // To the end of the line: an entry that is replaced would keep its place otherwise.
      this.queued.delete(change.task.taskId);
      this.gone.delete(change.task.taskId);
      this.queued.set(change.task.taskId, change);
    }
  }

  clear(): void {
    this.queued.clear();
    this.gone.clear();
    this.released.clear();
  }

  /** Takes out as much as fits: what frees something first. */
  fill(packer: Packer): void {
    drain(this.released, this.released.values(), attemptKey, (ref) => packer.released(ref));
    drain(
      this.gone,
      this.gone,
      (id) => id,
      (id) => packer.gone(id),
    );
    drain(
      this.queued,
      this.queued.values(),
      ({ task }) => task.taskId,
      (change) => packer.queued(change),
    );
  }
}

/** From the first entry on, as long as `take` has room for them. */
function drain<T>(
  from: { delete(key: string): boolean },
  entries: Iterable<T>,
  keyOf: (entry: T) => string,
  take: (entry: T) => boolean,
): void {
  for (const entry of entries) {
    if (!take(entry)) return;
    from.delete(keyOf(entry));
  }
}

/** One change as one message, whatever its size: for a scheduler that takes it in before this call is over. */
export function straight({ queued = [], gone = [], released = [] }: ToldChange, told: ToldClasses): Parcel {
  const classes: TaskClass[] = [];
  let last: TaskClass | undefined;
  const tasks = queued.map(({ task, taskClass }) => {
    if (taskClass !== last && !told.has(taskClass.key) && !classes.includes(taskClass))
      classes.push(taskClass);
    last = taskClass;
    return task;
  });
  return { classes, queued: tasks, gone: [...gone], held: [], released: [...released] };
}

/** Which classes the scheduler has been told. */
export class ToldClasses {
  private readonly keys = new Set<string>();

  has(key: string): boolean {
    return this.keys.has(key);
  }

  add(classes: readonly TaskClass[]): void {
    if (this.keys.size + classes.length > TOLD_CLASSES) this.keys.clear();
    for (const { key } of classes) this.keys.add(key);
  }

  clear(): void {
    this.keys.clear();
  }
}

/** Fills one message up to its limits. Every method says false, and takes nothing, when there is no more room. */
export class Packer {
  readonly parcel = nothing();
  private readonly classes = new Set<string>();
  private bytes = 0;
  private items = 0;

  constructor(
    private readonly told: ToldClasses,
    /** Inside this process there is no message, and nothing to be measured. */
    private readonly measured: boolean,
  ) {}

  get isEmpty(): boolean {
    return this.items === 0;
  }

  released(ref: AttemptRef): boolean {
    return this.take(
      () => jsonBytes(ref),
      () => this.parcel.released.push(ref),
    );
  }

  gone(id: string): boolean {
    return this.take(
      () => id.length,
      () => this.parcel.gone.push(id),
    );
  }

  held(attempt: HeldAttempt): boolean {
    return this.take(
      () => jsonBytes(attempt),
      () => this.parcel.held.push(attempt),
    );
  }

  queued({ task, taskClass }: QueuedChange): boolean {
    const isNew = !this.told.has(taskClass.key) && !this.classes.has(taskClass.key);
    const bytesOf = (): number => jsonBytes(task) + (isNew ? jsonBytes(taskClass) : 0);
    return this.take(bytesOf, () => {
      this.parcel.queued.push(task);
      if (!isNew) return;
      this.classes.add(taskClass.key);
      this.parcel.classes.push(taskClass);
    });
  }

  private take(bytesOf: () => number, put: () => void): boolean {
    if (this.items >= PARCEL_ITEMS) return false;
    const bytes = this.measured ? bytesOf() + 8 : 0;
    if (this.items > 0 && this.bytes + bytes > PARCEL_BYTES) return false;
    this.bytes += bytes;
    this.items += 1;
    put();
    return true;
  }
}
