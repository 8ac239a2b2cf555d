/**
 * How much CPU a swarm's process spends on a task that does nothing: `node -C multiswarm-source -r ts-node/register
 * libs/sdk/test/swarm-cpu-process.ts [--tasks 200000] [--slots 200] [--dispatch] [--level warn]`.
 * A fake owner over a real nats-server answers each report with the next attempt; the swarm runs in a process of its own.
 * With `--dispatch` every attempt comes as a dispatch of its coordinator instead. `SWARM_NODE_OPTIONS=--cpu-prof` profiles it.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { connectBus, type Bus } from '@multiswarm/bus';
import { Heartbeat, subjects, type AttemptDispatch, type DispatchRequest } from '@multiswarm/contracts';
import { deferred } from '@multiswarm/core';
import { createLogger, type LogLevel } from '@multiswarm/telemetry';
import { startNats } from '@multiswarm/testing';
import { z } from 'zod';
import { createSwarm } from '../src';

const { values: options } = parseArgs({
  options: {
    tasks: { type: 'string', default: '200000' },
    slots: { type: 'string', default: '200' },
    level: { type: 'string', default: 'warn' },
    dispatch: { type: 'boolean', default: false },
    swarm: { type: 'string' },
  },
});
const SWARM = 'cpu';
const SHARDS = 16;
const slots = Number(options.slots);

async function swarm(servers: string): Promise<void> {
  const logger = createLogger({ service: 'swarm', level: options.level as LogLevel });
  const made = createSwarm({ id: SWARM, region: 'local', slots, servers, handleSignals: false, logger });
  made.handle('noop', (input) => input);
  await made.start();
  process.on('message', (question) => {
    if (question === 'usage') process.send?.(process.cpuUsage());
    else void made.stop().then(() => process.exit(0));
  });
  process.send?.('ready');
}

/** The replica's end: what a swarm reports is acknowledged, and answered with as many attempts as it has free slots. */
class FakeOwner {
  readonly ended = deferred<void>();
  messages = 0;
  private made = 0;
  private reported = 0;

  constructor(
    private readonly bus: Bus,
    private readonly tasks: number,
  ) {
    const any = z.any();
    bus.respond(subjects.replicaReport('fake'), { request: any }, async (body) => this.take(body as never));
    for (let shard = 0; shard < SHARDS; shard++)
      bus.respond(subjects.shardReport(shard), { request: any }, async (body) => this.take(body as never));
  }

  next(count: number): DispatchRequest[] {
    const shards = new Map<number, AttemptDispatch[]>();
    for (let n = 0; n < count && this.made < this.tasks; n++) {
      const shard = this.made % SHARDS;
      const attempts = shards.get(shard) ?? [];
      shards.set(shard, attempts);
      attempts.push(attemptOf(this.made++, shard));
    }
    return [...shards].map(([shard, attempts]) => ({
      ...{ v: 1, shard, epoch: 1, reportTo: subjects.replicaReport('fake'), attempts },
    }));
  }

  async dispatch(count: number): Promise<void> {
    await Promise.all(
      this.next(count).map((request) =>
        this.bus.request(subjects.swarmTasks(SWARM), request, { reply: z.any() }),
      ),
    );
  }

  private take({ reports, fetch = 0 }: { reports: { taskId: string; attempt: number }[]; fetch?: number }) {
    this.messages += 1;
    this.reported += reports.length;
    if (this.reported >= this.tasks) this.ended.resolve();
    if (options.dispatch) void this.dispatch(reports.length);
    const acks = reports.map(({ taskId, attempt }) => ({ taskId, attempt, status: 'recorded' }));
    return { v: 1, acks, next: options.dispatch ? [] : this.next(Math.min(fetch, reports.length)) };
  }
}

function attemptOf(n: number, shard: number): AttemptDispatch {
  return {
    taskId: `t${shard.toString(16)}-${n.toString(16).padStart(26, '0')}`,
    ...{ attempt: 1, shard, swarmId: SWARM, type: 'noop', namespace: 'default', priority: 'normal' },
    input: { n },
    resources: {},
    traceparent: `00-0af7651916cd43dd8448eb21${n.toString(16).padStart(8, '0')}-b7ad6b7169203331-01`,
  };
}

async function main(): Promise<void> {
  const nats = await startNats();
  const bus = await connectBus({ servers: nats.url, name: 'fake owner' });
  const execArgv = [
    ...process.execArgv,
    ...(process.env['SWARM_NODE_OPTIONS'] ?? '').split(' ').filter(Boolean),
  ];
  const child = fork(__filename, [...process.argv.slice(2), '--swarm', nats.url], { execArgv });
  await once(child, 'message');
  const warm = new FakeOwner(bus, Number(options.tasks));
  bus.subscribe(subjects.allHeartbeats(), { schema: Heartbeat }, () => void beats++);
  let beats = 0;
  const usage = async (): Promise<number> => {
    child.send('usage');
    const [{ user, system }] = (await once(child, 'message')) as [NodeJS.CpuUsage];
    return user + system;
  };
  const before = await usage();
  const from = performance.now();
  await warm.dispatch(slots);
  await warm.ended.promise;
  const ms = performance.now() - from;
  const spent = (await usage()) - before;
  const tasks = Number(options.tasks);
  process.stdout.write(
    `${JSON.stringify({
      tasks,
      slots,
      cpuMicrosPerTask: Number((spent / tasks).toFixed(2)),
      tasksPerSecond: Math.round(tasks / (ms / 1_000)),
      tasksPerMessage: Math.round(tasks / warm.messages),
      heartbeats: beats,
    })}\n`,
  );
  child.send('stop');
  await once(child, 'exit');
  await bus.close();
  await nats.stop();
}

void (options.swarm === undefined ? main() : swarm(options.swarm));
