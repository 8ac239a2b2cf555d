import { connectBus } from '@multiswarm/bus';
import { every, systemClock, systemIds, systemRandom } from '@multiswarm/core';
import type { ServiceParts, StartedService } from '@multiswarm/service';
import { attachToBus, busAnnouncer } from './adapters/bus';
import { startCustomPolicies } from './adapters/custom-policy/start-custom-policies';
import { httpRoutes } from './adapters/http';
import { LoadBalancer } from './application/load-balancer';
import { loadBalancerConfig } from './config';

/** How often expired reservations and silent swarms are looked for. */
const SWEEP_MS = 250;

/** Builds the service from its settings and connects it. Throws `bus-unavailable` where no NATS server answers. */
export async function startLoadBalancer(parts: ServiceParts, version: string): Promise<StartedService> {
  const { settings, logger, telemetry } = parts;
  const clock = systemClock;
  const config = loadBalancerConfig(settings);
  const bus = await connectBus({
    servers: config.natsUrl,
    name: 'load-balancer',
    clock,
    ids: systemIds,
    onFault: (error, subject) => logger.warn('a message could not be used', { subject, error }),
  });
  parts.onShutdown(() => bus.close());
  const customPolicies = await startCustomPolicies(config, { clock, logger });
  parts.onShutdown(() => customPolicies.stop());
  const balancer = new LoadBalancer({
    ...{ clock, logger, policy: config.policy, reservationHoldMs: config.reservationHoldMs },
    decisionsKept: config.decisionsKept,
    customPolicies: customPolicies.all,
    ids: systemIds,
    random: systemRandom,
    metrics: telemetry.metrics,
    announcer: busAnnouncer(bus),
  });
  const listening = await attachToBus(bus, balancer, clock);
  const stopSweep = every(clock, SWEEP_MS, () => balancer.sweep());
  const announced = bus.announce({
    name: 'load-balancer',
    version,
    description: 'chooses swarms for attempts and explains each choice',
  });
  return {
    routes: httpRoutes(balancer),
    checks: {
      nats: async () => {
        await bus.rttMs();
      },
    },
    stop: async () => {
      announced.stop();
      listening.stop();
      stopSweep();
    },
  };
}
