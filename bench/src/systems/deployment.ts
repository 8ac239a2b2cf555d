import { join } from 'node:path';
import { connectBus, type Bus } from '@multiswarm/bus';
import { connect, type Client } from '@multiswarm/sdk';
import { startNats, startRedis, type TestServer } from '@multiswarm/testing';
import { startChild, type Child } from '../child';
import { Completions } from '../completions';
import type { RunningProcess } from '../cpu';
import type { Options } from '../options';
import { PROBED } from '../profiling';
import { redisVersion } from '../redis-facts';
import { startService, type ServiceOptions } from './services';
import { inChunks, startOrUndo, type Endings } from './system';

export interface SwarmSetup {
  id: string;
  slots: number;
  /** What it handles; `noop` unless told. */
  type?: string;
  /** Its attempts wait until they are let through: `swarm.ask({ open: n })`. */
  gated?: boolean;
}

export interface DeploymentOptions {
  appendfsync: Options['appendfsync'];
  swarms: readonly SwarmSetup[];
  /** Replicas of the orchestrator; one unless told. */
  orchestrators?: number;
  /** Services and swarms answer questions about heap and profile. */
  probed?: boolean;
  /** Of the services; `warn` unless told. */
  logLevel?: string;
}

/** Type of tasks that no swarm ever takes. */
export const PARKED = 'parked';
/** Tasks in one request while work is piled up. */
const PILE_CHUNK = 1_000;

/** A running system of ours: the built services, swarms in processes of their own, and a client over NATS in this process. */
export interface Deployment {
  readonly redis: TestServer;
  readonly nats: TestServer;
  readonly orchestrators: readonly Child[];
  /** Of the first orchestrator, over HTTP. */
  readonly orchestratorUrl: string;
  readonly loadBalancer: Child;
  readonly swarms: readonly Child[];
  /** Services and swarms. */
  readonly children: readonly Child[];
  readonly bus: Bus;
  readonly client: Client;
  readonly completions: Completions;
  readonly processes: readonly RunningProcess[];
  readonly serverVersions: Record<string, string>;
  /** Rejects when any process of it ends unasked. */
  readonly anyFailed: Promise<never>;
  /** Hands in `count` tasks; resolves with their ids when all are acknowledged. */
  readonly pile: (count: number, type: string, input?: unknown) => Promise<string[]>;
  stop(): Promise<void>;
}

export function startDeployment(options: DeploymentOptions): Promise<Deployment> {
  return startOrUndo(async (endings) => {
    const redis = await startRedis({ appendfsync: options.appendfsync });
    endings.add(() => redis.stop());
    const nats = await startNats();
    endings.add(() => nats.stop());
    const urls = { NATS_URL: nats.url, REDIS_URL: redis.url };
    const { probed = false, logLevel = 'warn' } = options;
    const services = await startServices({ urls, probed, logLevel }, options, endings);
    const swarms = await Promise.all(options.swarms.map((each) => startSwarm(each, urls, options, endings)));
    const bus = await connectBus({ servers: nats.url, name: 'bench' });
    endings.add(() => bus.close());
    const client = await connect({ bus });
    endings.add(() => client.close());
    const completions = new Completions(bus.connection);
    endings.add(() => completions.stop());
    const { loadBalancer, communicator, orchestrators } = services;
    const children = [loadBalancer, communicator, ...orchestrators, ...swarms];
    const anyFailed = Promise.race(children.map(({ failed }) => failed));
    anyFailed.catch(() => undefined);
    const orchestratorUrl = orchestrators[0]?.url ?? '';
    const processes = [
      ...children,
      { name: 'redis', pid: redis.pid },
      { name: 'nats', pid: nats.pid },
      { name: 'client', pid: process.pid },
    ].map(({ name, pid }) => ({ name, pid }));
    return {
      ...{
        redis,
        nats,
        orchestrators,
        orchestratorUrl,
        loadBalancer,
        swarms,
        children,
        bus,
        client,
        completions,
        processes,
      },
      serverVersions: { redis: await redisVersion(redis.port), nats: bus.serverVersion },
      anyFailed,
      pile: (count, type, input) => pile(client, count, type, input),
      stop: () => endings.run(),
    };
  });
}

async function startServices(
  service: ServiceOptions,
  { orchestrators = 1 }: DeploymentOptions,
  endings: Endings,
) {
  const [loadBalancer, communicator] = await Promise.all([
    startService('load-balancer', 'load-balancer', service, endings),
    startService('communicator', 'communicator', service, endings),
  ]);
  const started: (Child & { url: string })[] = [];
  for (let replica = 1; replica <= orchestrators; replica++) {
    const name = replica === 1 ? 'orchestrator' : `orchestrator-${replica}`;
    started.push(await startService('orchestrator', name, service, endings));
  }
  return { loadBalancer, communicator, orchestrators: started };
}

async function startSwarm(
  { id, slots, type = 'noop', gated = false }: SwarmSetup,
  urls: Record<string, string>,
  { probed = false }: DeploymentOptions,
  endings: Endings,
): Promise<Child> {
  const swarm = startChild({
    name: `swarm ${id}`,
    args: [...(probed ? PROBED : []), '-r', 'ts-node/register', join(__dirname, 'swarm-process.ts')],
    env: {
      ...urls,
      BENCH_SWARM: id,
      BENCH_SLOTS: String(slots),
      BENCH_TYPE: type,
      BENCH_GATED: String(gated),
    },
  });
  endings.add(() => swarm.stop());
  await swarm.ready;
  return swarm;
}

async function pile(client: Client, count: number, type: string, input: unknown): Promise<string[]> {
  const ids: string[] = [];
  const items = Array.from({ length: count }, (_, n) => ({ task: type, input: input ?? { n } }));
  await inChunks(items, PILE_CHUNK, async (chunk) => {
    const outcome = await client.submitBatch(chunk);
    if (outcome.rejected > 0)
      throw new Error(`${outcome.rejected} of ${chunk.length} tasks were not accepted`);
    for (const { handle } of outcome.items) if (handle) ids.push(handle.id);
  });
  return ids;
}
