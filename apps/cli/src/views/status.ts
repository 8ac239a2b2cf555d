import type { SystemStatus } from '@multiswarm/contracts';
import { formatCost } from '../output/durations';
import { paintState } from '../output/paint';
import type { View, ViewContext } from '../output/printer';
import { alignRows } from '../output/table';

export const statusView: View<SystemStatus> = {
  name: ({ health }) => health,
  none: '',
  columns: ({ color }) => [{ header: 'HEALTH', value: ({ health }) => paintState(color, health) }],
  detail: statusDetail,
};

function statusDetail(status: SystemStatus, { color }: ViewContext): string {
  const { system_metrics: metrics } = status;
  const summary = [
    ['health', paintState(color, status.health)],
    ...status.reasons.map((reason) => ['', reason]),
    ['swarms', `${metrics.active_swarms} active in ${metrics.active_regions} regions`],
    ['success rate', share(metrics.success_rate)],
    ['utilisation', share(metrics.resource_utilization)],
    ['cost', `${formatCost(metrics.cost_per_hour)} per hour`],
    ['tasks', counts(status.tasks)],
    [
      'services',
      status.services
        .map(({ name, instances, version }) => `${name} ×${instances} (${version})`)
        .join(', ') || 'none',
    ],
  ];
  const regions = status.regions.map((region) => [
    region.region,
    String(region.swarms),
    `${region.busySlots}/${region.slots}`,
    formatCost(region.costPerHour),
  ]);
  const table =
    regions.length === 0
      ? ''
      : `\n${alignRows([['REGION', 'SWARMS', 'BUSY', 'COST/H'], ...regions], { right: [1, 2, 3] })}`;
  return alignRows(summary.map(([label = '', value = '']) => [color.dim(label), value])) + table;
}

function share(value: number | null): string {
  return value === null ? 'nothing measured yet' : `${(value * 100).toFixed(1)}%`;
}

/** `3 running, 2 queued`; states without tasks are left out. */
export function counts(byState: Readonly<Record<string, number>>): string {
  const some = Object.entries(byState).filter(([, count]) => count > 0);
  return some.length === 0 ? 'none' : some.map(([state, count]) => `${count} ${state}`).join(', ');
}
