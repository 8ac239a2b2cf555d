import { isTerminal, type Workflow } from '@multiswarm/contracts';
import { formatCost, formatMs } from '../output/durations';
import { paintState, type Paint } from '../output/paint';
import { counts } from './status';

const BAR = 20;

/** What is said above a drawing of a run: who it is and how far it is; when it ends, and what it costs. */
export function headLines(workflow: Workflow, color: Paint, now: number): string[] {
  const { id, name, state, createdAt, endedAt } = workflow;
  const took = formatMs((endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(createdAt));
  const phase = workflow.phase === undefined ? '' : ` (${workflow.phase})`;
  const paused =
    workflow.paused === undefined ? '' : `  ${color.yellow(`paused: ${workflow.paused.reason}`)}`;
  const title = name === undefined ? color.bold(id) : `${color.bold(name)}  ${color.dim(id)}`;
  return [
    `${title}  ${paintState(color, state)}${phase}  ${took}${paused}`,
    `${progressBar(workflow, color)}  ${[counts(workflow.counts), etaText(workflow, now), costText(workflow)].filter((text) => text !== '').join('  ')}`,
  ];
}

/** `━━━━━━━━────────────  40% 4/10` */
function progressBar({ steps }: Workflow, color: Paint): string {
  const total = Math.max(1, steps.length);
  const ended = steps.filter(({ state }) => isTerminal(state)).length;
  const full = Math.floor((ended / total) * BAR);
  const percent = Math.floor((ended / total) * 100);
  return `${color.green('━'.repeat(full))}${color.dim('─'.repeat(BAR - full))}  ${percent}% ${ended}/${steps.length}`;
}

/** `ends in about 2m 05s`; `at the earliest in …` while there are steps of which nobody knows how long they take. */
export function etaText({ etaAt, steps }: Workflow, now: number): string {
  if (etaAt === undefined) return '';
  const isBound = steps.some(({ state, estimateMs }) => !isTerminal(state) && estimateMs === undefined);
  const left = formatMs(Math.max(0, Date.parse(etaAt) - now));
  return isBound ? `ETA ${left} at the earliest` : `ETA ${left}`;
}

/** `$0.12 of ~$0.40` */
export function costText({ cost, costProjected }: Workflow): string {
  const projected = costProjected === undefined ? '' : ` of ~${formatCost(costProjected)}`;
  return `${formatCost(cost)}${projected}`;
}
