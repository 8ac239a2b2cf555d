import type { AttemptRef } from '@multiswarm/contracts';
import { SlotMap } from '@multiswarm/core';
import { SDK_LIMITS } from '../limits';

export interface PendingReport extends AttemptRef {
  readonly shard: number;
  readonly json: string;
  readonly bytes: number;
  /** How often nobody could read it. */
  refusals: number;
  /** How often it came back without an acknowledgement. */
  returns: number;
}

/**
 * The reports that no owner has acknowledged yet.
 *
 * R1. A report leaves only by an acknowledgement of exactly its task and attempt.
 * R2. `full` says when the swarm has to stop taking work: what is kept is never thrown away to make room.
 */
export class ReportBuffer {
  private readonly pending = new SlotMap<string, PendingReport>();
  private bytes = 0;

  get size(): number {
    return this.pending.size;
  }

  get full(): boolean {
    return this.bytes >= SDK_LIMITS.UNREPORTED_BYTES;
  }

  /** @param json an `AttemptReport` */
  add(shard: number, { taskId, attempt }: AttemptRef, json: string): PendingReport {
    const bytes = Buffer.byteLength(json);
    const item = { taskId, attempt, shard, json, bytes, refusals: 0, returns: 0 };
    this.pending.set(keyOf(item), item);
    this.bytes += bytes;
    return item;
  }

  has(item: PendingReport): boolean {
    return this.pending.has(keyOf(item));
  }

  /** False where nothing waited for this acknowledgement. */
  acknowledge(ref: AttemptRef): boolean {
    const key = keyOf(ref);
    const item = this.pending.get(key);
    if (!item) return false;
    this.pending.delete(key);
    this.bytes -= item.bytes;
    return true;
  }
}

function keyOf({ taskId, attempt }: AttemptRef): string {
  return `${taskId}/${attempt}`;
}
