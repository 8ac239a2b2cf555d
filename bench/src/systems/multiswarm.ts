import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connectBus, type Bus, type Listening } from '@multiswarm/bus';
import { EventBatch, subjects, type Event } from '@multiswarm/contracts';
import { connect, type Client } from '@multiswarm/sdk';
import { startNats, startRedis } from '@multiswarm/testing';
import { startChild, type Child } from '../child';
import { redisVersion } from './bullmq';
import { startOrUndo, type Endings, type RunningSystem, type System } from './system';

const SERVICES = [
  { name: 'load-balancer', portSetting: 'LOAD_BALANCER_PORT' },
  { name: 'communicator', portSetting: 'COMMUNICATOR_PORT' },
  { name: 'orchestrator', portSetting: 'ORCHESTRATOR_PORT' },
] as const;
const READY_TIMEOUT_MS = 30_000;
const READY_POLL_MS = 20;

/** The three built services, one swarm in a process of its own, and a client of the SDK over NATS in this process. */
export const multiswarm: System = {
  name: 'multiswarm',
  start: ({ appendfsync, concurrency }) =>
    startOrUndo(async (endings) => {
      const redis = await startRedis({ appendfsync });
      endings.add(() => redis.stop());
      const nats = await startNats();
      endings.add(() => nats.stop());
      const urls = { NATS_URL: nats.url, REDIS_URL: redis.url };
      const children = await startServices(urls, endings);
      const swarm = startChild({
        name: 'swarm',
        args: ['-r', 'ts-node/register', join(__dirname, 'swarm-process.ts')],
        env: { ...urls, BENCH_SLOTS: String(concurrency) },
      });
      endings.add(() => swarm.stop());
      await swarm.ready;
      const bus = await connectBus({ servers: nats.url, name: 'bench' });
      endings.add(() => bus.close());
      const client = await connect({ bus });
      endings.add(() => client.close());
      const successes = new Successes(bus);
      endings.add(() => successes.stop());
      const anyFailed = Promise.race([...children, swarm].map(({ failed }) => failed));
      anyFailed.catch(() => undefined);
      const serverVersions = { redis: await redisVersion(redis.port), nats: bus.serverVersion };
      return { ...operations(client, successes, anyFailed), serverVersions, stop: () => endings.run() };
    }),
};

async function startServices(urls: Record<string, string>, endings: Endings): Promise<Child[]> {
  return Promise.all(
    SERVICES.map(async ({ name, portSetting }) => {
      const port = await freePort();
      const env = { ...urls, [portSetting]: String(port), HOST: '127.0.0.1', LOG_LEVEL: 'warn' };
      const main = join(__dirname, '..', '..', '..', 'services', name, 'dist', 'main.js');
      const child = startChild({ name, args: [main], env });
      endings.add(() => child.stop());
      await Promise.race([answers(`http://127.0.0.1:${port}/health/ready`, name), child.failed]);
      return child;
    }),
  );
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

function operations(
  client: Client,
  successes: Successes,
  anyFailed: Promise<never>,
): Pick<RunningSystem, 'batch' | 'lone'> {
  return {
    batch: async (count) => {
      const items = Array.from({ length: count }, (_, n) => ({ task: 'noop', input: { n } }));
      const seen = successes.next(count);
      const from = performance.now();
      const outcome = await client.submitBatch(items);
      if (outcome.rejected > 0) throw new Error(`${outcome.rejected} of ${count} tasks were not accepted`);
      await Promise.race([seen, anyFailed]);
      return performance.now() - from;
    },
    lone: async () => {
      const from = performance.now();
      const task = await client.submit('noop', { n: 0 });
      await Promise.race([task.result(), anyFailed]);
      return performance.now() - from;
    },
  };
}

/** Counts different tasks that succeeded, by the live events. */
class Successes {
  private readonly ids = new Set<string>();
  private readonly listening: Listening;
  private awaited: { count: number; resolve: () => void; reject: (error: unknown) => void } | undefined;

  constructor(bus: Bus) {
    this.listening = bus.subscribe(subjects.allEvents(), { schema: EventBatch }, ({ events }) => {
      for (const event of events) this.see(event);
    });
  }

  /** Resolves when `count` tasks have succeeded from now on. */
  next(count: number): Promise<void> {
    this.ids.clear();
    return new Promise((resolve, reject) => {
      this.awaited = { count, resolve, reject };
    });
  }

  stop(): void {
    this.listening.stop();
  }

  private see(event: Event): void {
    if (event.type === 'task.failed')
      this.awaited?.reject(new Error(`a task failed: ${JSON.stringify(event)}`));
    if (event.type !== 'task.succeeded') return;
    this.ids.add(event.taskId ?? event.root);
    if (this.ids.size === this.awaited?.count) this.awaited.resolve();
  }
}
