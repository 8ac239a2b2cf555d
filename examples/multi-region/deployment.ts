import { REGIONAL_SUBJECTS, type DomainList, type DomainSeen } from '@multiswarm/contracts';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { openLine, type Line } from './line';
import { freePort, Processes } from './processes';

const ROOT = join(__dirname, '..', '..');
/** A hub tells its leaves where else it can be reached; here there must be no way around the lines that are cut. */
const NOWHERE = '127.0.0.1:1';
/** A cut is noticed after a lease: nobody wants to wait for the five seconds of a real deployment. */
const QUICK = { SHARD_LEASE_MS: '1500', SHARD_LEASE_RENEW_MS: '500' };

export interface Region {
  name: string;
  /** Its nats-server. */
  nats: string;
  line: Line;
  /** The JetStream domains as its communicator sees them. */
  domains(): Promise<DomainSeen[]>;
}

export interface Deployment {
  /** The orchestrator. */
  url: string;
  regions: Region[];
  stop(): Promise<void>;
}

/**
 * A hub (NATS, Redis, orchestrator, load-balancer) and regions, each with a nats-server of its own, which is a leaf node with a JetStream
 * domain, and a communicator. All on this machine, on free ports; data and logs are in the directory.
 */
export async function startDeployment(names: readonly string[], directory: string): Promise<Deployment> {
  await mkdir(directory, { recursive: true });
  const processes = new Processes(directory);
  const lines: Line[] = [];
  const stop = async (): Promise<void> => {
    await processes.stop();
    lines.forEach((line) => line.stop());
  };
  try {
    const leafPort = await freePort();
    const listen = `leafnodes { host: "127.0.0.1", port: ${leafPort}, advertise: "${NOWHERE}" }`;
    const nats = await startNats(processes, 'hub', listen);
    const redis = await startRedis(processes);
    const settings = { NATS_URL: nats, REDIS_URL: redis };
    const url = await startService(processes, 'orchestrator', 'hub', settings);
    await startService(processes, 'load-balancer', 'hub', settings);
    const regions: Region[] = [];
    for (const name of names) {
      const line = await openLine(leafPort);
      lines.push(line);
      regions.push(await startRegion(processes, name, line));
    }
    return { url, regions, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startRegion(processes: Processes, name: string, line: Line): Promise<Region> {
  const inside = JSON.stringify(REGIONAL_SUBJECTS);
  const remote = `{ url: "nats-leaf://127.0.0.1:${line.port}", deny_imports: ${inside}, deny_exports: ${inside} }`;
  const nats = await startNats(processes, name, `leafnodes { reconnect: 1, remotes: [${remote}] }`);
  const url = await startService(processes, 'communicator', name, { NATS_URL: nats, ...QUICK });
  return {
    ...{ name, nats, line },
    domains: async () => ((await (await fetch(`${url}/v1/domains`)).json()) as DomainList).domains,
  };
}

async function startNats(processes: Processes, name: string, leafnodes: string): Promise<string> {
  const port = await freePort();
  const file = join(processes.directory, `nats-${name}.conf`);
  const store = join(processes.directory, `nats-${name}`);
  const jetstream = `jetstream { store_dir: ${JSON.stringify(store)}, domain: "${name}" }`;
  const config = [`server_name: "${name}"`, `listen: "127.0.0.1:${port}"`, jetstream, leafnodes];
  await writeFile(file, `${config.join('\n')}\n`);
  const args = ['--config', file];
  await processes.start({ name: `nats-${name}`, command: 'nats-server', args, ready: () => isOpen(port) });
  return `nats://127.0.0.1:${port}`;
}

async function startRedis(processes: Processes): Promise<string> {
  const port = await freePort();
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'];
  const args = [
    '--bind',
    '127.0.0.1',
    '--port',
    String(port),
    '--dir',
    processes.directory,
    '--save',
    '',
    ...durable,
  ];
  await processes.start({ name: 'redis', command: 'redis-server', args, ready: () => isOpen(port) });
  return `redis://127.0.0.1:${port}`;
}

/** A service as it was built, in a process of its own. */
async function startService(
  processes: Processes,
  service: 'orchestrator' | 'load-balancer' | 'communicator',
  where: string,
  settings: Readonly<Record<string, string>>,
): Promise<string> {
  const main = join(ROOT, 'services', service, 'dist', 'main.js');
  if (!existsSync(main)) throw new Error(`${main} is not built: run "npm start" once, or "npm run build"`);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const env = { ...settings, [`${service.replace('-', '_').toUpperCase()}_PORT`]: String(port) };
  const ready = async (): Promise<boolean> => (await fetch(`${url}/health/ready`)).ok;
  await processes.start({ name: `${service}-${where}`, command: process.execPath, args: [main], env, ready });
  return url;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
