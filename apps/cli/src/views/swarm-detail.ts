import type { EndpointHealth, Swarm } from '@multiswarm/contracts';
import { resourceWords } from '../options/resources';
import { formatAge, formatCost } from '../output/durations';
import { paintState, type Paint } from '../output/paint';
import type { View } from '../output/printer';
import { alignRows } from '../output/table';
import { pairs, swarmView } from './swarm';

export type SwarmWithHealth = Swarm & { health?: EndpointHealth };

export const swarmWithHealthView: View<SwarmWithHealth> = {
  name: ({ swarmId }) => swarmId,
  none: swarmView.none,
  columns: (context) => swarmView.columns(context),
  detail: (swarm, { color, now }) => {
    const rows = [...profileRows(swarm), ...healthRows(swarm.health, color, now)];
    rows.push(['seen', `${formatAge(now - Date.parse(swarm.lastSeen))} ago`]);
    const lines = rows.map(([label, value]) => [color.dim(label), value]);
    return `${color.bold(swarm.swarmId)}  ${paintState(color, swarm.state)}\n${alignRows(lines, { indent: '  ' })}`;
  },
};

type Row = [label: string, value: string];

function profileRows(swarm: Swarm): Row[] {
  const { region, slots, busySlots, types, capabilities, labels, attributes, resources, costPerHour } = swarm;
  const rows: Row[] = [
    ['region', region],
    ['busy', `${busySlots} of ${slots} slots`],
    ['price', `${formatCost(costPerHour)} per hour, ${formatCost(costPerHour / slots)} per slot-hour`],
    ['types', types.join(', ')],
    ['capabilities', capabilities.join(', ') || '-'],
    ['attributes', pairs(attributes)],
    ['labels', pairs(labels)],
    ['resources', pairs(Object.fromEntries(resourceWords(resources)))],
  ];
  return rows.filter(([, value]) => value !== '-');
}

function healthRows(health: EndpointHealth | undefined, color: Paint, now: number): Row[] {
  if (health === undefined) return [];
  const { state, since, reason, until, allowance, slots, window, latency, forced, maintenance, isPanic } =
    health;
  const why = reason === '' ? '' : `: ${reason}`;
  const rows: Row[] = [
    ['health', `${paintState(color, state)} for ${formatAge(now - Date.parse(since))}${why}`],
    ['may run', `${allowance} of ${slots}${isPanic ? ', since too few swarms are well' : ''}`],
    [
      'went well',
      window.attempts === 0
        ? 'nothing ended in the last half minute'
        : `${Math.round(window.success * 100)}% of ${window.attempts} in the last half minute`,
    ],
  ];
  // 1 is what is taken of one that is not known.
  if (latency !== 1)
    rows.push(['speed', `attempts take ${latency.toFixed(1)} times as long as is usual for their types`]);
  if (until !== undefined) rows.push(['until', until]);
  if (forced !== undefined)
    rows.push([
      'forced',
      `${forced.to} by ${forced.requestedBy} until ${forced.until ?? 'a reset'}: ${forced.why}`,
    ]);
  if (maintenance !== undefined)
    rows.push(['maintenance', `${maintenance.from} to ${maintenance.until}: ${maintenance.why}`]);
  return rows;
}
