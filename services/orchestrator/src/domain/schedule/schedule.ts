import type { Overlap, ScheduleCause, ScheduleFire, TaskError, WorkflowState } from '@multiswarm/contracts';

/** When a schedule starts something. All times are epoch milliseconds. */
export interface Times {
  /** The first time that is later than `after`; undefined where there is none. */
  next(after: number): number | undefined;
}

/** What of a schedule decides about its times. */
export interface Conduct {
  /** Behind its namespace and a slash: what its jitter comes from. */
  id: string;
  times: Times;
  overlap: Overlap;
  jitterMs: number;
  catchUpMs: number;
}

/** A time for which a run is to start. No two of one schedule have the same `at`. */
export interface Fire {
  at: number;
  cause: ScheduleCause;
  /** As its schedule said when it was looked at; of a trigger as it was asked for. */
  overlap?: Overlap;
  requestedBy?: string;
  /** The idempotency key of a trigger. */
  key?: string;
}

export interface ScheduledRun {
  id: string;
  at: number;
  /** It is to be cancelled, so that a later time can start. */
  cancel?: true;
}

/** A range of which the times after `cursor` are still to be started. */
export interface Backfill {
  cursor: number;
  to: number;
  overlap: 'buffer-all' | 'allow';
  requestedBy: string;
}

/** A time that was decided, and what came of it. */
export interface Past extends Omit<Fire, 'overlap'> {
  outcome: ScheduleFire['outcome'];
  decidedAt: number;
  id?: string;
  state?: WorkflowState;
  reason?: ScheduleFire['reason'];
  times?: number;
  error?: TaskError;
}

/** What has become of a schedule so far. It is stored as it is. */
export interface ScheduleState {
  /** Every time up to this one is decided. */
  cursor: number;
  paused?: { at: number; note: string; requestedBy: string };
  /** Triggers that are not decided. */
  asked: Fire[];
  /** For the end of an earlier run; the first one starts first. */
  waiting: Fire[];
  /** Decided to start. Whether a run of it was submitted is not known: submitting it again is safe. */
  starting: Fire[];
  running: ScheduledRun[];
  backfills: Backfill[];
  /** The oldest first. */
  recent: Past[];
  counts: Record<ScheduleFire['outcome'], number>;
}

export function newState(now: number): ScheduleState {
  return {
    cursor: now,
    asked: [],
    waiting: [],
    starting: [],
    running: [],
    backfills: [],
    recent: [],
    counts: { started: 0, skipped: 0, missed: 0, failed: 0 },
  };
}
