import type { Event, Task, TaskSummary } from '@multiswarm/contracts';
import { formatAge, formatCost, formatMs } from '../output/durations';
import { paintState } from '../output/paint';
import type { View, ViewContext } from '../output/printer';
import { taskDetail } from './task-detail';

export type TaskRow = TaskSummary;

export const taskView: View<TaskRow> = {
  name: ({ id }) => id,
  none: 'no tasks',
  columns: ({ color, now }) => [
    { header: 'TASK', value: ({ id }) => id },
    { header: 'TYPE', value: ({ type }) => type },
    { header: 'STATE', value: ({ state }) => paintState(color, state) },
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
      header: 'WAITS FOR',
      value: ({ waiting, error }) => waiting?.detail ?? error?.message ?? '-',
      wide: true,
    },
    { header: 'AGE', value: ({ createdAt }) => formatAge(now - Date.parse(createdAt)), align: 'right' },
  ],
};

/** How long it has been running, or ran. */
export function ranFor(
  { startedAt, endedAt }: { startedAt?: string | undefined; endedAt?: string | undefined },
  now: number,
): string {
  if (startedAt === undefined) return '-';
  return formatMs((endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(startedAt));
}

/** `task get` for people; programs get the task alone. */
export function taskWithHistoryView(events: readonly Event[]): View<Task> {
  return {
    ...taskView,
    columns: (context) => taskView.columns(context),
    detail: (task, context: ViewContext) => taskDetail(task, events, context),
  };
}
