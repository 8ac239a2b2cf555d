import { createServer, type AddressInfo } from 'node:net';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { startChild, type Child } from '../child';
import { PROBED } from '../profiling';
import type { Endings } from './system';

const SERVICES_DIR = join(__dirname, '..', '..', '..', 'services');
const Package = z.object({ scripts: z.object({ start: z.string().startsWith('node ') }) });
const READY_TIMEOUT_MS = 30_000;
const READY_POLL_MS = 20;
const PORT_SETTING = {
  'load-balancer': 'LOAD_BALANCER_PORT',
  communicator: 'COMMUNICATOR_PORT',
  orchestrator: 'ORCHESTRATOR_PORT',
} as const;
export type ServiceName = keyof typeof PORT_SETTING;

export interface ServiceOptions {
  /** Where NATS and Redis are. Everything else is as it comes, or as the environment of the bench says. */
  urls: Record<string, string>;
  /** Answers questions about its heap and its profile. */
  probed: boolean;
  logLevel: string;
}

/** Starts one built service (dist) and resolves when it says that it is ready. */
export async function startService(
  service: ServiceName,
  name: string,
  { urls, probed, logLevel }: ServiceOptions,
  endings: Endings,
): Promise<Child & { url: string }> {
  const port = await freePort();
  const env = { ...urls, [PORT_SETTING[service]]: String(port), HOST: '127.0.0.1', LOG_LEVEL: logLevel };
  const args = await argumentsOf(service);
  const child = startChild({ name, args: [...(probed ? PROBED : []), ...args], env });
  endings.add(() => child.stop());
  const url = `http://127.0.0.1:${port}`;
  await Promise.race([answers(`${url}/health/ready`, name), child.failed]);
  return Object.assign(child, { url });
}

/** As its package starts it, with what it tells Node.js. */
async function argumentsOf(service: ServiceName): Promise<string[]> {
  const directory = join(SERVICES_DIR, service);
  const text = await readFile(join(directory, 'package.json'), 'utf8');
  const [, ...args] = Package.parse(JSON.parse(text)).scripts.start.split(' ');
  return args.map((arg) => (arg.startsWith('-') ? arg : join(directory, arg)));
}

async function answers(url: string, name: string): Promise<void> {
  const deadline = performance.now() + READY_TIMEOUT_MS;
  let last = 'no answer';
  while (performance.now() < deadline) {
    try {
      const response = await fetch(url);
      last = await response.text();
      if (response.ok) return;
    } catch (error) {
      last = String(error);
    }
    await delay(READY_POLL_MS);
  }
  throw new Error(`${name} was not ready after ${READY_TIMEOUT_MS} ms: ${last}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      // A TCP server that listens has an AddressInfo; strings are for pipes.
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
