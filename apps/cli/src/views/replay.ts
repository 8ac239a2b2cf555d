import type { RankedSwarm, Replay, ReplayDifference } from '@multiswarm/contracts';
import { formatAge, formatCost } from '../output/durations';
import type { View, ViewContext } from '../output/printer';
import { alignRows, renderTable, type Column } from '../output/table';

export const replayView: View<Replay> = {
  name: ({ policy }) => policy,
  none: 'nothing was replayed',
  columns: () => [{ header: 'POLICY', value: ({ policy }) => policy }],
  detail: replayText,
};

function replayText(replay: Replay, context: ViewContext): string {
  const { policy, replayed, items } = replay;
  if (replayed === 0) return 'no decision that is kept fits (REPLAYS_KEPT)\n';
  const differences = items.length === 0 ? '' : `\n${renderTable(columns(context), items, context.wide)}`;
  return `${context.color.bold(policy)} in the place of ${replayed} decisions\n${facts(replay, context)}${differences}`;
}

function facts(
  { replayed, same, oldest, means, replica, items }: Replay,
  { color, now }: ViewContext,
): string {
  const other = replayed - same;
  const rows = [
    ['same', `${same} (${Math.round((100 * same) / replayed)}%)`],
    ['other', `${other}${other > items.length ? `, of which the newest ${items.length} are listed` : ''}`],
    ...(means === null
      ? []
      : [
          [
            'price',
            `${formatCost(means.chosen.costPerSlotHour)} → ${formatCost(means.wouldBe.costPerSlotHour)} per slot-hour, mean`,
          ],
          [
            'busy',
            `${percent(means.chosen.load)} → ${percent(means.wouldBe.load)} of the slots of the chosen ones, mean`,
          ],
        ]),
    ...(oldest === null ? [] : [['oldest', `${formatAge(now - Date.parse(oldest))} ago`]]),
    ['replica', replica],
  ];
  return alignRows(
    rows.map(([label = '', value = '']) => [color.dim(label), value]),
    { indent: '  ' },
  );
}

function columns({ now }: ViewContext): Column<ReplayDifference>[] {
  return [
    { header: 'AGE', value: ({ at }) => formatAge(now - Date.parse(at)), align: 'right' },
    { header: 'FOR', value: ({ key, attempt }) => `${key}#${attempt}` },
    { header: 'TYPE', value: ({ type }) => type },
    { header: 'DECIDED BY', value: ({ policy }) => policy },
    { header: 'CHOSE', value: ({ chose }) => swarmText(chose) },
    { header: 'WOULD CHOOSE', value: ({ wouldChoose }) => swarmText(wouldChoose) },
    { header: 'WHY', value: ({ because }) => because },
  ];
}

function swarmText({ swarmId, load, costPerSlotHour }: RankedSwarm): string {
  return `${swarmId} (${percent(load)}, ${formatCost(costPerSlotHour)}/h)`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)}%`;
}
