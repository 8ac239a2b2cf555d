import { PassThrough } from 'node:stream';
import { connectBus, type Bus } from '@multiswarm/bus';
import { createHttpApp, loadSettings, type StartedService } from '@multiswarm/service';
import { createLogger, startTelemetry, type Telemetry } from '@multiswarm/telemetry';
import { startNats, startRedis, type TestServer } from '@multiswarm/testing';
import { startLoadBalancer } from '../../src/start';

export const VERSION = '0.0.0-test';

export interface Replica {
  app: ReturnType<typeof createHttpApp>;
  /** Log lines so far, parsed. */
  logs(): Record<string, unknown>[];
  telemetry: Telemetry;
  stop(): Promise<void>;
}

/** A real nats-server, a client of it, and as many replicas of the service as a test wants. */
export class World {
  private readonly replicas: Replica[] = [];

  private constructor(
    readonly nats: TestServer,
    readonly redis: TestServer,
    readonly bus: Bus,
  ) {}

  static async start(): Promise<World> {
    const [nats, redis] = await Promise.all([startNats({ jetstream: false }), startRedis()]);
    return new World(nats, redis, await connectBus({ servers: nats.url, name: 'test' }));
  }

  async replica(env: Record<string, string> = {}): Promise<Replica> {
    const { values: settings } = loadSettings('load-balancer', {
      env: { NATS_URL: this.nats.url, REDIS_URL: this.redis.url, ...env },
    });
    const stream = new PassThrough();
    let text = '';
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const logger = createLogger({ service: 'load-balancer', level: 'debug', stream });
    const telemetry = startTelemetry({
      service: 'load-balancer',
      version: VERSION,
      environment: 'test',
      env: {},
    });
    const cleanUps: (() => Promise<void> | void)[] = [];
    const parts = {
      settings,
      logger,
      telemetry,
      onShutdown: (clean: () => Promise<void> | void) => void cleanUps.push(clean),
    };
    const service: StartedService = await startLoadBalancer(parts, VERSION);
    const { routes, checks } = service;
    const app = createHttpApp({
      ...{ routes, checks, telemetry, logger },
      service: 'load-balancer',
      version: VERSION,
      title: 'Multiswarm load-balancer',
    });
    const stop = async (): Promise<void> => {
      await service.stop();
      for (const clean of cleanUps) await clean();
      await telemetry.shutdown();
    };
    const logs = () =>
      text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const replica = { app, logs, telemetry, stop };
    this.replicas.push(replica);
    return replica;
  }

  async stop(): Promise<void> {
    await Promise.all(this.replicas.splice(0).map((replica) => replica.stop()));
    await this.bus.close();
    await Promise.all([this.nats.stop(), this.redis.stop()]);
  }
}
