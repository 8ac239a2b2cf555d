import { hostname } from 'node:os';
import { connectBus, PayloadBucket, PayloadInventory, type Bus } from '@multiswarm/bus';
import { MultiswarmError } from '@multiswarm/contracts';
import { systemClock, systemIds, systemRandom } from '@multiswarm/core';
import type { ServiceParts, StartedService } from '@multiswarm/service';
import { Leases, Store } from '@multiswarm/store';
import { busLastEvents } from './adapters/bus/ports';
import { httpRoutes } from './adapters/http/routes';
import { fleetGauges, globalGauges, telemetryMeters } from './adapters/meters';
import { copyCodec } from './adapters/store/copy-codec';
import { pinShards } from './adapters/store/meta';
import { redisCopyStore } from './adapters/store/redis-copy-store';
import { redisCordonStore } from './adapters/store/redis-cordon-store';
import { redisDefinitionStore } from './adapters/store/redis-definition-store';
import { redisIncarnations } from './adapters/store/redis-incarnations';
import { redisHandover } from './adapters/store/redis-handover';
import { mailReferences } from './adapters/bus/mail-references';
import { redisPayloadIndex } from './adapters/store/redis-payload-index';
import { redisNamespaceStore } from './adapters/store/redis-namespace-store';
import { redisScheduleStore } from './adapters/store/redis-schedule-store';
import { RedisShardInspector } from './adapters/store/redis-shard-inspector';
import { RedisShardStore } from './adapters/store/redis-shard-store';
import { RedisTruthReader } from './adapters/store/redis-truth-reader';
import { assemble, type PayloadParts } from './assemble';
import { orchestratorConfig, type OrchestratorConfig } from './config';
import { ensureStreams } from './ensure-streams';
import { startEvents } from './start-events';

/** Connects an orchestrator to the servers that its settings name, and starts it. */
export async function startOrchestrator(parts: ServiceParts, version: string): Promise<StartedService> {
  const { settings, logger, telemetry } = parts;
  const config = orchestratorConfig(settings);
  const bus = await openBus(parts, config);
  const store = await openStore(parts, config);
  // A coordinator in a region of its own may be at a leaf node, from which JetStream cannot be reached.
  const restoreStreams = (): Promise<void> => ensureStreams(bus, config);
  if (config.global) await restoreStreams();
  const submitted = telemetry.metrics.counter('multiswarm.tasks.submitted');
  const inspector = new RedisShardInspector(store);
  const assembled = assemble({
    ...{ config, version, bus, logger, clock: systemClock, random: systemRandom, ids: systemIds },
    replica: replicaName(),
    shardStore: new RedisShardStore(store, config.commitReplicas, systemClock),
    truth: new RedisTruthReader(store),
    inspector,
    copies: redisCopyStore(store, inspector),
    copyCodec,
    leases: new Leases(store),
    incarnations: redisIncarnations(store),
    lastEvents: busLastEvents(bus),
    handover: redisHandover(store),
    namespaces: redisNamespaceStore(store),
    definitions: redisDefinitionStore(store),
    schedules: redisScheduleStore(store),
    cordons: redisCordonStore(store),
    meters: telemetryMeters(telemetry.metrics, logger),
    restoreEvents: restoreStreams,
    payloads: payloadParts(bus, store, config),
    onAccepted: (priority, count) => submitted.add(count, { priority }),
  });
  const { orchestrator } = assembled;
  fleetGauges(telemetry.metrics, orchestrator.fleet);
  globalGauges(telemetry.metrics, assembled.global);
  await assembled.start();
  const events = startEvents(assembled, bus, config, logger);
  return {
    routes: [...httpRoutes(orchestrator), events.route],
    checks: {
      nats: async () => void (await bus.rttMs()),
      redis: async () => void (await store.pingMs(() => systemClock.monotonic())),
    },
    stop: () => {
      events.stop();
      return assembled.stop();
    },
  };
}

function payloadParts(bus: Bus, store: Store, { payloads }: OrchestratorConfig): PayloadParts {
  return {
    store: new PayloadBucket(bus.connection, systemClock, systemIds),
    stock: new PayloadInventory(bus.connection, systemClock),
    index: redisPayloadIndex(store),
    ofMail: mailReferences(bus),
    ...payloads,
  };
}

/** One token of a subject, and new at every start. */
function replicaName(): string {
  const host = hostname().replaceAll(/[^A-Za-z0-9_-]/g, '-');
  return `${host}-${process.pid}-${systemIds.next()}`;
}

async function openBus(parts: ServiceParts, config: OrchestratorConfig): Promise<Bus> {
  const { logger } = parts;
  const bus = await connectBus({
    servers: config.natsUrl,
    name: 'orchestrator',
    onFault: (error, subject) => {
      logger.warn('a message could not be used', { subject, error });
    },
  });
  parts.onShutdown(() => bus.close());
  return bus;
}

async function openStore(parts: ServiceParts, config: OrchestratorConfig): Promise<Store> {
  const { logger } = parts;
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
  return store;
}

function refuseForgetfulRedis(faults: string[]): void {
  if (faults.length === 0) return;
  const message = `this Redis could lose what was acknowledged: ${faults.join('; ')} (REDIS_DURABILITY_CHECK=false starts all the same)`;
  const findings = faults.map((fault) => ({ pointer: '/REDIS_URL', code: 'durability', message: fault }));
  throw new MultiswarmError('invalid-configuration', message, { findings });
}
