import { stripVTControlCharacters } from 'node:util';
import { isTerminal, type Workflow } from '@multiswarm/contracts';
import { formatCost, formatMs } from '../output/durations';
import { cut } from '../output/live-region';
import { paintState, type Paint } from '../output/paint';
import type { ViewContext } from '../output/printer';
import { counts } from './status';

const BAR = 20;

/**
 * What is said above a drawing of a run: who it is and how far it is; when it ends, and what it costs.
 * @param width of the window, where there is one: parts that do not fit begin a line of their own
 */
export function headLines(workflow: Workflow, { color, now, width }: ViewContext): string[] {
  const { id, name, state, createdAt, endedAt, paused } = workflow;
  const took = formatMs((endedAt === undefined ? now : Date.parse(endedAt)) - Date.parse(createdAt));
  const phase = workflow.phase === undefined ? '' : ` (${workflow.phase})`;
  const title = name === undefined ? [color.bold(id)] : [color.bold(name), color.dim(id)];
  const held = paused === undefined ? [] : [color.yellow(`paused: ${paused.reason}`)];
  return [
    ...filled([...title, `${paintState(color, state)}${phase}`, took, ...held], width),
    ...filled(
      [progressBar(workflow, color), counts(workflow.counts), etaText(workflow, now), costText(workflow)],
      width,
    ),
  ];
}

const GAP = '  ';

/** Parts one behind the other, in as few lines as they fit in. */
function filled(parts: readonly string[], width = Infinity): string[] {
  const lines: string[] = [];
  for (const part of parts.filter((text) => text !== '')) {
    const longer = `${lines.at(-1) ?? ''}${GAP}${part}`;
    if (lines.length > 0 && stripVTControlCharacters(longer).length < width) lines[lines.length - 1] = longer;
    else lines.push(width === Infinity ? part : cut(part, width - 1));
  }
  return lines;
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
