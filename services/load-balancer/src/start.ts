import { connectBus } from '@multiswarm/bus';
import { every, systemClock, systemIds, systemRandom } from '@multiswarm/core';
import type { ServiceParts, StartedService } from '@multiswarm/service';
import { Store } from '@multiswarm/store';
import { attachRenewals, attachToBus, busAnnouncer } from './adapters/bus';
import { attachHealth, busHealthAnnouncer } from './adapters/bus-health';
import { attachLearning } from './adapters/bus-learning';
import { startCustomPolicies } from './adapters/custom-policy/start-custom-policies';
import { endpointRoutes } from './adapters/endpoint-routes';
import { healthRoutes } from './adapters/health-routes';
import { httpRoutes } from './adapters/http';
import { readDistances } from './adapters/read-distances';
import { learningRoutes } from './adapters/learning-routes';
import { redisEndpointStore } from './adapters/store/redis-endpoint-store';
import { redisHealthStore } from './adapters/store/redis-health-store';
import { redisNamespaceRoutingStore } from './adapters/store/redis-namespace-routing-store';
import { redisLearningStore } from './adapters/store/redis-learning-store';
import { ExternalEndpoints } from './application/external-endpoints';
import { HealthDesk } from './application/health-desk';
import { Learning } from './application/learning';
import { LoadBalancer } from './application/load-balancer';
import { NamespaceRoutings } from './application/namespace-routings';
import { loadBalancerConfig } from './config';
import { HealthBook } from './domain/health/health-book';
import { Learner, LEARNER_DEFAULTS } from './domain/learning/learner';

/** How often expired reservations and silent swarms are looked for. */
const SWEEP_MS = 250;

/**
 * Builds the service from its settings and connects it. Throws `bus-unavailable` or `store-unavailable` where no
 * server answers, and `invalid-configuration`
 * where a file that settings name cannot be used.
 */
export async function startLoadBalancer(parts: ServiceParts, version: string): Promise<StartedService> {
  const { settings, logger, telemetry } = parts;
  const clock = systemClock;
  const config = loadBalancerConfig(settings);
  const distances = readDistances(config.regionLatencies);
  const bus = await connectBus({
    servers: config.natsUrl,
    name: 'load-balancer',
    clock,
    ids: systemIds,
    onFault: (error, subject) => logger.warn('a message could not be used', { subject, error }),
  });
  parts.onShutdown(() => bus.close());
  const store = await Store.connect({
    url: config.redisUrl,
    name: 'load-balancer',
    onFault: (error) => logger.warn('the connection to Redis failed', { error }),
  });
  parts.onShutdown(() => store.close());
  const announcer = busAnnouncer(bus);
  const health = new HealthBook(config.health);
  const { metrics } = telemetry;
  const desk = new HealthDesk({
    ...{ book: health, store: redisHealthStore(store), announcer: busHealthAnnouncer(bus) },
    ...{ clock, ids: systemIds, logger, metrics },
  });
  const onOff = (policy: string, reason: string): void => desk.policyTurnedOff(policy, reason);
  const customPolicies = await startCustomPolicies(config, { clock, logger, onOff });
  parts.onShutdown(() => customPolicies.stop());
  const routings = new NamespaceRoutings(redisNamespaceRoutingStore(store), clock, (error) =>
    logger.warn('settings of namespaces could not be read again', { error }),
  );
  const { learningHalfLifeMs: halfLifeMs } = config;
  const isOff = (namespace: string): boolean => routings.get(namespace)?.learning === false;
  const learner = new Learner({ ...LEARNER_DEFAULTS, halfLifeMs, isOff });
  const learning = new Learning({
    ...{ learner, halfLifeMs, clock, store: redisLearningStore(store) },
    announce: (change) => announcer.learningChanged(change),
    onFault: (error) => logger.warn('what was learned could not be kept or read', { error }),
  });
  const balancer: LoadBalancer = new LoadBalancer({
    ...{ clock, logger, announcer, policy: config.policy, reservationHoldMs: config.reservationHoldMs },
    ids: systemIds,
    random: systemRandom,
    decisionsKept: config.decisionsKept,
    replaysKept: config.replaysKept,
    responseTimeThresholdMs: config.responseTimeThresholdMs,
    distances,
    customPolicies: customPolicies.all,
    ...{ metrics, health, learner },
    registered: (swarmId) => endpoints.get(swarmId),
    routings,
  });
  const endpoints: ExternalEndpoints = new ExternalEndpoints({
    ...{ clock, ids: systemIds, store: redisEndpointStore(store), defaultSlots: config.defaultSlots },
    beat: (member) => balancer.heartbeat(member),
    announce: (change) => announcer.endpointChanged(change),
    isSwarm: (swarmId) => balancer.isSwarm(swarmId),
    onFault: (error) => logger.warn('external endpoints could not be read again', { error }),
  });
  const healthListening = await attachHealth(bus, desk);
  const learningListening = await attachLearning(bus, learning);
  const renewals = attachRenewals(bus, balancer);
  const listening = await attachToBus(bus, balancer, endpoints, routings, clock);
  store.onReconnect(() => {
    endpoints.refreshSoon();
    desk.refreshSoon();
    routings.refreshSoon();
    void learning.refresh();
  });
  const stopSweep = every(clock, SWEEP_MS, () => {
    desk.tick();
    balancer.sweep();
  });
  const announced = bus.announce({
    name: 'load-balancer',
    version,
    description: 'chooses swarms for attempts and explains each choice',
  });
  return {
    routes: [
      ...httpRoutes(balancer),
      ...endpointRoutes(balancer, endpoints),
      ...healthRoutes(desk),
      ...learningRoutes(learning),
    ],
    checks: {
      nats: async () => {
        await bus.rttMs();
      },
      // Without it no endpoint is registered, and everything else goes on.
      redis: {
        degrades: true,
        check: async () => {
          await store.pingMs(() => clock.monotonic());
        },
      },
    },
    stop: async () => {
      announced.stop();
      listening.stop();
      renewals.stop();
      healthListening.stop();
      learningListening.stop();
      endpoints.stop();
      routings.stop();
      stopSweep();
      await learning.stop();
    },
  };
}
