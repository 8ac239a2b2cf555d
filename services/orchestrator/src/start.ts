import { hostname } from 'node:os';
import { connectBus, ensureStream, type Bus } from '@multiswarm/bus';
import {
  CapacityEvent,
  EventBatch,
  Heartbeat,
  MultiswarmError,
  RegionSummary,
  streams,
  subjects,
} from '@multiswarm/contracts';
import { every, systemClock, systemIds, systemRandom, within } from '@multiswarm/core';
import type { ServiceParts, StartedService } from '@multiswarm/service';
import { Leases, Store } from '@multiswarm/store';
import type { Logger, Telemetry } from '@multiswarm/telemetry';
import { openClientFace } from './adapters/bus/client-face';
import { busEventStream, busPlacer, busWaitingReasons } from './adapters/bus/ports';
import { regionFace } from './adapters/bus/region-face';
import { busOwners, busRegions, busSwarms } from './adapters/bus/region-ports';
import { ownerCommands, ownerFace } from './adapters/bus/shard-commands';
import { eventRoute } from './adapters/http/events';
import { httpRoutes } from './adapters/http/routes';
import { fleetGauges, telemetryMeters } from './adapters/meters';
import { pinShards } from './adapters/store/meta';
import { redisCordonStore } from './adapters/store/redis-cordon-store';
import { redisHandover } from './adapters/store/redis-handover';
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
const NATS_WAIT_MS = 1_000;
const FLEET_TICK_MS = 500;
const clock = systemClock;

interface World {
  config: OrchestratorConfig;
  bus: Bus;
  store: Store;
  leases: Leases;
  /** This process, as the holder of leases. */
  owner: string;
  logger: Logger;
  telemetry: Telemetry;
}

/** Builds the orchestrator from its settings, connects it and starts its roles. */
export async function startOrchestrator(parts: ServiceParts, version: string): Promise<StartedService> {
  const world = await connect(parts);
  const { bus, store, config, logger } = world;
  const global = buildGlobalRole(world, (batch) => {
    orchestrator.reads.observe(batch);
  });
  const regional = config.regional ? buildRegionalRole(world) : undefined;
  const fleet = new Fleet(clock);
  fleetGauges(world.telemetry.metrics, fleet);
  const orchestrator = buildOrchestrator(world, global, fleet);

  const listening = [
    ...hear(bus, { fleet, regional, global, reads: orchestrator.reads }),
    openClientFace(bus, orchestrator),
    bus.announce({ name: 'orchestrator', version, description: 'durable tasks and workflows' }),
  ];
  const stopTicking = every(clock, FLEET_TICK_MS, () => {
    fleet.tick();
  });
  bus.onReconnect(() => {
    // What was said meanwhile is lost: ask who is there, and look at what waits.
    if (bus.connected) bus.publish(subjects.census(), {});
    global.capacityChanged(1);
  });
  if (config.global) global.start();
  bus.publish(subjects.census(), {});
  return {
    routes: [...httpRoutes(orchestrator), eventRoute(bus, logger)],
    checks: {
      nats: async () => void (await bus.rttMs()),
      redis: async () => void (await store.pingMs(() => clock.monotonic())),
    },
    stop: async () => {
      stopTicking();
      await regional?.stop();
      await global.stop();
      for (const each of listening) each.stop();
    },
  };
}

async function connect(parts: ServiceParts): Promise<World> {
  const { settings, logger, telemetry } = parts;
  const config = orchestratorConfig(settings);
  const bus = await connectBus({
    servers: config.natsUrl,
    name: 'orchestrator',
    onFault: (error, subject) => {
      logger.warn('a message could not be used', { subject, error });
    },
  });
  parts.onShutdown(() => bus.close());
  const store = await Store.connect({
    url: config.redisUrl,
    name: 'orchestrator',
    onFault: (error) => {
      logger.warn('Redis connection', { error });
    },
  });
  parts.onShutdown(() => store.close());
  if (config.checkDurability) refuseForgetfulRedis(await store.durabilityFaults());
  await pinShards(store, config.shards);
  const { eventReplicas: replicas } = config;
  await ensureStream(bus.connection, {
    name: streams.events,
    subjects: [subjects.allEvents()],
    replicas,
    ...EVENTS,
  });
  const owner = `${hostname()}-${process.pid}-${systemIds.next()}`;
  return { config, bus, store, leases: new Leases(store), owner, logger, telemetry };
}

function refuseForgetfulRedis(faults: string[]): void {
  if (faults.length === 0) return;
  const message = `this Redis could lose what was acknowledged: ${faults.join('; ')} (REDIS_DURABILITY_CHECK=false starts all the same)`;
  const findings = faults.map((fault) => ({ pointer: '/REDIS_URL', code: 'durability', message: fault }));
  throw new MultiswarmError('invalid-configuration', message, { findings });
}

function buildGlobalRole(
  { config, bus, store, leases, owner, logger, telemetry }: World,
  onEvents: (batch: EventBatch) => void,
): GlobalRole {
  const { shards, leaseMs, renewMs, attemptLeaseMs, regionTimeoutMs, retentionMs } = config;
  return new GlobalRole(
    { owner, shards, leaseMs, renewMs, attemptLeaseMs, regionTimeoutMs, retentionMs },
    {
      leases,
      store: new RedisShardStore(store, config.commitReplicas, clock),
      placer: busPlacer(bus),
      regions: busRegions(bus),
      stream: busEventStream(bus),
      face: ownerFace(bus, redisHandover(store)),
      clock,
      random: systemRandom,
      logger,
      meters: telemetryMeters(telemetry.metrics, logger),
      onEvents,
    },
  );
}

function buildRegionalRole({ config, bus, store, leases, owner, logger }: World): RegionalRole {
  const { regions, shards, leaseMs, renewMs, summaryMs, attemptLeaseMs, maxRegions, maxSwarmsPerRegion } =
    config;
  return new RegionalRole(
    { owner, regions, shards, leaseMs, renewMs, summaryMs, attemptLeaseMs, maxRegions, maxSwarmsPerRegion },
    {
      leases,
      face: regionFace(bus),
      swarms: busSwarms(bus),
      owners: busOwners(bus),
      placer: busPlacer(bus),
      cordons: redisCordonStore(store),
      clock,
      logger,
    },
  );
}

function buildOrchestrator(
  { config, bus, store, telemetry }: World,
  global: GlobalRole,
  fleet: Fleet,
): Orchestrator {
  const { shards, successRateThreshold, utilizationThreshold } = config;
  const elsewhere = busWaitingReasons(bus);
  const reasons = {
    explain: (ids: string[]) => (global.activeScheduler ?? elsewhere).explain(ids),
  };
  const submitted = telemetry.metrics.counter('multiswarm.tasks.submitted');
  const gateway = new Gateway(
    new Intake(shards, systemIds, systemRandom, clock),
    ownerCommands(bus, redisHandover(store), (shard) => global.ownerOf(shard)),
    shards,
    clock,
    OWNER_WAIT_MS,
    (priority, count) => {
      submitted.add(count, { priority });
    },
  );
  const reads = new Reads(new RedisTruthReader(store), reasons, shards, clock);
  const services = async () => {
    await within(clock, NATS_WAIT_MS, bus.rttMs(), () => {
      throw new MultiswarmError('bus-unavailable', 'NATS does not answer');
    });
    return bus.services(SERVICES_WAIT_MS);
  };
  return new Orchestrator(
    gateway,
    reads,
    fleet,
    { services, successRateThreshold, utilizationThreshold },
    clock,
  );
}

/** What everybody says in passing: heartbeats, summaries, capacity, events. */
function hear(
  bus: Bus,
  to: { fleet: Fleet; regional: RegionalRole | undefined; global: GlobalRole; reads: Reads },
) {
  return [
    bus.subscribe(subjects.allHeartbeats(), { schema: Heartbeat }, (heartbeat) => {
      to.fleet.observe(heartbeat);
      to.regional?.observe(heartbeat);
    }),
    bus.subscribe(subjects.allRegionSummaries(), { schema: RegionSummary }, (summary) => {
      to.global.seen(summary.held);
    }),
    bus.subscribe(subjects.lbCapacity(), { schema: CapacityEvent }, (event) => {
      to.global.capacityChanged(event.freeSlots);
    }),
    bus.subscribe(subjects.allEvents(), { schema: EventBatch }, (batch) => {
      to.reads.observe(batch);
    }),
  ];
}
