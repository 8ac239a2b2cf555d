import type { AttemptRef, AttemptReport } from '@multiswarm/contracts';
import { SDK_LIMITS } from '../limits';

export interface PendingReport {
  readonly shard: number;
  readonly report: AttemptReport;
  /** About as many as it has as JSON, rather more than less. */
  readonly bytes: number;
  /** How often nobody could read it. */
  refusals: number;
  /** How often it came back without an acknowledgement. */
  returns: number;
}

/** Bytes of a report beside its output and its error. */
const REPORT_BYTES = 300;

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

  /** @param contentBytes of its output and its error as JSON */
  add(shard: number, report: AttemptReport, contentBytes: number): PendingReport {
    const bytes = contentBytes + REPORT_BYTES;
    const item = { shard, report, bytes, refusals: 0, returns: 0 };
    this.pending.set(keyOf(report), item);
    this.bytes += bytes;
    return item;
  }

  has({ report }: PendingReport): boolean {
    return this.pending.has(keyOf(report));
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
