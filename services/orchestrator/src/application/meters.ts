import type { DispatchOutcome, Priority } from '@multiswarm/contracts';
import type { TaskRecord } from '../domain/task/record';

/** What the engine counts, so that it need not know how counts leave the process. */
export interface Meters {
  committed(writes: number, durationMs: number): void;
  assigned(priority: Priority, waitedMs: number): void;
  dispatched(outcome: DispatchOutcome['outcome']): void;
  lost(region: string): void;
  ended(record: TaskRecord): void;
}
