import type {
  DeletedSchedule,
  Overlap,
  Schedule,
  ScheduleBackfilled,
  SchedulePage,
  ScheduleTriggered,
} from '@multiswarm/contracts';
import { OPERATIONS } from './operations';
import type { Port } from './port';
import { toWorkflow } from './submission';
import type { AskedBy, DefinitionRunInput, WorkflowDocument, WorkflowInput } from './types';

/** What a schedule starts: steps in place, or a definition. Each run gets a key, and the namespace, of its schedule. */
export type ScheduledWorkflow =
  | Omit<WorkflowInput, 'namespace' | 'idempotencyKey'>
  | WorkflowDocument
  | (Omit<DefinitionRunInput, 'namespace' | 'idempotencyKey' | 'deadline'> & { definition: string });

/** When a schedule starts what; what is left out has its default. */
export interface ScheduleInput {
  namespace?: string;
  /** Minute, hour, day of month, month, day of week; or `@daily` and the like. */
  cron: string;
  /** Such as Europe/Berlin; UTC unless given. */
  timeZone?: string;
  /** No time before it, and none behind it: ISO 8601 in UTC. */
  from?: string;
  until?: string;
  /** What becomes of a time while an earlier run goes on; skip unless given. */
  overlap?: Overlap;
  jitterMs?: number;
  /** For how long a time is made up for that nobody could start at; a day unless given. */
  catchUpMs?: number;
  /** Field of the input in which a run gets the time it is started for. */
  timeField?: string;
  description?: string;
  workflow: ScheduledWorkflow;
  paused?: boolean;
  note?: string;
  /** Check it, and show the next times; nothing is stored. */
  dryRun?: boolean;
}

/** What changes of a schedule; null takes away what may be absent. */
export type ScheduleChanges = Partial<
  Omit<ScheduleInput, 'from' | 'until' | 'timeField' | 'description' | 'paused' | 'note'>
> & {
  from?: string | null;
  until?: string | null;
  timeField?: string | null;
  description?: string | null;
};

/** Workflows that start at times. All but `create` and `list` throw `schedule-not-found`. */
export interface SchedulesClient {
  /** One that is there already, and is the same, is answered as it is. Throws `invalid-request` with all findings, `schedule-exists`. */
  create(name: string, schedule: ScheduleInput, by?: AskedBy): Promise<Schedule>;
  update(name: string, changes: ScheduleChanges, by?: AskedBy): Promise<Schedule>;
  /** With so many of its next times, and so many of the last ones with what came of them. */
  get(name: string, options?: { namespace?: string; next?: number; recent?: number }): Promise<Schedule>;
  list(page?: { namespace?: string; limit?: number; cursor?: string }): Promise<SchedulePage>;
  pause(name: string, options?: { namespace?: string; note?: string } & AskedBy): Promise<Schedule>;
  /** Goes on with the next time. */
  resume(name: string, options?: { namespace?: string } & AskedBy): Promise<Schedule>;
  /** One run now, as the overlap policy allows. */
  trigger(
    name: string,
    options?: { namespace?: string; overlap?: Overlap; idempotencyKey?: string } & AskedBy,
  ): Promise<ScheduleTriggered>;
  /** Runs for the times of a range that has passed; a time that has its run already starts no other one. */
  backfill(
    name: string,
    range: {
      from: string;
      to: string;
      overlap?: 'buffer-all' | 'allow';
      namespace?: string;
      dryRun?: boolean;
    } & AskedBy,
  ): Promise<ScheduleBackfilled>;
  /** What it has started goes on. */
  delete(name: string, options?: { namespace?: string } & AskedBy): Promise<DeletedSchedule>;
}

/** Workflows that start at times. */
export function schedulesOf(port: Port): SchedulesClient {
  return {
    create: (name, schedule, by = {}) =>
      port.ask(OPERATIONS.createSchedule, { ...port.by(), ...by, ...asSchedule(schedule), name }),
    update: (name, changes, by = {}) =>
      port.ask(OPERATIONS.updateSchedule, { ...port.by(), ...by, ...asSchedule(changes), name }),
    get: (name, options = {}) => port.ask(OPERATIONS.getSchedule, { name, ...options }),
    list: (page = {}) => port.ask(OPERATIONS.listSchedules, page),
    pause: (name, options = {}) => port.ask(OPERATIONS.pauseSchedule, { ...port.by(), ...options, name }),
    resume: (name, options = {}) => port.ask(OPERATIONS.resumeSchedule, { ...port.by(), ...options, name }),
    // With a key, so that a repetition starts no second run.
    trigger: (name, options = {}) =>
      port.ask(OPERATIONS.triggerSchedule, {
        idempotencyKey: port.ids.next(),
        ...port.by(),
        ...options,
        name,
      }),
    backfill: (name, range) => port.ask(OPERATIONS.backfillSchedule, { ...port.by(), ...range, name }),
    delete: (name, options = {}) => port.ask(OPERATIONS.deleteSchedule, { ...port.by(), ...options, name }),
  };
}

function asSchedule<T extends { workflow?: ScheduleInput['workflow'] | undefined }>(schedule: T): T {
  const { workflow } = schedule;
  if (workflow === undefined || 'definition' in workflow) return schedule;
  return { ...schedule, workflow: toWorkflow(workflow) };
}
