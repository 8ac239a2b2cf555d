import type { Workflow, WorkflowStep, WorkflowSummary } from '@multiswarm/contracts';
import { formatAge, formatCost, formatMs } from '../output/durations';
import { paintState } from '../output/paint';
import type { View, ViewContext } from '../output/printer';
import { alignRows, renderTable, type Column } from '../output/table';
import { counts } from './status';
import { ranFor } from './task';

export const workflowListView: View<WorkflowSummary> = {
  name: ({ id }) => id,
  none: 'no workflows',
  columns: ({ color, now }) => [
    { header: 'WORKFLOW', value: ({ id }) => id },
    { header: 'NAME', value: ({ name }) => name ?? '-' },
    { header: 'STATE', value: (workflow) => paintState(color, workflow.state) + meanwhile(workflow) },
    { header: 'STEPS', value: (workflow) => counts(workflow.counts) },
    { header: 'TOOK', value: (workflow) => tookMs(workflow, now), align: 'right' },
    { header: 'COST', value: ({ cost }) => formatCost(cost), align: 'right' },
    { header: 'NAMESPACE', value: ({ namespace }) => namespace, wide: true },
    { header: 'AGE', value: ({ createdAt }) => formatAge(now - Date.parse(createdAt)), align: 'right' },
  ],
};

export const workflowView: View<Workflow> = {
  name: ({ id }) => id,
  none: 'no workflows',
  columns: (context) => workflowListView.columns(context),
  detail: workflowDetail,
};

/** What holds a run, or what it is at. */
function meanwhile({ state, paused, phase }: WorkflowSummary): string {
  if (state !== 'running') return '';
  if (phase !== undefined) return ` (${phase})`;
  return paused === undefined ? '' : ' (paused)';
}

function tookMs({ createdAt, endedAt }: WorkflowSummary, now: number): string {
  return formatMs((endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(createdAt));
}

function workflowDetail(workflow: Workflow, { color, now }: ViewContext): string {
  const rows: [string, string][] = [
    ['name', workflow.name ?? '-'],
    ['namespace', workflow.namespace],
    ['steps', counts(workflow.counts)],
    ['created', `${workflow.createdAt} (${formatAge(now - Date.parse(workflow.createdAt))} ago)`],
    ['took', tookMs(workflow, now)],
    ['cost', formatCost(workflow.cost)],
    ['trace', workflow.traceId],
  ];
  if (workflow.error) rows.splice(2, 0, ['error', `${workflow.error.message} (${workflow.error.code})`]);
  const head = `${color.bold(workflow.id)}  ${paintState(color, workflow.state)}\n`;
  return `${head}${alignRows(
    rows.map(([label, value]) => [color.dim(label), value]),
    { indent: '  ' },
  )}\n${renderTable(stepColumns({ color, now }), workflow.steps)}`;
}

export function stepColumns({ color, now }: ViewContext): Column<WorkflowStep>[] {
  return [
    { header: 'STEP', value: ({ id }) => id },
    { header: 'STATE', value: ({ state }) => paintState(color, state) },
    { header: 'AFTER', value: ({ dependsOn }) => shortList(dependsOn) },
    {
      header: 'SWARM',
      value: ({ swarmId, region }) => (swarmId === undefined ? '-' : `${swarmId} (${region ?? '?'})`),
    },
    { header: 'RAN', value: (step) => ranFor(step, now), align: 'right' },
    { header: 'COST', value: ({ cost }) => formatCost(cost), align: 'right' },
    { header: 'TASK', value: ({ taskId }) => taskId },
    { header: 'ERROR', value: ({ error }) => (error ? firstLine(error.message) : '') },
  ];
}

const LISTED = 3;

function shortList(names: readonly string[]): string {
  if (names.length === 0) return '-';
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : '';
  return names.slice(0, LISTED).join(', ') + more;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
