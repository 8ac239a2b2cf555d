import { connectBus, type Bus } from '@multiswarm/bus';
import { Store } from '@multiswarm/store';
import { createLogger, startTelemetry, type Logger, type Telemetry } from '@multiswarm/telemetry';
import { startNats, startRedis, type TestServer } from '@multiswarm/testing';
import { startCommunicator, type Communicator } from '../src/communicator';

export interface Replica {
  bus: Bus;
  store: Store;
  communicator: Communicator;
  telemetry: Telemetry;
}

/** Real servers and everything connected to them, ended in the opposite order. */
export class World {
  private readonly endings: (() => Promise<void> | void)[] = [];

  private constructor(
    readonly nats: TestServer,
    readonly redis: TestServer,
  ) {}

  static async start(): Promise<World> {
    const [nats, redis] = await Promise.all([startNats(), startRedis()]);
    const world = new World(nats, redis);
    world.endings.push(
      () => nats.stop(),
      () => redis.stop(),
    );
    return world;
  }

  async bus(name: string): Promise<Bus> {
    const bus = await connectBus({ servers: this.nats.url, name });
    this.endings.push(() => bus.close());
    return bus;
  }

  async replica(given: { crossSwarm?: boolean; logger?: Logger } = {}): Promise<Replica> {
    const bus = await this.bus('communicator');
    const store = await Store.connect({
      url: this.redis.url,
      name: 'communicator',
      onFault: () => undefined,
    });
    const telemetry = startTelemetry({ service: 'communicator', version: '1', env: {} });
    const communicator = await startCommunicator({
      bus,
      store,
      metrics: telemetry.metrics,
      logger: given.logger ?? createLogger({ service: 'communicator', level: 'silent' }),
      relaying: { crossSwarm: given.crossSwarm ?? true },
      version: '1',
    });
    await bus.rttMs();
    this.endings.push(
      () => telemetry.shutdown(),
      () => store.close(),
      () => communicator.stop(),
    );
    return { bus, store, communicator, telemetry };
  }

  async stop(): Promise<void> {
    for (const end of this.endings.splice(0).reverse()) await end();
  }
}
