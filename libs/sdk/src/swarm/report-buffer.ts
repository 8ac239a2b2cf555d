import type { AttemptRef, AttemptReport } from '@multiswarm/contracts';
import { SDK_LIMITS } from '../limits';

export interface PendingReport {
  readonly shard: number;
  readonly report: AttemptReport;
  readonly bytes: number;
}

/**
 * The reports that no owner has acknowledged yet.
 *
 * R1. A report leaves only by an acknowledgement of exactly its task and attempt.
 * R2. `full` says when the swarm has to stop taking work: what is kept is never thrown away to make room.
 */
export class ReportBuffer {
  private readonly pending = new Map<string, PendingReport>();
  private bytes = 0;

  get size(): number {
    return this.pending.size;
  }

  get full(): boolean {
    return this.bytes >= SDK_LIMITS.UNREPORTED_BYTES;
  }

  add(shard: number, report: AttemptReport): PendingReport {
    const item = { shard, report, bytes: Buffer.byteLength(JSON.stringify(report)) };
    this.pending.set(keyOf(report), item);
    this.bytes += item.bytes;
    return item;
  }

  has(ref: AttemptRef): boolean {
    return this.pending.has(keyOf(ref));
  }

  /** False where nothing waited for this acknowledgement. */
  acknowledge(ref: AttemptRef): boolean {
    const item = this.pending.get(keyOf(ref));
    if (!item) return false;
    this.pending.delete(keyOf(ref));
    this.bytes -= item.bytes;
    return true;
  }
}

function keyOf({ taskId, attempt }: AttemptRef): string {
  return `${taskId}/${attempt}`;
}
