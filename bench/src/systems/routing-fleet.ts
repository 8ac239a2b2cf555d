import { subjects, type Heartbeat } from '@multiswarm/contracts';
import { startNats, startRedis } from '@multiswarm/testing';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Child } from '../child';
import { startService } from './services';
import type { Endings } from './system';

/** Nobody reports what is routed here: the slots come free by themselves. */
const HOLD_MS = '200';
const SLOTS = 10_000;

/** A built load-balancer in a process of its own, with its servers, and swarms that are nothing but heartbeats. */
export interface RoutingFleet {
  readonly balancer: Child & { url: string };
  readonly natsUrl: string;
  readonly natsPid: number;
  readonly connection: NatsConnection;
  /** Swarms that say nothing for long are not placed upon. */
  readonly beat: () => void;
}

export async function startRoutingFleet(
  swarms: number,
  probed: boolean,
  endings: Endings,
): Promise<RoutingFleet> {
  const [nats, redis] = await Promise.all([startNats(), startRedis()]);
  endings.add(() => nats.stop());
  endings.add(() => redis.stop());
  const urls = { NATS_URL: nats.url, REDIS_URL: redis.url, RESERVATION_HOLD_MS: HOLD_MS };
  const service = { urls, probed, logLevel: 'warn' };
  const balancer = await startService('load-balancer', 'load-balancer', service, endings);
  const connection = await connect({ servers: nats.url });
  endings.add(() => connection.close());
  let seq = 0;
  const beat = (): void => {
    seq += 1;
    for (let at = 0; at < swarms; at += 1) connection.publish(...heartbeatOf(`s${at}`, seq));
  };
  beat();
  await connection.flush();
  return { balancer, natsUrl: nats.url, natsPid: nats.pid, connection, beat };
}

function heartbeatOf(swarmId: string, seq: number): [string, string] {
  const heartbeat: Heartbeat = {
    ...{ v: 1, swarmId, region: 'eu-west', slots: SLOTS, types: ['*'], capabilities: [], labels: {} },
    ...{ attributes: {}, resources: {}, costPerHour: 1, instance: 'i', seq, sentAt: 0 },
    ...{ intervalMs: 3_600_000, state: 'ready', held: [], resourcesUsed: {} },
  };
  return [subjects.swarmHeartbeat(swarmId), JSON.stringify(heartbeat)];
}
