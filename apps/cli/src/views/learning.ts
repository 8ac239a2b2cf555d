import type { LearnedPair, LearningCommand, LearningPage } from '@multiswarm/contracts';
import { formatAge, formatCost, formatMs } from '../output/durations';
import type { View, ViewContext } from '../output/printer';
import { alignRows } from '../output/table';

export const learnedView: View<LearnedPair> = {
  name: ({ type, swarmClass }) => `${type} ${swarmClass}`,
  none: 'nothing has been learned yet: it comes with the ends of tasks, and with reports of routed requests that name their type',
  columns: ({ now }) => [
    { header: 'TYPE', value: ({ type }) => type },
    { header: 'CLASS', value: ({ swarmClass }) => swarmClass },
    { header: 'SEEN', value: ({ seen }) => String(seen), align: 'right' },
    { header: 'SUCCESS', value: ({ successRate }) => percent(successRate), align: 'right' },
    { header: 'MEDIAN', value: ({ durations }) => durationText(durations?.p50Ms), align: 'right' },
    { header: 'P90', value: ({ durations }) => durationText(durations?.p90Ms), align: 'right' },
    { header: 'P99', value: ({ durations }) => durationText(durations?.p99Ms), align: 'right', wide: true },
    {
      header: 'SLOT/H',
      value: ({ costPerSlotHour }) => formatCost(costPerSlotHour),
      align: 'right',
      wide: true,
    },
    { header: 'COST/SUCCESS', value: ({ costToSuccess }) => formatCost(costToSuccess), align: 'right' },
    { header: 'LAST', value: ({ lastAt }) => formatAge(now - Date.parse(lastAt)), align: 'right' },
  ],
};

/** What holds for all of it: whether it is frozen, and what operators did. */
export const learningView: View<LearningPage> = {
  name: ({ frozen }) => (frozen === undefined ? 'learning' : 'frozen'),
  none: 'nothing',
  columns: () => [],
  detail: (page, context) => `${frozenText(page, context)}${commandsText(page.commands, context)}`,
};

/** One line for people, where there is something to say. */
export function frozenText({ frozen, halfLifeMs }: LearningPage, { now }: Pick<ViewContext, 'now'>): string {
  if (frozen === undefined) return `learning; an attempt counts half after ${formatMs(halfLifeMs)}\n`;
  const age = formatAge(now - Date.parse(frozen.at));
  return `frozen ${age} ago by ${frozen.requestedBy}: ${frozen.reason}\n`;
}

function commandsText(commands: readonly LearningCommand[], { color, now }: ViewContext): string {
  if (commands.length === 0) return '';
  const rows = commands.map(({ kind, type, swarmClass, requestedBy, reason, at }) => [
    `${formatAge(now - Date.parse(at))} ago`,
    kind,
    [type, swarmClass].filter((each) => each !== undefined).join(' on ') || 'all',
    `by ${requestedBy}`,
    reason,
  ]);
  return `${color.bold('what operators did')}\n${alignRows(rows, { indent: '  ' })}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share > 0.99 && share < 1 ? 1 : 0)}%`;
}

function durationText(ms: number | undefined): string {
  return ms === undefined ? '-' : formatMs(ms);
}
