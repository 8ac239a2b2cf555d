/**
 * How much CPU a client spends on a task that it submits in batches: `node -C multiswarm-source -r ts-node/register
 * libs/sdk/test/client-cpu-process.ts [--tasks 200000] [--batch 10000]`. `--cpu-prof` of node profiles it.
 * A fake orchestrator over a real nats-server accepts everything; it runs in a process of its own.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { connectBus } from '@multiswarm/bus';
import { subjects } from '@multiswarm/contracts';
import { startNats } from '@multiswarm/testing';
import { z } from 'zod';
import { connect } from '../src';

const { values: options } = parseArgs({
  options: {
    tasks: { type: 'string', default: '200000' },
    batch: { type: 'string', default: '10000' },
    orchestrator: { type: 'string' },
  },
});

async function orchestrator(servers: string): Promise<void> {
  const bus = await connectBus({ servers, name: 'fake orchestrator' });
  let made = 0;
  const accept = ({ tasks }: { tasks: unknown[] }): unknown => ({
    accepted: tasks.length,
    rejected: 0,
    results: tasks.map((_task, index) => ({
      index,
      id: `t${made % 16}-${(made++).toString(16).padStart(26, '0')}`,
      duplicate: false,
    })),
  });
  bus.respond(subjects.task('submit-batch'), { request: z.any() }, async (body) => accept(body as never));
  await bus.rttMs();
  process.on('message', () => void bus.close().then(() => process.exit(0)));
  process.send?.('ready');
}

async function main(): Promise<void> {
  const nats = await startNats();
  const child = fork(__filename, ['--orchestrator', nats.url], {
    execArgv: process.execArgv.filter((arg) => !arg.startsWith('--cpu-prof')),
  });
  await once(child, 'message');
  const client = await connect({ servers: nats.url });
  const tasks = Number(options.tasks);
  const batch = Number(options.batch);
  const before = process.cpuUsage();
  const from = performance.now();
  for (let sent = 0; sent < tasks; sent += batch) {
    const items = Array.from({ length: batch }, (_, n) => ({ task: 'noop', input: { n: sent + n } }));
    const { accepted } = await client.submitBatch(items);
    if (accepted !== batch) throw new Error(`${accepted} of ${batch} tasks were accepted`);
  }
  const { user, system } = process.cpuUsage(before);
  const figures = {
    tasks,
    batch,
    cpuMicrosPerTask: Number(((user + system) / tasks).toFixed(2)),
    tasksPerSecond: Math.round(tasks / ((performance.now() - from) / 1_000)),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  await client.close();
  child.send('stop');
  await once(child, 'exit');
  await nats.stop();
}

void (options.orchestrator === undefined ? main() : orchestrator(options.orchestrator));
