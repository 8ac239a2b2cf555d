import { isTerminal, type TaskState, type Workflow, type WorkflowStep } from '@multiswarm/contracts';
import { STATE_MARKS } from '@multiswarm/workflow';
import { formatCost, formatMs } from '../output/durations';
import { paintState } from '../output/paint';
import type { ViewContext } from '../output/printer';
import type { FittedColumn } from '../output/fitted-table';
import { ranFor } from './task';

/** One line of the steps: a step, or many items of a map of which nothing in particular is to be said. */
export interface StepRow {
  step: WorkflowStep;
  isCritical: boolean;
  /** What else is to be known: why it waits, where it runs, what went wrong. */
  note: string;
}

/** Items of one map that have lines of their own: what failed and what is under way is more interesting than the rest. */
const ITEMS_LISTED = 5;

const INTEREST: readonly TaskState[] = [
  'failed',
  'expired',
  'backoff',
  'waiting',
  'running',
  'assigned',
  'queued',
];

/** Every step in the order of the record; items behind their map, and of many of them the interesting ones. */
export function stepRows(workflow: Workflow, everything: boolean): StepRow[] {
  const critical = new Set(workflow.criticalPath ?? []);
  const states = new Map(workflow.steps.map(({ id, state }) => [id, state]));
  const itemsOf = new Map<string, WorkflowStep[]>();
  for (const step of workflow.steps)
    if (step.role === 'item' && step.of !== undefined)
      itemsOf.set(step.of, [...(itemsOf.get(step.of) ?? []), step]);
  const row = (step: WorkflowStep): StepRow => {
    return { step, isCritical: critical.has(step.id), note: noteOf(step, states) };
  };
  return workflow.steps
    .filter(({ role, of }) => role !== 'item' || of === undefined)
    .flatMap((step) => {
      const items = itemsOf.get(step.id) ?? [];
      const shown = everything ? items : interesting(items);
      return [row(step), ...shown.map(row)];
    });
}

function interesting(items: readonly WorkflowStep[]): WorkflowStep[] {
  const rank = ({ state }: WorkflowStep): number => INTEREST.indexOf(state);
  return items
    .filter((item) => rank(item) >= 0)
    .sort((a, b) => rank(a) - rank(b) || (a.index ?? 0) - (b.index ?? 0))
    .slice(0, ITEMS_LISTED);
}

/** The columns; those that say nothing of any row are left out. */
export function stepColumns(rows: readonly StepRow[], context: ViewContext): FittedColumn<StepRow>[] {
  const { color, now } = context;
  const isEnded = rows.every(({ step }) => isTerminal(step.state));
  const columns: (FittedColumn<StepRow> & { isNeeded?: boolean })[] = [
    {
      header: rows.some(({ isCritical }) => isCritical) ? '  STEP' : 'STEP',
      value: ({ step, isCritical }) => {
        const critical = rows.some((row) => row.isCritical)
          ? isCritical
            ? `${color.bold('◆')} `
            : '  '
          : '';
        return `${critical}${step.role === 'item' ? '  ' : ''}${step.id}`;
      },
      most: 34,
    },
    { header: 'STATE', value: ({ step }) => `${STATE_MARKS[step.state]} ${paintState(color, step.state)}` },
    { header: 'TOOK', value: ({ step }) => tookText(step, now), align: 'right' },
    {
      header: 'ENDS IN',
      value: ({ step }) => endsText(step, now),
      align: 'right',
      isNeeded: !isEnded && rows.some(({ step }) => step.expectedEndAt !== undefined),
    },
    {
      header: 'SLACK',
      value: ({ step: { slackMs } }) => (slackMs === undefined ? '-' : slackMs < 1 ? '0' : formatMs(slackMs)),
      align: 'right',
      isNeeded: rows.some(({ step }) => step.slackMs !== undefined),
    },
    {
      header: 'COST',
      value: ({ step: { cost } }) => formatCost(cost),
      align: 'right',
      isNeeded: rows.some(({ step }) => step.cost > 0),
    },
    {
      header: 'TASK',
      value: ({ step }) => step.taskId,
      isNeeded: context.wide === true || context.width === undefined,
    },
    { header: 'WHERE, WHY', value: ({ note }) => note },
  ];
  return columns.filter(({ isNeeded }) => isNeeded !== false);
}

/** How long it ran, or waits; of what has not begun how long it is expected to run. */
function tookText(step: WorkflowStep, now: number): string {
  const ran = ranFor(step, now);
  if (ran !== '-') return ran;
  const { state, waiting, estimateMs, control } = step;
  if (waiting && control !== undefined && state === 'waiting')
    return formatMs(Math.max(0, now - Date.parse(waiting.since)));
  return isTerminal(state) || estimateMs === undefined ? '-' : `~${formatMs(estimateMs)}`;
}

/** Nothing of what waits for somebody, or is late: nobody knows that. */
function endsText({ state, expectedEndAt }: WorkflowStep, now: number): string {
  const left = expectedEndAt === undefined ? 0 : Date.parse(expectedEndAt) - now;
  return isTerminal(state) || left <= 0 ? '-' : formatMs(left);
}

function noteOf(step: WorkflowStep, states: ReadonlyMap<string, TaskState>): string {
  const { role, of, keptFrom, attempt, state } = step;
  const said = [
    ...(role === 'added' && of !== undefined ? [`added by ${of}`] : []),
    ...(keptFrom === undefined ? [] : [`kept from ${keptFrom}`]),
    ...(step.items ? [itemsText(step.items)] : []),
    ...(step.childId === undefined ? [] : [`runs as ${step.childId}`]),
    ...(isTerminal(state) ? endedNotes(step) : openNotes(step, states)),
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
  ];
  return said.join('; ');
}

/** `3 of 10 items done, 1 failed, 4 under way` */
export function itemsText({ total, started, succeeded, failed }: NonNullable<WorkflowStep['items']>): string {
  const underWay = started - succeeded - failed;
  return [
    `${succeeded} of ${total} items done`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(underWay > 0 ? [`${underWay} under way`] : []),
  ].join(', ');
}

function onOneLine(message: string): string {
  return message.trim().replaceAll(/\s*\n\s*/g, ' ');
}

function endedNotes({ error, swarmId, region }: WorkflowStep): string[] {
  if (error) return [onOneLine(error.message)];
  return swarmId === undefined ? [] : [`${swarmId} (${region ?? '?'})`];
}

const RUNS: ReadonlySet<TaskState> = new Set<TaskState>(['running', 'assigned']);

/** Why it waits; where nobody has said it: for which steps. */
function openNotes(step: WorkflowStep, states: ReadonlyMap<string, TaskState>): string[] {
  const { waiting, swarmId, region, state, dependsOn, error } = step;
  if (RUNS.has(state)) return swarmId === undefined ? [] : [`${swarmId} (${region ?? '?'})`];
  if (state === 'backoff' && error) return [onOneLine(error.message)];
  // What stands there already says it: how many items there are, or as which run it goes on.
  const isSaid =
    waiting?.reason === 'items' ? step.items : waiting?.reason === 'sub-workflow' && step.childId;
  if (waiting && waiting.reason !== 'steps' && !isSaid) return [waiting.detail];
  const open = dependsOn.filter((id) => !isTerminal(states.get(id) ?? 'blocked'));
  return open.length === 0 ? [] : [`waits for ${shortList(open)}`];
}

const LISTED = 3;

function shortList(names: readonly string[]): string {
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : '';
  return names.slice(0, LISTED).join(', ') + more;
}
