import { isTerminal, type Workflow, type WorkflowSummary } from '@multiswarm/contracts';
import { formatAge, formatCost, formatMs } from '../output/durations';
import { paintState } from '../output/paint';
import type { View, ViewContext } from '../output/printer';
import { fittedTable } from '../output/fitted-table';
import { alignRows } from '../output/table';
import { counts } from './status';
import { headLines } from './workflow-head';
import { stepColumns, stepRows, type StepRow } from './workflow-steps';

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
  detail: (workflow, context) => workflowDetail(workflow, context),
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

/** What is left of the width of a window that draws a line less wide than it is. */
const MARGIN = 1;

/**
 * @param height lines of a window in which it is redrawn: then it has only what changes, and of more steps than there is room for
 *   those around the first that is under way
 */
export function workflowDetail(workflow: Workflow, context: ViewContext, height?: number): string {
  const { color, now, width } = context;
  const rows = stepRows(workflow, context.wide === true);
  const table = fittedTable(stepColumns(rows, context), rows, width && width - MARGIN);
  const head = headLines(workflow, context);
  const { error } = workflow;
  if (height !== undefined) {
    const said = error ? [color.red(`  ${error.message}`)] : [];
    const room = height - head.length - said.length - 2;
    const lines = [...head, ...said, '', ...around(table, rows, room, color)];
    return lines.map((line) => `${line}\n`).join('');
  }
  const facts = factsOf(workflow, now).map(([label, value]) => [color.dim(label), value]);
  const hidden = workflow.steps.length - rows.length;
  const lines = [
    ...head,
    ...alignRows(facts, { indent: '  ' }).trimEnd().split('\n'),
    '',
    ...table.flat(),
    ...(hidden === 0 ? [] : [color.dim(`… and ${hidden} more items of maps (-o wide has all)`)]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** The header, and as many rows as there is room for, from a little before the first that has not ended. */
function around(
  [header = [], ...body]: readonly string[][],
  rows: readonly StepRow[],
  room: number,
  color: ViewContext['color'],
): string[] {
  if (header.length + body.flat().length <= room) return [...header, ...body.flat()];
  const open = rows.findIndex(({ step }) => !isTerminal(step.state));
  const first = Math.max(0, (open === -1 ? body.length : open) - LINES_BEFORE);
  const shown: string[] = [];
  let at = first;
  for (; at < body.length && shown.length + (body[at]?.length ?? 0) <= room - header.length - 2; at += 1)
    shown.push(...(body[at] ?? []));
  const told = (count: number, where: string): string =>
    color.dim(count === 0 ? '' : `  … ${count} ${where}`);
  return [...header, told(first, 'above'), ...shown, told(body.length - at, 'below')];
}

const LINES_BEFORE = 3;

/** What is to be known of the run as a whole, besides how far it is. */
function factsOf(workflow: Workflow, now: number): [string, string][] {
  const { namespace, createdAt, definition, error, parent, forkOf, deadline, concurrency, budget, schedule } =
    workflow;
  const maybe = (label: string, value: string | undefined): [string, string][] =>
    value === undefined ? [] : [[label, value]];
  return [
    ...maybe('error', error && `${error.message} (${error.code})`),
    ...maybe('cancelled', cancelText(workflow)),
    ['namespace', namespace],
    ['created', `${createdAt} (${formatAge(now - Date.parse(createdAt))} ago)`],
    ...maybe('of', definition && `${definition.name}, version ${definition.version}`),
    ...maybe('schedule', schedule),
    ...maybe('step of', parent && `${parent.workflowId}, ${parent.step}`),
    ...maybe('repeats', forkOf && `${forkOf.workflowId}, from ${forkOf.from}`),
    ...maybe('deadline', deadline),
    ...maybe('at once', concurrency === undefined ? undefined : `${concurrency} steps at most`),
    ...maybe('budget', budget && budgetText(budget)),
    ['trace', workflow.traceId],
  ];
}

function cancelText({ cancelRequestedAt, cancelRequestedBy }: Workflow): string | undefined {
  if (cancelRequestedAt === undefined) return undefined;
  return `asked for at ${cancelRequestedAt}${cancelRequestedBy === undefined ? '' : ` by ${cancelRequestedBy}`}`;
}

function budgetText({ usd, tokens }: NonNullable<Workflow['budget']>): string {
  const parts = [
    ...(usd === undefined ? [] : [formatCost(usd)]),
    ...(tokens === undefined ? [] : [`${tokens} tokens`]),
  ];
  return parts.join(', ');
}
