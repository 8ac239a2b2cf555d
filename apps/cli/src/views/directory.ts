import type { DirectoryEntry } from '@multiswarm/contracts';
import { formatAge, formatCost } from '../output/durations';
import type { View } from '../output/printer';
import { pairs } from './swarm';

export const directoryView: View<DirectoryEntry> = {
  name: ({ swarmId }) => swarmId,
  none: 'nobody fits',
  columns: ({ now }) => [
    { header: 'SWARM', value: ({ swarmId }) => swarmId },
    { header: 'REGION', value: ({ region }) => region ?? '-' },
    { header: 'STATE', value: ({ state }) => state ?? '-' },
    { header: 'LOAD', value: ({ load }) => shareOf(load), align: 'right' },
    { header: 'COST/SLOT/H', value: ({ costPerSlotHour }) => costOf(costPerSlotHour), align: 'right' },
    { header: 'VERSION', value: ({ version }) => version ?? '-' },
    { header: 'CAPABILITIES', value: ({ capabilities }) => capabilities.join(',') || '-' },
    { header: 'ATTRIBUTES', value: ({ attributes }) => pairs(attributes), wide: true },
    { header: 'KNOWN BY', value: ({ source }) => source, wide: true },
    {
      header: 'UNTIL',
      value: ({ until }) => (until === undefined ? '-' : `in ${formatAge(Date.parse(until) - now)}`),
      wide: true,
    },
  ],
};

/** One change for people; that all was told is none. */
export function directoryLine(entry: DirectoryEntry, event: string): string | undefined {
  if (event === 'delete') return `- ${entry.swarmId}`;
  if (event !== 'put') return undefined;
  const { swarmId, region = '-', load, costPerSlotHour, capabilities } = entry;
  return `+ ${swarmId} ${region} load ${shareOf(load)} cost ${costOf(costPerSlotHour)} ${capabilities.join(',') || '-'}`;
}

function shareOf(load: number | undefined): string {
  return load === undefined ? '-' : `${Math.round(load * 100)}%`;
}

function costOf(cost: number | undefined): string {
  return cost === undefined ? '-' : formatCost(cost);
}
