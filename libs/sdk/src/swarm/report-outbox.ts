import type { DispatchOutcome, ProgressReport } from '@multiswarm/contracts';
import { SDK_LIMITS } from '../limits';
import type { PendingReport } from './report-buffer';

export interface ShardOutcome {
  readonly shard: number;
  readonly outcome: DispatchOutcome;
}

export interface ShardProgress {
  readonly shard: number;
  readonly progress: ProgressReport;
}

/** What one message says. */
export interface Said {
  readonly reports: readonly PendingReport[];
  readonly outcomes: readonly ShardOutcome[];
  readonly progress: readonly ShardProgress[];
}

/** Bytes of an outcome, and of a progress without its message. */
const OUTCOME_BYTES = 200;
const PROGRESS_BYTES = 200;
const BYTES_PER_CHAR = 3;

/** What waits to be said on one subject. Of each attempt only the newest progress waits. */
export class ReportOutbox {
  private reports: PendingReport[] = [];
  private outcomes: ShardOutcome[] = [];
  private readonly progress = new Map<string, ShardProgress>();

  addReport(report: PendingReport): void {
    this.reports.push(report);
  }

  addOutcome(outcome: ShardOutcome): void {
    this.outcomes.push(outcome);
  }

  addProgress(item: ShardProgress): void {
    const { taskId, attempt, progress } = item.progress;
    const key = `${taskId}/${attempt}`;
    const waiting = this.progress.get(key);
    if (waiting === undefined || waiting.progress.progress.at <= progress.at) this.progress.set(key, item);
  }

  get waitingReports(): number {
    return this.reports.length;
  }

  get empty(): boolean {
    return this.reports.length + this.outcomes.length + this.progress.size === 0;
  }

  /** As much as one message carries: outcomes first, because somebody waits for them, then reports, then progress. */
  take(share = Infinity): Said | undefined {
    if (this.empty) return undefined;
    const outcomes = this.outcomes.splice(0, SDK_LIMITS.REPORT_BATCH);
    const room = { bytes: SDK_LIMITS.BATCH_BYTES - outcomes.length * OUTCOME_BYTES };
    const reports = this.takeReports(room, share);
    return { outcomes, reports, progress: this.takeProgress(room) };
  }

  private takeReports(room: { bytes: number }, share: number): PendingReport[] {
    const most = Math.min(this.reports.length, SDK_LIMITS.REPORT_BATCH, share);
    let count = 0;
    for (; count < most; count++) {
      const { bytes } = this.reports[count] as PendingReport;
      // A report that is larger than that travels alone.
      if (count > 0 && bytes > room.bytes) break;
      room.bytes -= bytes;
    }
    return this.reports.splice(0, count);
  }

  private takeProgress(room: { bytes: number }): ShardProgress[] {
    const taken: ShardProgress[] = [];
    for (const [key, item] of this.progress) {
      room.bytes -= PROGRESS_BYTES + (item.progress.progress.message?.length ?? 0) * BYTES_PER_CHAR;
      if (room.bytes < 0) break;
      this.progress.delete(key);
      taken.push(item);
    }
    return taken;
  }
}
