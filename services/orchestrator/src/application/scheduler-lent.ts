import type { AttemptRef, QueuedTask } from '@multiswarm/contracts';
import { SlotMap } from '@multiswarm/core';
import type { FreedSlot } from '../ports';

/** Fetched tasks that are remembered. Owners refuse at once or never. */
const LENT_TASKS = 20_000;

interface Lent {
  shard: number;
  task: QueuedTask;
  slot: FreedSlot;
  /** False when its owner has said meanwhile that it does not wait any more. */
  isWanted: boolean;
}

/** Tasks that were given out for a slot that came free, in case their owner has to give them back. */
export class LentTasks {
  private readonly byId = new SlotMap<string, Lent>();

  add(shard: number, task: QueuedTask, slot: FreedSlot): void {
    this.byId.delete(task.taskId);
    this.byId.set(task.taskId, { shard, task, slot, isWanted: true });
    if (this.byId.size > LENT_TASKS) this.byId.delete(this.byId.keys().next().value as string);
  }

  takeBack({ taskId, attempt }: AttemptRef): Lent | undefined {
    const lent = this.byId.get(taskId);
    if (lent?.task.attempt !== attempt) return undefined;
    this.byId.delete(taskId);
    return lent;
  }

  gone(taskId: string): void {
    const lent = this.byId.get(taskId);
    if (lent) lent.isWanted = false;
  }

  /** Its owner says that it waits for this attempt. */
  toldAgain(task: QueuedTask): void {
    const lent = this.byId.get(task.taskId);
    if (lent?.task.attempt !== task.attempt) return;
    lent.task = task;
    lent.isWanted = true;
  }

  ended(ref: AttemptRef): void {
    this.takeBack(ref);
  }

  forgetShard(shard: number): void {
    for (const [id, lent] of this.byId) if (lent.shard === shard) this.byId.delete(id);
  }
}
