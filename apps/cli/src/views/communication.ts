import type { CommunicationLink, CommunicationMetrics, LinkCounts } from '@multiswarm/contracts';
import { formatBytes } from '../output/bytes';
import { formatMs } from '../output/durations';
import type { View } from '../output/printer';
import { alignRows, renderTable, type Column } from '../output/table';

export const communicationView: View<CommunicationMetrics> = {
  name: ({ since }) => since,
  none: '',
  columns: () => [],
  detail: (metrics, { color, wide = false }) => {
    const lines = rows(metrics).map(([label = '', value = '']) => [color.dim(label), value]);
    const links = metrics.links.length === 0 ? '' : `\n${renderTable(columns, metrics.links, wide)}`;
    const more = metrics.linkCount - metrics.links.length;
    return `${alignRows(lines)}${links}${more > 0 ? `and ${more} more: --limit shows them\n` : ''}`;
  },
};

function rows(metrics: CommunicationMetrics): string[][] {
  const { messagesPerSecond, bandwidthBytesPerSecond, delivered, bytes, since, other } = metrics;
  const { failedTries, dead, expired, breakerOpenings, forwarded } = metrics;
  return [
    [
      'messages',
      `${messagesPerSecond.toFixed(1)} a second, ${formatBytes(bandwidthBytesPerSecond)} a second`,
    ],
    ['latency', latencyText(metrics)],
    ['delivered', `${delivered}, ${formatBytes(bytes)}; ${forwarded} to other domains`],
    [
      'failures',
      `${failedTries} tries, ${dead} given up (${expired} expired), ${breakerOpenings} times a breaker opened`,
    ],
    ...(other.delivered + other.dead > 0
      ? [['not apart', `${other.delivered} delivered, ${other.dead} given up`]]
      : []),
    ['since', since],
  ];
}

const columns: Column<CommunicationLink>[] = [
  { header: 'FROM', value: ({ from }) => from },
  { header: 'TO', value: ({ to }) => to },
  { header: 'NAMESPACE', value: ({ namespace }) => namespace, wide: true },
  { header: 'PER SECOND', value: ({ messagesPerSecond }) => messagesPerSecond.toFixed(1), align: 'right' },
  {
    header: 'BYTES/S',
    value: ({ bandwidthBytesPerSecond }) => formatBytes(bandwidthBytesPerSecond),
    align: 'right',
  },
  { header: 'P50', value: ({ latencyMs }) => (latencyMs ? formatMs(latencyMs.p50) : '-'), align: 'right' },
  { header: 'P99', value: ({ latencyMs }) => (latencyMs ? formatMs(latencyMs.p99) : '-'), align: 'right' },
  { header: 'DELIVERED', value: ({ delivered }) => String(delivered), align: 'right' },
  { header: 'FAILED', value: ({ failedTries }) => String(failedTries), align: 'right' },
  { header: 'DEAD', value: ({ dead }) => String(dead), align: 'right' },
  { header: 'EXPIRED', value: ({ expired }) => String(expired), align: 'right', wide: true },
  { header: 'BREAKER', value: ({ breaker }) => breaker },
];

function latencyText({ latencyMs }: Pick<LinkCounts, 'latencyMs'>): string {
  if (latencyMs === undefined) return '-';
  const { p50, p90, p99 } = latencyMs;
  return `p50 ${formatMs(p50)}, p90 ${formatMs(p90)}, p99 ${formatMs(p99)}`;
}
