import type { RoutingMetrics } from '@multiswarm/contracts';
import { formatMs } from '../output/durations';
import type { View } from '../output/printer';
import { alignRows, renderTable, type Column } from '../output/table';

export const routingMetricsView: View<RoutingMetrics> = {
  name: ({ replica }) => replica,
  none: 'nothing was routed',
  columns: () => [{ header: 'REPLICA', value: ({ replica }) => replica }],
  detail: (metrics, { color }) => {
    const lines = rows(metrics).map(([label = '', value = '']) => [color.dim(label), value]);
    const policies = metrics.policies.length === 0 ? '' : `\n${renderTable(columns, metrics.policies)}`;
    return `${alignRows(lines)}${policies}`;
  },
};

function rows(metrics: RoutingMetrics): string[][] {
  const { windowMs, requests, requestsPerSecond, waiting, endpoints, replica, slowShare } = metrics;
  const { known, active, slots, busySlots } = endpoints;
  const slow = `${percent(slowShare)} slower than ${formatMs(metrics.responseTimeThresholdMs)}`;
  return [
    [
      'requests',
      `${requests} in ${formatMs(windowMs)}, ${requestsPerSecond.toFixed(1)} a second; ${waiting} went nowhere`,
    ],
    ['ended', `${metrics.ended}, ${percent(metrics.successRate)} well`],
    ['response', `${duration(metrics.averageResponseTimeMs)} on average, ${slow}`],
    ['endpoints', `${active} of ${known} take work, ${busySlots} of their ${slots} slots are busy`],
    ['replica', replica],
  ];
}

const columns: Column<RoutingMetrics['policies'][number]>[] = [
  { header: 'POLICY', value: ({ policy }) => policy },
  { header: 'REQUESTS', value: ({ requests }) => String(requests), align: 'right' },
  { header: 'PLACED', value: ({ placed }) => String(placed), align: 'right' },
  { header: 'ENDED', value: ({ ended }) => String(ended), align: 'right' },
  { header: 'WELL', value: ({ successRate }) => percent(successRate), align: 'right' },
  {
    header: 'RESPONSE',
    value: ({ averageResponseTimeMs }) => duration(averageResponseTimeMs),
    align: 'right',
  },
];

function percent(share: number | null): string {
  return share === null ? '-' : `${Math.round(share * 100)}%`;
}

function duration(ms: number | null): string {
  return ms === null ? '-' : formatMs(ms);
}
