import { createSwarm, type Swarm, type TaskContext } from '@multiswarm/sdk';
import { createLogger } from '@multiswarm/telemetry';
import { eventually, startTcpProxy, type TcpProxy } from '@multiswarm/testing';
import type { Replica, World } from './world';

const HEARTBEAT_MS = 250;

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

/**
 * A region far away: its coordinator and its swarms, which are those of the SDK, reach NATS (and its coordinator Redis) over
 * a line that can be cut.
 */
export class FarRegion {
  private readonly swarms: Swarm[] = [];

  private constructor(
    private readonly world: World,
    readonly name: string,
    private readonly nats: TcpProxy,
    private readonly redis: TcpProxy,
    readonly coordinator: Replica,
  ) {}

  static async open(world: World, name: string, env: Record<string, string> = {}): Promise<FarRegion> {
    const [nats, redis] = await Promise.all([
      startTcpProxy(world.nats.port),
      startTcpProxy(world.redis.port),
    ]);
    const coordinator = await world.replica({
      ORCHESTRATOR_ROLES: 'regional',
      ORCHESTRATOR_REGIONS: name,
      NATS_URL: `nats://127.0.0.1:${nats.port}`,
      REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      ...env,
    });
    return new FarRegion(world, name, nats, redis, coordinator);
  }

  /** Begins, and is offered to the load-balancer. */
  async swarm(id: string, holding: Holding): Promise<Swarm> {
    const swarm = sdkSwarm({ id, region: this.name, servers: `nats://127.0.0.1:${this.nats.port}` }, holding);
    await swarm.start();
    this.swarms.push(swarm);
    this.world.lb.offer(id, this.name, 4);
    return swarm;
  }

  /** From here on nobody inside hears of anybody outside. A load-balancer would find its swarms silent. */
  cut(of: { redis: boolean }): void {
    this.nats.cut();
    if (of.redis) this.redis.cut();
    for (const { id } of this.swarms) this.world.lb.withdraw(id);
  }

  heal(): void {
    this.nats.heal();
    this.redis.heal();
  }

  async close(): Promise<void> {
    this.heal();
    await Promise.all(this.swarms.map((swarm) => swarm.stop()));
    await this.coordinator.stop();
    await Promise.all([this.nats.stop(), this.redis.stop()]);
  }
}

export function sdkSwarm(
  { id, region, servers }: { id: string; region: string; servers: string },
  holding: Holding,
): Swarm {
  const logger = createLogger({ service: 'swarm', level: 'silent' });
  const times = { heartbeatMs: HEARTBEAT_MS, drainMs: 0, graceMs: 100, flushMs: 500 };
  return createSwarm({ id, region, servers, slots: 4, ...times, logger, handleSignals: false })
    .handle('hold', holding.handler)
    .handle('echo', (input) => input);
}

/** Lets real time pass: what must not happen meanwhile needs its chance. */
export async function pass(ms: number): Promise<void> {
  const from = performance.now();
  await eventually(() => performance.now() - from >= ms, { timeoutMs: ms + 5_000, describe: `${ms} ms` });
}
