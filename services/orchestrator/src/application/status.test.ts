import type { RegionView } from '@multiswarm/contracts';
import { systemStatus, type StatusInput } from './status';

const region = (given: Partial<RegionView> = {}): RegionView => ({
  region: 'eu-west',
  swarms: 1,
  slots: 4,
  busySlots: 1,
  costPerHour: 2,
  ...given,
});

const three = ['orchestrator', 'load-balancer', 'communicator'].map((name) => ({
  name,
  id: `${name}-1`,
  version: '1.2.3',
}));

function status(given: Partial<StatusInput> = {}) {
  return systemStatus({
    at: 0,
    regions: [region()],
    counts: { succeeded: 9, failed: 1 },
    services: three,
    faults: [],
    successRateThreshold: 0.8,
    utilizationThreshold: 0.9,
    ...given,
  });
}

test('all is well: healthy without a reason, with the sums of the regions', () => {
  const regions = [
    region(),
    region({ region: 'us-east', swarms: 2, slots: 4, busySlots: 3, costPerHour: 1.5 }),
  ];
  expect(status({ regions })).toMatchObject({
    health: 'healthy',
    at: '1970-01-01T00:00:00.000Z',
    reasons: [],
    system_metrics: {
      active_swarms: 3,
      active_regions: 2,
      success_rate: 0.9,
      resource_utilization: 0.5,
      cost_per_hour: 3.5,
    },
  });
});

test('what was not measured yet is null, not a number that looks bad', () => {
  const { system_metrics, health, reasons } = status({ counts: { queued: 3 }, regions: [] });
  expect(system_metrics).toMatchObject({ success_rate: null, resource_utilization: null, active_swarms: 0 });
  expect(health).toBe('degraded');
  expect(reasons).toEqual(['no swarm is connected']);
});

test('cancelled and skipped tasks are no failures of the system', () => {
  expect(status({ counts: { succeeded: 1, cancelled: 50, skipped: 50 } }).system_metrics.success_rate).toBe(
    1,
  );
});

test('a threshold is crossed only beyond it, and the reason names the setting', () => {
  expect(status({ counts: { succeeded: 8, failed: 2 } }).health).toBe('healthy');
  expect(status({ counts: { succeeded: 7, failed: 3 } })).toMatchObject({
    health: 'degraded',
    reasons: ['success rate 70.0% is below 80.0% (SUCCESS_RATE_THRESHOLD)'],
  });
  expect(status({ regions: [region({ slots: 10, busySlots: 9 })] }).health).toBe('healthy');
  expect(status({ regions: [region({ slots: 10, busySlots: 10 })] })).toMatchObject({
    health: 'degraded',
    reasons: ['utilisation 100.0% is above 90.0% (RESOURCE_UTILIZATION_THRESHOLD)'],
  });
});

test('a service that nobody answers for, or a fault of what all rests on, is down and says which', () => {
  const without = status({ services: three.slice(0, 2) });
  expect(without).toMatchObject({ health: 'down', reasons: ['no communicator answers'] });
  expect(without.services[2]).toEqual({ name: 'communicator', instances: 0, version: 'unknown' });
  expect(status({ faults: ['Redis does not answer'] })).toMatchObject({
    health: 'down',
    reasons: ['Redis does not answer'],
  });
});

test('replicas are counted by service', () => {
  const services = [...three, { name: 'orchestrator', id: 'other', version: '1.2.3' }];
  expect(status({ services }).services[0]).toEqual({ name: 'orchestrator', instances: 2, version: '1.2.3' });
});
