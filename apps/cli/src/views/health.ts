import type {
  EndpointHealth,
  Forced,
  HealthEvent,
  MaintenancePage,
  MaintenanceWindow,
} from '@multiswarm/contracts';
import { formatAge } from '../output/durations';
import { paintState } from '../output/paint';
import type { View } from '../output/printer';

export const healthView: View<EndpointHealth> = {
  name: ({ swarmId }) => swarmId,
  none: 'all swarms are well: "swarmctl swarm health --all" lists them',
  columns: ({ color, now }) => [
    { header: 'SWARM', value: ({ swarmId }) => swarmId },
    { header: 'REGION', value: ({ region }) => region },
    { header: 'HEALTH', value: ({ state }) => paintState(color, state) },
    { header: 'SINCE', value: ({ since }) => formatAge(now - Date.parse(since)), align: 'right' },
    { header: 'MAY RUN', value: ({ allowance, slots }) => `${allowance}/${slots}`, align: 'right' },
    { header: 'WELL', value: ({ window }) => percent(window), align: 'right' },
    { header: 'LATENCY', value: ({ latency }) => `${latency.toFixed(1)}×`, align: 'right', wide: true },
    { header: 'UNTIL', value: ({ until, forced }) => until ?? forced?.until ?? '-', wide: true },
    { header: 'WHY', value: ({ reason, isPanic }) => why(reason, isPanic) },
  ],
};

export const healthEventView: View<HealthEvent> = {
  name: ({ id }) => id,
  none: 'nothing has happened',
  columns: ({ now }) => [
    { header: 'AGE', value: ({ at }) => formatAge(now - at), align: 'right' },
    { header: 'EVENT', value: ({ type }) => type },
    { header: 'OF', value: ({ swarmId, maintenanceId }) => swarmId ?? maintenanceId ?? '-' },
    { header: 'FROM', value: ({ from }) => from ?? '-' },
    { header: 'TO', value: ({ to }) => to ?? '-' },
    { header: 'BY', value: ({ requestedBy }) => requestedBy ?? '-' },
    { header: 'WHY', value: ({ reason }) => reason },
  ],
};

export const forcedView: View<Forced> = {
  name: ({ swarmId }) => swarmId,
  none: 'nothing is forced',
  columns: () => [
    { header: 'SWARM', value: ({ swarmId }) => swarmId },
    { header: 'FORCED', value: ({ to }) => to },
    { header: 'UNTIL', value: ({ until }) => until ?? 'a reset' },
    { header: 'BY', value: ({ requestedBy }) => requestedBy },
    { header: 'WHY', value: (forced) => forced.why },
  ],
};

type Window = MaintenanceWindow & Partial<Pick<MaintenancePage['items'][number], 'isActive' | 'next'>>;

export const maintenanceView: View<Window> = {
  name: ({ id }) => id,
  none: 'no maintenance is planned: plan some with "swarmctl maintenance plan"',
  columns: () => [
    { header: 'ID', value: ({ id }) => id },
    { header: 'NOW', value: ({ isActive }) => (isActive === true ? 'active' : '-') },
    { header: 'FROM', value: (window) => (window.next ?? window).from },
    { header: 'UNTIL', value: (window) => (window.next ?? window).until },
    { header: 'FOR', value: (window) => selectorText(window.for) },
    { header: 'BY', value: ({ requestedBy }) => requestedBy, wide: true },
    { header: 'WHY', value: (window) => window.why },
  ],
};

function percent({ attempts, success }: EndpointHealth['window']): string {
  return attempts === 0 ? '-' : `${Math.round(success * 100)}% of ${attempts}`;
}

function why(reason: string, isPanic: boolean): string {
  return isPanic ? `${reason}; used all the same, too few are well` : reason || '-';
}

function selectorText({ swarms, regions, labels }: MaintenanceWindow['for']): string {
  const pairs = Object.entries(labels ?? {}).map(([name, value]) => `${name}=${value}`);
  return [...(swarms ?? []), ...(regions ?? []), ...pairs].join(',');
}
