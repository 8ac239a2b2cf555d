import { hostname } from 'node:os';
import { connectBus, ensureStream, type Bus } from '@multiswarm/bus';
import { CapacityEvent, EventBatch, Heartbeat, RegionSummary, streams, subjects } from '@multiswarm/contracts';
import { every, systemClock, systemIds, systemRandom } from '@multiswarm/core';
import type { ServiceParts, StartedService } from '@multiswarm/service';
import { Leases, Store } from '@multiswarm/store';
import type { Logger } from '@multiswarm/telemetry';
import { openClientFace } from './adapters/bus/client-face';
import { busEventStream, busOwners, busPlacer, busRegions, busSwarms, busWaitingReasons } from './adapters/bus/ports';
import { ownerCommands, ownerFace, regionFace } from './adapters/bus/shard-commands';
import { eventRoute } from './adapters/http/events';
import { httpRoutes } from './adapters/http/routes';
import { fleetGauges, telemetryMeters } from './adapters/meters';
import { pinShards } from './adapters/store/meta';
import { RedisShardStore } from './adapters/store/redis-shard-store';
import { RedisTruthReader } from './adapters/store/redis-truth-reader';
import { Fleet } from './application/fleet';
import { Gateway } from './application/gateway';
import { GlobalRole } from './application/global-role';
import { Intake } from './application/intake';
import { Orchestrator } from './application/orchestrator';
import { Reads } from './application/reads';
import { RegionalRole } from './application/regional-role';
import { orchestratorConfig, type OrchestratorConfig } from './config';

const EVENTS = { maxAgeMs: 24 * 3_600_000, maxBytes: 512 * 1024 * 1024, dedupWindowMs: 120_000 };
const OWNER_WAIT_MS = 3_000;
const SERVICES_WAIT_MS = 150;
const FLEET_TICK_MS = 500;

/** Builds the orchestrator from its settings, connects it and starts its roles. */
export async function startOrchestrator(parts: ServiceParts, version: string): Promise<StartedService> {
  const { settings, logger, telemetry, onShutdown } = parts;
  const config = orchestratorConfig(settings);
  const clock = systemClock;
  const bus = await connectBus({ servers: config.natsUrl, name: 'orchestrator', onFault: (error, subject) => logger.warn('a message could not be used', { subject, error }) });
  onShutdown(() => bus.close());
  const store = await connectStore(config, logger, onShutdown);
  await ensureStream(bus.connection, { name: streams.events, subjects: [subjects.allEvents()], replicas: 1, ...EVENTS });

  const owner = `${hostname()}-${process.pid}-${systemIds.next()}`;
  const leases = new Leases(store);
  const shardStore = new RedisShardStore(store, config.commitReplicas);
  const swarms = busSwarms(bus);
  const { shards, leaseMs, renewMs, summaryMs } = config;
  const global = new GlobalRole(
    { owner, shards, leaseMs, renewMs, attemptLeaseMs: config.attemptLeaseMs, regionTimeoutMs: config.regionTimeoutMs, retentionMs: config.retentionMs },
    {
      ...{ leases, clock, logger },
      store: shardStore,
      placer: busPlacer(bus),
      regions: busRegions(bus),
      stream: busEventStream(bus),
      face: ownerFace(bus),
      random: systemRandom,
      meters: telemetryMeters(telemetry.metrics, logger),
    },
  );
  const { maxRegions, maxSwarmsPerRegion, regions } = config;
  const regional = config.regional
    ? new RegionalRole({ owner, regions, shards, leaseMs, renewMs, summaryMs, maxRegions, maxSwarmsPerRegion }, leases, regionFace(bus), swarms, busOwners(bus), clock, logger)
    : undefined;
  const fleet = new Fleet(clock);
  fleetGauges(telemetry.metrics, fleet);
  const reasons = busWaitingReasons(bus);
  const reads = new Reads(new RedisTruthReader(store), { explain: (ids) => global.activeScheduler?.explain(ids) ?? reasons.explain(ids) }, shards, clock);
  const submitted = telemetry.metrics.counter('multiswarm.tasks.submitted');
  const gateway = new Gateway(
    new Intake(shards, systemIds, systemRandom, clock),
    ownerCommands(bus, (shard) => global.ownerOf(shard)),
    shards,
    clock,
    OWNER_WAIT_MS,
    (priority, count) => submitted.add(count, { priority }),
  );
  const orchestrator = new Orchestrator(
    gateway,
    reads,
    fleet,
    { services: () => bus.services(SERVICES_WAIT_MS), successRateThreshold: config.successRateThreshold, utilizationThreshold: config.utilizationThreshold },
    clock,
  );

  const hearing = hear(bus, { fleet, regional, global, reads });
  const face = openClientFace(bus, orchestrator);
  const announced = bus.announce({ name: 'orchestrator', version, description: 'durable tasks and workflows' });
  const stopTicking = every(clock, FLEET_TICK_MS, () => fleet.tick());
  if (config.global) global.start();
  bus.publish(subjects.census(), {});
  return {
    routes: [...httpRoutes(orchestrator), eventRoute(bus, logger)],
    checks: { nats: async () => void (await bus.rttMs()), redis: async () => void (await store.pingMs(() => clock.monotonic())) },
    stop: async () => {
      announced.stop();
      face.stop();
      stopTicking();
      await regional?.stop();
      await global.stop();
      hearing.forEach((each) => each.stop());
    },
  };
}

async function connectStore(config: OrchestratorConfig, logger: Logger, onShutdown: ServiceParts['onShutdown']): Promise<Store> {
  const store = await Store.connect({ url: config.redisUrl, name: 'orchestrator', onFault: (error) => logger.warn('Redis connection', { error }) });
  onShutdown(() => store.close());
  if (config.checkDurability) for (const fault of await store.durabilityFaults()) logger.warn(`Redis may lose what was acknowledged: ${fault}`);
  await pinShards(store, config.shards);
  return store;
}

/** What everybody says in passing: heartbeats, summaries, capacity, events. */
function hear(bus: Bus, to: { fleet: Fleet; regional: RegionalRole | undefined; global: GlobalRole; reads: Reads }) {
  return [
    bus.subscribe(subjects.allHeartbeats(), { schema: Heartbeat }, (heartbeat) => {
      to.fleet.observe(heartbeat);
      to.regional?.observe(heartbeat);
    }),
    bus.subscribe(subjects.allRegionSummaries(), { schema: RegionSummary }, (summary) => to.global.seen(summary.held)),
    bus.subscribe(subjects.lbCapacity(), { schema: CapacityEvent }, (event) => to.global.capacityChanged(event.freeSlots)),
    bus.subscribe(subjects.allEvents(), { schema: EventBatch }, (batch) => to.reads.observe(batch)),
  ];
}
