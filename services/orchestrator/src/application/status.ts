import type { RegionView, SystemStatus } from '@multiswarm/contracts';

export interface StatusInput {
  at: number;
  regions: RegionView[];
  counts: Record<string, number>;
  /** Undefined where NATS does not answer, so nobody could be asked. */
  services: { name: string; id: string; version: string }[] | undefined;
  /** Faults of what this replica depends on: Redis, NATS. */
  faults: string[];
  successRateThreshold: number;
  utilizationThreshold: number;
}

const SERVICES = ['orchestrator', 'load-balancer', 'communicator'];

/** The whole system at a glance. Pure: the same input gives the same verdict, with its reasons. */
export function systemStatus(input: StatusInput): SystemStatus {
  const { regions, counts } = input;
  const sum = (pick: (region: RegionView) => number): number =>
    regions.reduce((total, region) => total + pick(region), 0);
  const succeeded = counts['succeeded'] ?? 0;
  const ended = succeeded + (counts['failed'] ?? 0);
  const slots = sum((region) => region.slots);
  const metrics: SystemStatus['system_metrics'] = {
    active_swarms: sum((region) => region.swarms),
    active_regions: regions.length,
    success_rate: ended === 0 ? null : succeeded / ended,
    resource_utilization: slots === 0 ? null : sum((region) => region.busySlots) / slots,
    cost_per_hour: sum((region) => region.costPerHour),
  };
  const services = SERVICES.map((name) => {
    const instances = (input.services ?? []).filter((service) => service.name === name);
    return { name, instances: instances.length, version: instances[0]?.version ?? 'unknown' };
  });
  const reasons = [...input.faults, ...reasonsOf(metrics, services, input)];
  const down = input.faults.length > 0 || services.some(({ instances }) => instances === 0);
  return {
    health: down ? 'down' : reasons.length > 0 ? 'degraded' : 'healthy',
    at: new Date(input.at).toISOString(),
    reasons,
    services,
    system_metrics: metrics,
    tasks: counts,
    regions,
  };
}

function reasonsOf(
  metrics: SystemStatus['system_metrics'],
  services: SystemStatus['services'],
  input: StatusInput,
): string[] {
  const asked = input.services === undefined ? [] : services;
  const reasons = asked.filter(({ instances }) => instances === 0).map(({ name }) => `no ${name} answers`);
  if (metrics.active_swarms === 0 && input.services !== undefined) reasons.push('no swarm is connected');
  if (metrics.success_rate !== null && metrics.success_rate < input.successRateThreshold) {
    reasons.push(
      `success rate ${percent(metrics.success_rate)} is below ${percent(input.successRateThreshold)} (SUCCESS_RATE_THRESHOLD)`,
    );
  }
  if (metrics.resource_utilization !== null && metrics.resource_utilization > input.utilizationThreshold) {
    reasons.push(
      `utilisation ${percent(metrics.resource_utilization)} is above ${percent(input.utilizationThreshold)} (RESOURCE_UTILIZATION_THRESHOLD)`,
    );
  }
  return reasons;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
