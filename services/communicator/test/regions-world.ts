import { connectBus, type Bus } from '@multiswarm/bus';
import { REGIONAL_SUBJECTS, type DomainSeen } from '@multiswarm/contracts';
import { createSwarm, type Swarm } from '@multiswarm/sdk';
import { createLogger, startTelemetry, type Logger } from '@multiswarm/telemetry';
import { eventually, startLeafTopology, type LeafServer, type LeafTopology } from '@multiswarm/testing';
import { startCommunicator, type Communicator } from '../src/communicator';
import { MAILBOX_RULES, type MailboxRules } from '../src/domain/mailbox/rules';
import { MAIL } from './world';

const SILENT = createLogger({ service: 'test', level: 'silent' });

/** A communicator of one region, on a connection of its own. */
export interface RegionReplica {
  communicator: Communicator;
  bus: Bus;
  domains(): Promise<DomainSeen[]>;
  metrics(): Promise<string>;
}

/** Regions with a nats-server each, whose lines can be cut, and what runs in them. */
export class RegionsWorld {
  private readonly endings: (() => Promise<void> | void)[] = [];

  private constructor(readonly topology: LeafTopology) {}

  /** @param inside subjects that the lines do not let through */
  static async start(domains: readonly string[], inside = REGIONAL_SUBJECTS): Promise<RegionsWorld> {
    const topology = await startLeafTopology(domains, inside);
    const world = new RegionsWorld(topology);
    world.endings.push(() => topology.stop());
    return world;
  }

  leaf(domain: string): LeafServer {
    const leaf = this.topology.leaves.find((each) => each.domain === domain);
    if (leaf === undefined) throw new Error(`no leaf ${domain}`);
    return leaf;
  }

  async replica(
    region: string,
    given: { rules?: Partial<MailboxRules>; logger?: Logger } = {},
  ): Promise<RegionReplica> {
    const bus = await connectBus({
      servers: this.leaf(region).server.url,
      name: 'communicator',
      closeGraceMs: 500,
    });
    const telemetry = startTelemetry({ service: 'communicator', version: '1', env: {} });
    const communicator = await startCommunicator({
      ...{
        bus,
        metrics: telemetry.metrics,
        logger: given.logger ?? SILENT,
        relaying: { crossSwarm: true },
        version: '1',
      },
      ...{ ...MAIL, domain: undefined },
      rules: { ...MAILBOX_RULES, ...given.rules },
    });
    this.endings.push(
      () => bus.close(),
      () => telemetry.shutdown(),
      () => communicator.stop(),
    );
    await eventually(() => communicator.served.length > 0);
    const route = communicator.routes.find(({ path }) => path === '/v1/domains');
    return {
      ...{ communicator, bus },
      domains: async () =>
        (
          (await route?.handler({} as never, undefined as never, undefined as never)) as {
            domains: DomainSeen[];
          }
        ).domains,
      metrics: () => telemetry.prometheus(),
    };
  }

  async swarm(id: string, region: string, prepare: (swarm: Swarm) => void = () => undefined): Promise<Swarm> {
    const swarm = createSwarm({
      ...{
        id,
        region,
        slots: 1,
        servers: this.leaf(region).server.url,
        handleSignals: false,
        logger: SILENT,
      },
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
