import { connectBus, type Bus } from '@multiswarm/bus';
import { createSwarm, type Swarm, type SwarmOptions } from '@multiswarm/sdk';
import { createLogger, startTelemetry, type Logger, type Telemetry } from '@multiswarm/telemetry';
import { startNats, type TestServer } from '@multiswarm/testing';
import { MAILBOX_RULES, type MailboxRules } from '../src/domain/mailbox/rules';
import { startCommunicator, type Communicator } from '../src/communicator';

export interface Replica {
  bus: Bus;
  communicator: Communicator;
  telemetry: Telemetry;
}

const MIB = 1024 * 1024;
export const MAIL = {
  domain: 'hub',
  streams: {
    replicas: 1,
    mailboxBytes: 64 * MIB,
    deadMailBytes: 16 * MIB,
    deadMailAgeMs: 3_600_000,
    conversationBytes: 16 * MIB,
  },
  cacheBytes: 16 * MIB,
  payloads: { storeBytes: 64 * MIB, graceMs: 3_600_000, sweepMs: 300_000 },
  leaseMs: 2_000,
};

/** Real servers and everything connected to them, ended in the opposite order. */
export class World {
  private readonly endings: (() => Promise<void> | void)[] = [];

  private constructor(readonly nats: TestServer) {}

  static async start(): Promise<World> {
    const nats = await startNats();
    const world = new World(nats);
    world.endings.push(() => nats.stop());
    return world;
  }

  async bus(name: string): Promise<Bus> {
    const bus = await connectBus({ servers: this.nats.url, name });
    this.endings.push(() => bus.close());
    return bus;
  }

  async replica(
    given: { crossSwarm?: boolean; logger?: Logger; rules?: Partial<MailboxRules>; mailTryMs?: number } = {},
  ): Promise<Replica> {
    const bus = await this.bus('communicator');
    const telemetry = startTelemetry({ service: 'communicator', version: '1', env: {} });
    const communicator = await startCommunicator({
      bus,
      metrics: telemetry.metrics,
      logger: given.logger ?? createLogger({ service: 'communicator', level: 'silent' }),
      relaying: { crossSwarm: given.crossSwarm ?? true },
      version: '1',
      ...MAIL,
      ...(given.mailTryMs === undefined ? {} : { mailTryMs: given.mailTryMs }),
      rules: { ...MAILBOX_RULES, ...given.rules },
    });
    await bus.rttMs();
    this.endings.push(
      () => telemetry.shutdown(),
      () => communicator.stop(),
    );
    return { bus, communicator, telemetry };
  }

  /** A swarm that has started, and stops with everything else. */
  async swarm(
    id: string,
    prepare: (swarm: Swarm) => void = () => undefined,
    given: Partial<SwarmOptions> = {},
  ): Promise<Swarm> {
    const logger = createLogger({ service: 'swarm', level: 'silent' });
    const swarm = createSwarm({
      ...{ id, region: 'local', slots: 1, servers: this.nats.url, handleSignals: false, logger },
      ...given,
    });
    swarm.handle('noop', () => null);
    prepare(swarm);
    await swarm.start();
    this.endings.push(() => swarm.stop());
    return swarm;
  }

  async stop(): Promise<void> {
    for (const end of this.endings.splice(0).reverse()) await end();
  }
}
