import { subjects, type Heartbeat } from '@multiswarm/contracts';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { SwarmsTold } from './swarms';

/** How often those that are due send their heartbeats. */
const TICK_MS = 10;
const REGIONS = 4;
const CLASSES = 8;
const HELD = 3;

/** Swarms that do nothing but heartbeat, spread evenly over their interval; some fall silent when they are told to. */
async function main(count: number, intervalMs: number): Promise<void> {
  const connection = await connect({ servers: process.env['NATS_URL'] ?? '', noAsyncTraces: true });
  const swarms = new Swarms(connection, count, intervalMs);
  process.on('message', ({ silent }: SwarmsTold) => {
    swarms.silent = silent;
  });
  process.once('SIGTERM', () => void connection.close().then(() => process.exit(0)));
  setInterval(() => swarms.tick(), TICK_MS);
  process.send?.('ready');
}

class Swarms {
  silent = 0;
  private sent = 0;
  private readonly from = performance.now();

  constructor(
    private readonly connection: NatsConnection,
    private readonly count: number,
    private readonly intervalMs: number,
  ) {}

  tick(): void {
    const due = ((performance.now() - this.from) * this.count) / this.intervalMs;
    for (; this.sent < due; this.sent += 1) {
      const number = this.sent % this.count;
      if (number < this.silent) continue;
      const heartbeat = heartbeatOf(number, Math.floor(this.sent / this.count), this.intervalMs);
      this.connection.publish(subjects.swarmHeartbeat(heartbeat.swarmId), JSON.stringify(heartbeat));
    }
  }
}

/** What it runs changes from heartbeat to heartbeat, one attempt at a time. */
function heartbeatOf(number: number, round: number, intervalMs: number): Heartbeat {
  return {
    ...{ v: 1, swarmId: `swarm-${number}`, region: `region-${number % REGIONS}`, slots: 4 },
    ...{ types: ['*'], capabilities: ['llm', 'browser'], labels: { class: `class-${number % CLASSES}` } },
    ...{ attributes: {}, resources: {}, resourcesUsed: {}, costPerHour: 1, instance: 'i' },
    ...{ seq: round + 1, sentAt: Date.now(), intervalMs, state: 'ready' },
    held: Array.from({ length: HELD }, (_, at) => ({
      taskId: `t${number % 16}-${String(number * 1_000_000 + round + at).padStart(32, '0')}`,
      attempt: 1,
    })),
  };
}

process.once('disconnect', () => process.exit(1));
void main(Number(process.env['BENCH_SWARMS']), Number(process.env['BENCH_INTERVAL_MS']));
