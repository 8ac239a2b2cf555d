import type { Swarm } from '@multiswarm/contracts';
import { resourceWords } from '../options/resources';
import { formatAge, formatCost } from '../output/durations';
import { paintState } from '../output/paint';
import type { View } from '../output/printer';

export const swarmView: View<Swarm> = {
  name: ({ swarmId }) => swarmId,
  none: 'no swarms: start one with "swarmctl swarm run"',
  columns: ({ color, now }) => [
    { header: 'SWARM', value: ({ swarmId }) => swarmId },
    { header: 'REGION', value: ({ region }) => region },
    { header: 'STATE', value: ({ state }) => paintState(color, state) },
    { header: 'BUSY', value: ({ busySlots, slots }) => `${busySlots}/${slots}`, align: 'right' },
    { header: 'COST/H', value: ({ costPerHour }) => formatCost(costPerHour), align: 'right' },
    { header: 'TYPES', value: ({ types }) => types.join(',') },
    { header: 'CAPABILITIES', value: ({ capabilities }) => capabilities.join(',') || '-' },
    { header: 'ATTRIBUTES', value: ({ attributes }) => pairs(attributes), wide: true },
    { header: 'LABELS', value: ({ labels }) => pairs(labels), wide: true },
    {
      header: 'RESOURCES',
      value: ({ resources }) => pairs(Object.fromEntries(resourceWords(resources))),
      wide: true,
    },
    { header: 'SEEN', value: ({ lastSeen }) => formatAge(now - Date.parse(lastSeen)), align: 'right' },
  ],
};

export function pairs(record: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  if (entries.length === 0) return '-';
  return entries
    .map(([key, value]) => `${key}=${Array.isArray(value) ? value.join('|') : String(value)}`)
    .join(',');
}
