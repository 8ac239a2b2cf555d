import type { DispatchOutcome, Priority } from '@multiswarm/contracts';
import type { ScheduleState } from '../domain/schedule/schedule';
import type { TaskRecord } from '../domain/task/record';

/** What the engine counts, so that it need not know how counts leave the process. */
export interface Meters {
  committed(writes: number, durationMs: number): void;
  assigned(priority: Priority, waitedMs: number): void;
  dispatched(outcome: DispatchOutcome['outcome']): void;
  lost(region: string): void;
  ended(record: TaskRecord): void;
  schedules: ScheduleMeters;
}

/** What is counted of schedules. */
export interface ScheduleMeters {
  decided(outcome: keyof ScheduleState['counts'], count: number): void;
  /** How long after its instant the run for a time was submitted. */
  late(ms: number): void;
}
