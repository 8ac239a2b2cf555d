import type { Schedule, ScheduleFire, ScheduleSummary } from '@multiswarm/contracts';
import { formatAge } from '../output/durations';
import type { View, ViewContext } from '../output/printer';
import { alignRows } from '../output/table';

/** In lists. */
export const scheduleRow: View<ScheduleSummary> = {
  name: ({ name }) => name,
  none: 'no schedules: create one with "swarmctl schedule create NAME --cron … --definition …"',
  columns: ({ now }) => [
    { header: 'SCHEDULE', value: ({ name }) => name },
    { header: 'CRON', value: ({ cron }) => cron },
    { header: 'ZONE', value: ({ timeZone }) => timeZone },
    { header: 'NEXT', value: (schedule) => nextOf(schedule, now) },
    { header: 'RUNNING', value: ({ running }) => String(running.length), align: 'right' },
    { header: 'STARTED', value: ({ counts }) => String(counts.started), align: 'right' },
    { header: 'SKIPPED', value: ({ counts }) => String(counts.skipped), align: 'right', wide: true },
    { header: 'MISSED', value: ({ counts }) => String(counts.missed), align: 'right', wide: true },
    { header: 'FAILED', value: ({ counts }) => String(counts.failed), align: 'right' },
    { header: 'OVERLAP', value: ({ overlap }) => overlap, wide: true },
    { header: 'NAMESPACE', value: ({ namespace }) => namespace, wide: true },
  ],
  detail: () => '',
};

/** One, with its next times and its last ones. */
export const scheduleView: View<Schedule> = { ...scheduleRow, columns: () => [], detail: scheduleDetail };

function nextOf({ paused, next }: ScheduleSummary, now: number): string {
  if (paused) return 'paused';
  const [first] = next;
  return first === undefined ? '-' : `in ${formatAge(Math.max(0, Date.parse(first.startAt) - now))}`;
}

function scheduleDetail(view: Schedule, { color, now }: ViewContext): string {
  const { name, cron, timeZone, paused, next, recent } = view;
  const state = paused ? `paused: ${paused.note} (${paused.requestedBy}, ${paused.at})` : 'active';
  const facts = factsOf(view, now).map(([label, value]) => [color.dim(label), value]);
  const parts = [
    `${color.bold(name)}  ${cron}  ${timeZone}  ${state}\n`,
    alignRows(facts, { indent: '  ' }),
    next.length === 0 ? '' : `${color.dim('next')}\n`,
    alignRows(
      next.map(({ at, startAt }) => [at, at === startAt ? '' : `starts ${startAt}`]),
      { indent: '  ' },
    ),
    recent.length === 0 ? '' : `${color.dim('last')}\n`,
    alignRows(recent.map(fireRow), { indent: '  ' }),
  ];
  return parts.join('');
}

function factsOf(view: Schedule, now: number): [string, string][] {
  const { namespace, description, overlap, jitterMs, catchUpMs, workflow, counts } = view;
  const { running, waiting, backfills, createdAt, requestedBy } = view;
  const optional: [string, string][] = [
    ...(description === undefined ? [] : [['description', description] as [string, string]]),
    ...(view.from === undefined ? [] : [['from', view.from] as [string, string]]),
    ...(view.until === undefined ? [] : [['until', view.until] as [string, string]]),
    ...(jitterMs === 0 ? [] : [['jitter', `up to ${formatAge(jitterMs)}`] as [string, string]]),
    ...running.map(({ workflowId, at, cancelled }): [string, string] => [
      'running',
      `${workflowId} for ${at}${cancelled ? ', being cancelled' : ''}`,
    ]),
    ...(waiting.length === 0 ? [] : [['waiting', waiting.map(({ at }) => at).join(' ')] as [string, string]]),
    ...backfills.map((each): [string, string] => [
      'backfill',
      `from ${each.next} to ${each.to}, ${each.overlap}`,
    ]),
  ];
  return [
    ['namespace', namespace],
    ['starts', startedBy(workflow)],
    ['overlap', overlap],
    ['catch-up', formatAge(catchUpMs)],
    ...optional,
    [
      'so far',
      `${counts.started} started, ${counts.skipped} skipped, ${counts.missed} missed, ${counts.failed} failed`,
    ],
    [
      'created',
      `${createdAt} (${formatAge(now - Date.parse(createdAt))} ago), last changed by ${requestedBy}`,
    ],
  ];
}

function startedBy({ definition, version, tasks }: Schedule['workflow']): string {
  if (typeof definition === 'string')
    return `definition ${definition}${typeof version === 'number' ? ` version ${version}` : ', the newest version'}`;
  const steps = Array.isArray(tasks) ? tasks.length : 0;
  return `a workflow of ${steps} ${steps === 1 ? 'step' : 'steps'}`;
}

function fireRow({ at, cause, outcome, workflowId, state, reason, times, error }: ScheduleFire): string[] {
  const what =
    workflowId === undefined ? (reason ?? error?.message ?? '') : `${workflowId} ${state ?? 'gone'}`;
  return [at, cause, outcome, times === undefined ? what : `${what}, ${times} times`];
}
