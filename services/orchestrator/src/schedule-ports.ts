import type { ScheduleSpec, WorkflowState } from '@multiswarm/contracts';
import type { Cancel } from '@multiswarm/core';
import type { ScheduleState } from './domain/schedule/schedule';

export interface NamedSchedule {
  namespace: string;
  name: string;
}

/** What a schedule is, and who has put it so. Times: ISO 8601. */
export interface ScheduleBody extends ScheduleSpec {
  createdAt: string;
  updatedAt: string;
  requestedBy: string;
}

export interface StoredSchedule extends NamedSchedule {
  /** Of this change of it: no other one, of any schedule, has the same. */
  revision: number;
  body: ScheduleBody;
  state: ScheduleState;
}

/** As lists show it. */
export interface ListedSchedule extends NamedSchedule {
  body: Omit<ScheduleBody, 'workflow'>;
  state: ScheduleState;
}

/** What is written of a schedule, on the condition that it is still the one that was read. */
export interface ScheduleChange {
  /** As it was read. */
  revision: number;
  body?: ScheduleBody;
  state: ScheduleState;
  /** When there is something to do for it, epoch ms. */
  wakeAt: number | undefined;
}

/** Where schedules are. */
export interface ScheduleStore {
  /**
   * @returns its revision; undefined where there is one of the name
   * @throws MultiswarmError `invalid-request` where there would be more than LIMITS.SCHEDULES
   */
  create(given: Omit<StoredSchedule, 'revision'>, wakeAt: number | undefined): Promise<number | undefined>;
  get(of: NamedSchedule): Promise<StoredSchedule | undefined>;
  /** By namespace and name; `last` is where the page ends, unless nothing is behind it. */
  list(
    namespace: string | undefined,
    after: NamedSchedule | undefined,
    limit: number,
  ): Promise<{ items: ListedSchedule[]; last: NamedSchedule | undefined }>;
  /**
   * @param epoch of the scheduler that writes; undefined for what people ask
   * @returns the new revision; undefined where it was changed since it was read, or deleted
   * @throws MultiswarmError `stale-epoch`: another scheduler is in office
   */
  change(of: NamedSchedule, change: ScheduleChange, epoch?: number): Promise<number | undefined>;
  /** False: there is none. */
  remove(of: NamedSchedule): Promise<boolean>;
  /** Those for which there is something to do first, and when, epoch ms. */
  soonest(limit: number): Promise<(NamedSchedule & { at: number })[]>;
}

/** The runs that schedules start. */
export interface ScheduledRuns {
  /**
   * Submits what a schedule starts for a time. Repeating is safe.
   * @returns the id of the run
   */
  submit(schedule: StoredSchedule, at: number): Promise<string>;
  /** Undefined where there is none, or none any more. */
  state(id: string): Promise<WorkflowState | undefined>;
  /** Repeating is safe, also when it has ended. */
  cancel(id: string, reason: string): Promise<void>;
  /** Calls `heard` once when the run has ended, as soon as that is known here. */
  onEnd(id: string, heard: () => void): Cancel;
}
