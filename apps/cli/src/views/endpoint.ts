import type { Endpoint } from '@multiswarm/contracts';
import { resourceWords } from '../options/resources';
import { formatAge, formatCost } from '../output/durations';
import { paintState } from '../output/paint';
import type { View } from '../output/printer';
import { pairs } from './swarm';

export const endpointView: View<Endpoint> = {
  name: ({ swarmId }) => swarmId,
  none: 'no endpoints: start a swarm with "swarmctl swarm run", or register one with "swarmctl endpoint register"',
  columns: ({ color, now }) => [
    { header: 'ENDPOINT', value: ({ swarmId }) => swarmId },
    { header: 'KIND', value: ({ kind }) => kind },
    { header: 'REGION', value: ({ region }) => region },
    { header: 'STATE', value: ({ state }) => paintState(color, state) },
    { header: 'BUSY', value: ({ busySlots, slots }) => `${busySlots}/${slots}`, align: 'right' },
    { header: 'COST/H', value: ({ costPerHour }) => formatCost(costPerHour), align: 'right' },
    {
      header: 'WEIGHT',
      value: ({ weight }) => (weight === undefined ? '-' : String(weight)),
      align: 'right',
    },
    { header: 'ADDRESS', value: ({ address }) => address ?? '-' },
    { header: 'CAPABILITIES', value: ({ capabilities }) => capabilities.join(',') || '-' },
    { header: 'TYPES', value: ({ types }) => types.join(','), wide: true },
    { header: 'ATTRIBUTES', value: ({ attributes }) => pairs(attributes), wide: true },
    { header: 'LABELS', value: ({ labels }) => pairs(labels), wide: true },
    {
      header: 'RESOURCES',
      value: ({ resources }) => pairs(Object.fromEntries(resourceWords(resources))),
      wide: true,
    },
    { header: 'EXPIRES', value: ({ expiresAt }) => expiresAt ?? '-', wide: true },
    { header: 'SEEN', value: ({ lastSeen }) => formatAge(now - Date.parse(lastSeen)), align: 'right' },
  ],
};
