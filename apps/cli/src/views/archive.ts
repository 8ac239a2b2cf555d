import type { ArchivedTask } from '../archive/archived-tasks';
import type { End } from '../archive/format';
import { formatMs } from '../output/durations';
import { paintState } from '../output/paint';
import type { View } from '../output/printer';
import { alignRows } from '../output/table';

export interface ArchiveResult {
  files: (End & { file: string })[];
  /** False where it was interrupted, and can be gone on with. */
  complete: boolean;
  /** Some of the roots of which events are missing. */
  holes: readonly string[];
}

export const archiveResultView: View<ArchiveResult> = {
  name: ({ files }) => files.map(({ file }) => file).join('\n'),
  none: '',
  columns: () => [],
  detail: ({ files, holes }) =>
    files.map((file) => archiveText(file)).join('') +
    (holes.length === 0 ? '' : `events are missing of: ${holes.join(', ')}\n`),
};

/** One archive in a few lines. */
export function archiveText({ file, ...end }: End & { file: string }): string {
  const { events, recovered, gaps, roots, holes, first, last } = end;
  const rows: [string, string][] = [
    ['events', `${events}${recovered === 0 ? '' : `, ${recovered} of them from histories`}`],
    ['of', `${roots} tasks and workflows${holes === 0 ? ', none with a hole' : `, ${holes} with a hole`}`],
    ['gaps', gaps === 0 ? 'none' : String(gaps)],
    ['time', first === undefined ? '-' : `${first} to ${last ?? first}`],
  ];
  return `${file}\n${alignRows(rows, { indent: '  ' })}`;
}

/** What events tell of a task. */
export const archivedTaskView: View<ArchivedTask> = {
  name: ({ id }) => id,
  none: 'no tasks',
  columns: ({ color }) => [
    { header: 'TASK', value: ({ id }) => id },
    { header: 'TYPE', value: ({ type }) => type ?? '-' },
    { header: 'STATE', value: ({ state }) => paintState(color, state) },
    { header: 'ATTEMPT', value: ({ attempt }) => String(attempt), align: 'right' },
    { header: 'SWARM', value: ({ swarmId }) => swarmId ?? '-' },
    { header: 'REGION', value: ({ region }) => region ?? '-' },
    { header: 'TOOK', value: took, align: 'right' },
    { header: 'PRIORITY', value: ({ priority }) => priority ?? '-', wide: true },
    { header: 'NAMESPACE', value: ({ namespace }) => namespace, wide: true },
    { header: 'WORKFLOW', value: ({ workflowId }) => workflowId ?? '-', wide: true },
    { header: 'STEP', value: ({ step }) => step ?? '-', wide: true },
    { header: 'ERROR', value: ({ error }) => error?.code ?? '-', wide: true },
    { header: 'EVENTS', value: ({ events }) => String(events), align: 'right', wide: true },
    { header: 'CREATED', value: ({ createdAt }) => createdAt ?? '-' },
  ],
};

/** From its submission to its end. */
function took({ createdAt, endedAt }: ArchivedTask): string {
  if (createdAt === undefined || endedAt === undefined) return '-';
  return formatMs(Date.parse(endedAt) - Date.parse(createdAt));
}
