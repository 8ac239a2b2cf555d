import type { Limit, NamespaceView } from '@multiswarm/contracts';
import { shortDuration } from '../output/durations';
import type { View, ViewContext } from '../output/printer';
import { alignRows } from '../output/table';

export const namespaceView: View<NamespaceView> = {
  name: ({ namespace }) => namespace,
  none: 'no namespace has settings of its own: set some with "swarmctl namespace set"',
  columns: () => [
    { header: 'NAMESPACE', value: ({ namespace }) => namespace },
    { header: 'WEIGHT', value: ({ weight }) => String(weight), align: 'right' },
    { header: 'LIMIT', value: ({ limit }) => (limit ? limitText(limit) : '-') },
    { header: 'KEY LIMITS', value: ({ limits }) => keyLimits(limits) },
    { header: 'WEIGHTS', value: ({ fairnessWeights }) => pairsOf(fairnessWeights, String), wide: true },
    { header: 'RETENTION', value: ({ retentionMs }) => retention(retentionMs), wide: true },
    { header: 'CEILING', value: ({ priorityCeiling }) => priorityCeiling ?? '-', wide: true },
    { header: 'REVISION', value: ({ revision }) => String(revision), align: 'right' },
  ],
  detail: namespaceDetail,
};

function namespaceDetail(view: NamespaceView, { color }: ViewContext): string {
  const { namespace, weight, limit, limits, fairnessWeights, priorityCeiling, revision } = view;
  const { retentionMs, eventRetentionMs } = view;
  const rows = [
    ['weight', String(weight)],
    ['limit', limit ? limitText(limit) : 'none'],
    ...entries('key limits', limits, (one) => limitText(one)),
    ...entries('fairness weights', fairnessWeights, String),
    ['retention', retentionMs === undefined ? 'as TASK_RETENTION_MS says' : shortDuration(retentionMs)],
    [
      'events',
      eventRetentionMs === undefined ? 'as long as the stream has them' : shortDuration(eventRetentionMs),
    ],
    ['highest priority', priorityCeiling ?? 'any'],
    ['revision', revision === 0 ? '0: nobody has set anything' : String(revision)],
  ];
  const facts = rows.map(([label = '', value = '']) => [color.dim(label), value]);
  return `${color.bold(namespace)}\n${alignRows(facts, { indent: '  ' })}`;
}

/** One row for each entry, the first with the label. */
function entries<T>(
  label: string,
  record: Readonly<Record<string, T>>,
  show: (value: T) => string,
): [string, string][] {
  const all = Object.entries(record);
  if (all.length === 0) return [[label, 'none']];
  return all.map(([key, value], index) => [index === 0 ? label : '', `${key}: ${show(value)}`]);
}

/** As many as a row can carry; the page about the namespace has all. */
const SHOWN = 2;

function keyLimits(limits: NamespaceView['limits']): string {
  return pairsOf(limits, (limit) => limitText(limit));
}

function pairsOf<T>(record: Readonly<Record<string, T>>, show: (value: T) => string): string {
  const all = Object.entries(record);
  if (all.length === 0) return '-';
  const shown = all.slice(0, SHOWN).map(([key, value]) => `${key}: ${show(value)}`);
  return all.length > SHOWN ? `${shown.join('; ')}; … ${all.length - SHOWN} more` : shown.join('; ');
}

function retention(ms: number | undefined): string {
  return ms === undefined ? '-' : shortDuration(ms);
}

/** `10 at a time, 100 per 1s` */
export function limitText({ concurrency, rate }: Limit): string {
  return [
    concurrency === undefined ? '' : `${concurrency} at a time`,
    rate === undefined ? '' : `${rate.tasks} per ${shortDuration(rate.perMs)}`,
  ]
    .filter((word) => word !== '')
    .join(', ');
}
