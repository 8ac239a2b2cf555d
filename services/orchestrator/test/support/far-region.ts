import { connectBus } from '@multiswarm/bus';
import { createSwarm, type Swarm, type TaskContext } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';
import { eventually, startNats, startTcpProxy, type TcpProxy, type TestServer } from '@multiswarm/testing';
import { z } from 'zod';
import type { Replica, World } from './world';

const HEARTBEAT_MS = 500;
/** What a swarm of `sdkSwarm` handles. */
export const SDK_TYPES = ['hold', 'echo'];

/** Attempts of the type `hold`: each goes on until the test lets it end, or it is told to stop. */
export class Holding {
  /** As `task#number`, in the order in which they began. */
  readonly began: string[] = [];
  /** Those that were told to stop, with what they were told. */
  readonly stopped = new Map<string, string>();
  private readonly ends = new Map<string, (output: string) => void>();

  readonly handler = (_input: unknown, { task, signal }: TaskContext): Promise<string> => {
    const key = `${task.id}#${task.attempt}`;
    this.began.push(key);
    return new Promise((resolve, reject) => {
      this.ends.set(key, resolve);
      signal.addEventListener('abort', () => {
        this.stopped.set(key, String(signal.reason));
        reject(signal.reason as Error);
      });
    });
  };

  /** The attempt ends well, with this output. */
  end(key: string, output: string): void {
    const end = this.ends.get(key);
    if (!end) throw new Error(`${key} does not run here`);
    end(output);
  }
}

interface Line {
  nats: TcpProxy;
  redis: TcpProxy;
  /** The region's own server, whose leaf connection is what can be cut. */
  leaf: TestServer | undefined;
}

/**
 * A region far away: its coordinator and its swarms, which are those of the SDK, reach the others (and its coordinator Redis)
 * over a line that can be cut. With a leaf node of its own, they go on hearing each other then.
 */
export class FarRegion {
  private readonly swarms: Swarm[] = [];

  private constructor(
    private readonly world: World,
    readonly name: string,
    private readonly line: Line,
    /** Where everybody inside connects to. */
    readonly natsUrl: string,
    readonly coordinator: Replica,
  ) {}

  /** @param leafLine leads to where the server of the world takes leaf nodes; undefined: everybody inside connects to that server */
  static async open(
    world: World,
    name: string,
    env: Record<string, string> = {},
    leafLine?: TcpProxy,
  ): Promise<FarRegion> {
    const nats = leafLine ?? (await startTcpProxy(world.nats.port));
    const redis = await startTcpProxy(world.redis.port);
    const leaf = leafLine && (await startLeaf(leafLine.port));
    const natsUrl = leaf?.url ?? `nats://127.0.0.1:${nats.port}`;
    await heard(world, natsUrl);
    const coordinator = await world.replica({
      ORCHESTRATOR_ROLES: 'regional',
      ORCHESTRATOR_REGIONS: name,
      NATS_URL: natsUrl,
      REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      ...env,
    });
    return new FarRegion(world, name, { nats, redis, leaf }, natsUrl, coordinator);
  }

  /** Begins, and is offered to the load-balancer. */
  async swarm(id: string, holding: Holding): Promise<Swarm> {
    const swarm = sdkSwarm({ id, region: this.name, servers: this.natsUrl }, holding);
    await swarm.start();
    this.swarms.push(swarm);
    this.world.lb.offer(id, this.name, 4, SDK_TYPES);
    return swarm;
  }

  /** From here on nobody inside hears of anybody outside. A load-balancer would find its swarms silent. */
  cut(of: { redis: boolean }): void {
    this.line.nats.cut();
    if (of.redis) this.line.redis.cut();
    for (const { id } of this.swarms) this.world.lb.withdraw(id);
  }

  heal(): void {
    this.line.nats.heal();
    this.line.redis.heal();
  }

  async close(): Promise<void> {
    this.heal();
    await Promise.all(this.swarms.map((swarm) => swarm.stop()));
    await this.coordinator.stop();
    const { nats, redis, leaf } = this.line;
    // The line of a leaf node was given, and is not ours to end.
    await Promise.all([leaf ? leaf.stop() : nats.stop(), redis.stop()]);
  }
}

/** Leaf nodes keep their own streams where they have JetStream; this one uses that of the server in the middle. */
async function startLeaf(port: number): Promise<TestServer> {
  const config = `leafnodes { reconnect: 1, remotes: [{ url: "nats-leaf://127.0.0.1:${port}" }] }`;
  return startNats({ jetstream: false, config });
}

/** Resolves when whoever connects there is heard in the middle. */
async function heard(world: World, servers: string): Promise<void> {
  const bus = await connectBus({ servers, name: 'probe' });
  const listening = world.bus.respond('probe', { request: z.unknown() }, () => Promise.resolve(null));
  try {
    await eventually(async () => {
      await bus.request('probe', {}, { reply: z.null(), timeoutMs: 200 });
      return true;
    });
  } finally {
    listening.stop();
    await bus.close();
  }
}

export function sdkSwarm(
  given: { id: string; region: string; servers: string; slots?: number },
  holding: Holding,
): Swarm {
  const logger = createLogger({ service: 'swarm', level: 'silent' });
  const times = { heartbeatMs: HEARTBEAT_MS, drainMs: 0, graceMs: 100, flushMs: 500 };
  return createSwarm({ slots: 4, ...given, ...times, logger, handleSignals: false })
    .handle('hold', holding.handler)
    .handle('echo', (input) => input);
}
