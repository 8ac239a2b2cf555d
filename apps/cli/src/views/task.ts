import type { AttemptRecord, Event, Task, TaskState, TaskSummary } from '@multiswarm/contracts';
import { formatAge, formatCost, formatMs } from '../output/durations';
import { paintState, type Paint } from '../output/paint';
import type { View, ViewContext } from '../output/printer';
import { progressText, taskDetail } from './task-detail';

export type TaskRow = TaskSummary;

export const taskView: View<TaskRow> = {
  name: ({ id }) => id,
  none: 'no tasks',
  columns: ({ color, now }) => [
    { header: 'TASK', value: ({ id }) => id },
    { header: 'TYPE', value: ({ type }) => type },
    { header: 'STATE', value: (task) => stateText(task, color) },
    { header: 'ATTEMPT', value: ({ attempt, retry }) => `${attempt}/${retry.maxAttempts}`, align: 'right' },
    { header: 'SWARM', value: ({ swarmId }) => swarmId ?? '-' },
    { header: 'REGION', value: ({ region }) => region ?? '-' },
    { header: 'RAN', value: (task) => ranFor(task, now), align: 'right' },
    { header: 'COST', value: ({ cost }) => formatCost(cost), align: 'right' },
    { header: 'PRIORITY', value: ({ priority }) => priority, wide: true },
    { header: 'NAMESPACE', value: ({ namespace }) => namespace, wide: true },
    { header: 'WORKFLOW', value: ({ workflowId }) => workflowId ?? '-', wide: true },
    { header: 'STEP', value: ({ step }) => step ?? '-', wide: true },
    {
      header: 'PROGRESS',
      value: ({ progress }) => (progress === undefined ? '-' : progressText(progress)),
      wide: true,
    },
    {
      header: 'WAITS FOR',
      value: ({ waiting, error }) => waiting?.detail ?? error?.message ?? '-',
      wide: true,
    },
    { header: 'AGE', value: ({ createdAt }) => formatAge(now - Date.parse(createdAt)), align: 'right' },
  ],
};

/** A paused task keeps its state, and goes nowhere from it. */
export function stateText({ state, paused }: Pick<Task, 'state' | 'paused'>, color: Paint): string {
  return paused === undefined
    ? paintState(color, state)
    : `${paintState(color, state)} ${color.yellow('(paused)')}`;
}

interface Run {
  state: TaskState;
  /** When the current state began. */
  stateSince?: string | undefined;
  /** When the first attempt started. */
  startedAt?: string | undefined;
  endedAt?: string | undefined;
  attempt: number;
  /** Lists go without. */
  attempts?: readonly AttemptRecord[] | undefined;
}

/**
 * How long the current attempt has been running, or how long the last one ran. Nothing for a task that does not run: it
 * started once, but the time since then is spent waiting. A list knows only when the first attempt started, so it leaves out
 * the times of later ones that have ended.
 */
export function ranFor(run: Run, now: number): string {
  const last = run.attempts?.findLast(({ startedAt }) => startedAt !== undefined);
  const first = run.attempt > 1 ? undefined : toMs(run.startedAt);
  const start = last?.startedAt ?? (run.state === 'running' ? (toMs(run.stateSince) ?? first) : first);
  const end = run.state === 'running' ? now : (last?.endedAt ?? toMs(run.endedAt));
  return start === undefined || end === undefined ? '-' : formatMs(end - start);
}

function toMs(instant: string | undefined): number | undefined {
  return instant === undefined ? undefined : Date.parse(instant);
}

/** `task get` for people; programs get the task alone. */
export function taskWithHistoryView(events: readonly Event[]): View<Task> {
  return {
    ...taskView,
    columns: (context) => taskView.columns(context),
    detail: (task, context: ViewContext) => taskDetail(task, events, context),
  };
}
