import type { ScheduleStore } from '../../../services/orchestrator/src/schedule-ports';

/** A deployment in which nobody has made any. */
export const noSchedules: ScheduleStore = {
  create: () => Promise.reject(new Error('nobody makes schedules here')),
  get: () => Promise.resolve(undefined),
  list: () => Promise.resolve({ items: [], last: undefined }),
  change: () => Promise.resolve(undefined),
  remove: () => Promise.resolve(false),
  soonest: () => Promise.resolve([]),
};
