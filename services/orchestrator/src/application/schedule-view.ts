import type {
  Schedule,
  ScheduledTime,
  ScheduleFire,
  ScheduleSummary,
  WorkflowState,
} from '@multiswarm/contracts';
import { startOf } from '../domain/schedule/jitter';
import type { Backfill, Conduct, Past, ScheduleState } from '../domain/schedule/schedule';
import type { ListedSchedule, NamedSchedule, ScheduleBody } from '../schedule-ports';
import { conductOf } from './schedule-terms';

/** A schedule with what has become of it: stored, or as it would be. */
export type ShownSchedule = NamedSchedule & { body: ScheduleBody; state: ScheduleState };

/**
 * A schedule as people see it.
 * @param next so many times
 * @param now epoch ms
 */
export function scheduleSummary(shown: ListedSchedule, next: number, now: number): ScheduleSummary {
  const { namespace, name, body, state } = shown;
  const conduct = conductOf(shown);
  return {
    ...{ namespace, name, ...body },
    ...(state.paused ? { paused: { ...state.paused, at: iso(state.paused.at) } } : {}),
    next: nextTimes(conduct, state, next, now),
    running: state.running.map(({ id, at, cancel }) => ({
      workflowId: id,
      at: iso(at),
      ...(cancel ? { cancelled: true } : {}),
    })),
    waiting: [...state.starting, ...state.asked, ...state.waiting].map(({ at, cause }) => ({
      at: iso(at),
      cause,
    })),
    backfills: state.backfills.flatMap((backfill) => backfillView(conduct, backfill)),
    counts: { ...state.counts },
  };
}

/**
 * @param recent so many of the last times
 * @param states of runs that had not ended when they were looked at last
 */
export function scheduleView(
  shown: ShownSchedule,
  show: { next: number; recent: number },
  states: ReadonlyMap<string, WorkflowState | undefined>,
  now: number,
): Schedule {
  const last = show.recent === 0 ? [] : shown.state.recent.slice(-show.recent).reverse();
  return {
    ...scheduleSummary(shown, show.next, now),
    workflow: shown.body.workflow,
    recent: last.map((past) => fireView(past, states)),
  };
}

/** Times to come; those that have passed while it was paused are none of them. */
function nextTimes(
  conduct: Conduct,
  { cursor, paused }: ScheduleState,
  most: number,
  now: number,
): ScheduledTime[] {
  const next: ScheduledTime[] = [];
  let at = conduct.times.next(paused ? Math.max(cursor, now) : cursor);
  for (; at !== undefined && next.length < most; at = conduct.times.next(at))
    next.push({ at: iso(at), startAt: iso(startOf(conduct, at)) });
  return next;
}

function backfillView({ times }: Conduct, { cursor, to, ...backfill }: Backfill): Schedule['backfills'] {
  const next = times.next(cursor);
  return next === undefined || next > to ? [] : [{ next: iso(next), to: iso(to), ...backfill }];
}

function fireView(past: Past, states: ReadonlyMap<string, WorkflowState | undefined>): ScheduleFire {
  const { at, cause, outcome, decidedAt, id, reason, times, error, requestedBy } = past;
  const state = past.state ?? (id === undefined ? undefined : states.get(id));
  return {
    ...{ at: iso(at), cause, outcome, decidedAt: iso(decidedAt) },
    ...(id === undefined ? {} : { workflowId: id }),
    ...(state === undefined ? {} : { state }),
    ...(reason === undefined ? {} : { reason }),
    ...(times === undefined ? {} : { times }),
    ...(error === undefined ? {} : { error }),
    ...(requestedBy === undefined ? {} : { requestedBy }),
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
