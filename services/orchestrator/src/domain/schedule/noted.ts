import { LIMITS, type TaskError, type WorkflowState } from '@multiswarm/contracts';
import { copyOf } from './advance';
import { note, pastOf } from './overlap';
import type { Fire, ScheduleState } from './schedule';

/** What has come of a time that was to start. */
export type Started = { fire: Fire } & ({ id: string } | { error: TaskError });

/** Runs are submitted, or were refused for good. */
export function started(given: ScheduleState, news: readonly Started[], now: number): ScheduleState {
  const state = copyOf(given);
  for (const { fire, ...came } of news) {
    const standing = state.starting.length;
    state.starting = state.starting.filter(({ at, cause }) => at !== fire.at || cause !== fire.cause);
    if (state.starting.length === standing) continue; // noted before
    if ('error' in came) note(state, { ...pastOf(fire, now), outcome: 'failed', error: came.error });
    else {
      note(state, { ...pastOf(fire, now), outcome: 'started', id: came.id });
      state.running = [...state.running.filter(({ id }) => id !== came.id), { id: came.id, at: fire.at }];
    }
  }
  state.running = state.running.slice(-LIMITS.SCHEDULE_RUNNING);
  return state;
}

/**
 * Runs have ended.
 * @param ends the state of each run that is over; undefined where there is none any more
 */
export function ended(
  given: ScheduleState,
  ends: ReadonlyMap<string, WorkflowState | undefined>,
): ScheduleState {
  if (ends.size === 0) return given;
  return {
    ...given,
    running: given.running.filter(({ id }) => !ends.has(id)),
    recent: given.recent.map((past) => {
      const state = past.id === undefined ? undefined : ends.get(past.id);
      return state === undefined ? past : { ...past, state };
    }),
  };
}
