import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, startNats, startRedis, startTcpProxy, type TcpProxy } from '@multiswarm/testing';
import type { TestServer } from '@multiswarm/testing';
import { swarmsSeen } from './ask';
import { freePort } from './ports';
import { type Program } from './program';
import { orchestratorNames, serviceProgram, swarmProgram } from './programs';
import {
  BALANCERS,
  COMMUNICATORS,
  LEAF_ORCHESTRATOR,
  ORCHESTRATORS,
  REGIONS,
  SWARMS,
  type SwarmPlan,
  type SystemSettings,
} from './settings';

const FLEET_MS = 30_000;

/** A region's ways to the middle, which can be cut. */
export interface Line {
  readonly nats: TcpProxy;
  /** Only where a coordinator stands in the region. */
  readonly redis?: TcpProxy;
}

/** A running system: real servers, and the built services and swarms as processes. */
export interface Deployment {
  readonly directory: string;
  /** What agents note down. */
  readonly records: string;
  readonly nats: TestServer;
  readonly leaf: TestServer;
  readonly redis: TestServer;
  /** By region. */
  readonly lines: ReadonlyMap<string, Line>;
  /** Services and swarms, by name. */
  readonly programs: ReadonlyMap<string, Program>;
  /** Addresses of the services, by name. */
  readonly urls: ReadonlyMap<string, string>;
  stop(options: { keep: boolean }): Promise<void>;
}

export async function startDeployment(settings: SystemSettings): Promise<Deployment> {
  const directory = await mkdtemp(join(tmpdir(), 'multiswarm-chaos-'));
  const records = join(directory, 'records');
  mkdirSync(records);
  const endings: (() => Promise<unknown>)[] = [];
  const stop = async ({ keep }: { keep: boolean }): Promise<void> => {
    for (const end of endings.splice(0).reverse()) await end();
    if (!keep) await rm(directory, { recursive: true, force: true });
  };
  try {
    const servers = await startServers(endings);
    const { programs, urls } = await describePrograms(servers, settings, directory, records);
    endings.push(() => Promise.all([...programs.values()].map((program) => program.stop())));
    for (const program of programs.values()) program.start();
    await Promise.all([...programs.values()].map((program) => program.ready()));
    await fleetComplete(urls);
    const { nats, leaf, redis, lines } = servers;
    return { directory, records, nats, leaf, redis, lines, programs, urls, stop };
  } catch (error) {
    await stop({ keep: true });
    throw error;
  }
}

interface Servers {
  nats: TestServer;
  leaf: TestServer;
  redis: TestServer;
  lines: ReadonlyMap<string, Line>;
}

async function startServers(endings: (() => Promise<unknown>)[]): Promise<Servers> {
  const started = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const one = await starting;
    endings.push(() => one.stop());
    return one;
  };
  const redis = await started(startRedis({ appendfsync: 'always', survivesFileLimit: true }));
  const leafPort = await freePort();
  const leafLine = await started(startTcpProxy(leafPort));
  // What is advertised is where leaf nodes connect to again: there must be no way around the line.
  const advertise = `advertise: "127.0.0.1:${leafLine.port}"`;
  const nats = await started(
    startNats({ config: `leafnodes { host: "127.0.0.1", port: ${leafPort}, ${advertise} }` }),
  );
  const remote = `remotes: [{ url: "nats-leaf://127.0.0.1:${leafLine.port}" }]`;
  const leaf = await started(
    startNats({ jetstream: false, config: `leafnodes { reconnect: 1, ${remote} }` }),
  );
  const lines = new Map<string, Line>([
    [REGIONS.far, { nats: await started(startTcpProxy(nats.port)) }],
    [REGIONS.leaf, { nats: leafLine, redis: await started(startTcpProxy(redis.port)) }],
  ]);
  return { nats, leaf, redis, lines };
}

async function describePrograms(
  { nats, leaf, redis, lines }: Servers,
  settings: SystemSettings,
  directory: string,
  records: string,
): Promise<{ programs: Map<string, Program>; urls: Map<string, string> }> {
  const programs = new Map<string, Program>();
  const urls = new Map<string, string>();
  const service = async (name: string, env: Record<string, string>): Promise<void> => {
    const port = await freePort();
    urls.set(name, `http://127.0.0.1:${port}`);
    programs.set(name, serviceProgram({ name, port, directory, env: { ...settings.services, ...env } }));
  };
  const middle = { NATS_URL: nats.url, REDIS_URL: redis.url };
  const near = { ...middle, ORCHESTRATOR_REGIONS: [REGIONS.near, REGIONS.far].join(',') };
  for (const name of ORCHESTRATORS) await service(name, near);
  await service(LEAF_ORCHESTRATOR, {
    NATS_URL: leaf.url,
    REDIS_URL: `redis://127.0.0.1:${lines.get(REGIONS.leaf)?.redis?.port ?? 0}`,
    ORCHESTRATOR_ROLES: 'regional',
    ORCHESTRATOR_REGIONS: REGIONS.leaf,
  });
  for (const name of BALANCERS) await service(name, middle);
  for (const name of COMMUNICATORS) await service(name, middle);
  const natsOf = ({ region }: SwarmPlan): string => {
    if (region === REGIONS.leaf) return leaf.url;
    const line = lines.get(region);
    return line ? `nats://127.0.0.1:${line.nats.port}` : nats.url;
  };
  for (const plan of SWARMS)
    programs.set(plan.id, swarmProgram({ plan, settings, servers: natsOf(plan), directory, records }));
  return { programs, urls };
}

/** Every orchestrator and load-balancer sees every swarm, ready. */
export async function fleetComplete(urls: ReadonlyMap<string, string>): Promise<void> {
  const lists = [
    ...orchestratorNames().map((name) => `${urls.get(name) ?? ''}/v1/swarms`),
    ...BALANCERS.map((name) => `${urls.get(name) ?? ''}/v1/endpoints`),
  ];
  await eventually(
    async () => (await Promise.all(lists.map((list) => readySwarms(list)))).every((n) => n === SWARMS.length),
    { timeoutMs: FLEET_MS, describe: 'everybody seeing all swarms ready' },
  );
}

async function readySwarms(list: string): Promise<number> {
  return (await swarmsSeen(list)).filter(({ state }) => state === 'ready').length;
}
