/**
 * The basic set-up: a swarm, a task, and the state of the system. With a system up (`npm start`), in another terminal:
 *
 *   npm run example:basic              or      npm run example:basic -- path/to/file.js
 *
 * A swarm joins from inside this program and measures the complexity of the file's functions. NATS_URL and MULTISWARM_URL
 * say where the system is, if not on this machine.
 */
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { connect, createSwarm, defineTask, NonRetryableError, type Client } from '@multiswarm/sdk';
import { z } from 'zod';
import { measureComplexity } from './basic/measure-complexity';
import { addresses, runProgram } from './program';

/** What both ends agree on: the type, what goes in, what comes out, and which swarms may run it. */
const measureFile = defineTask({
  type: 'development',
  input: z.object({ file: z.string(), source: z.string() }),
  output: z.object({
    file: z.string(),
    functions: z.number().int(),
    mostComplex: z.array(z.object({ name: z.string(), line: z.number(), complexity: z.number() })),
  }),
  requires: { attributes: { language: 'javascript', complexity: 'medium' } },
});

const SHOWN = 3;

const swarm = createSwarm({
  id: `basic-example-${process.pid}`,
  region: 'us-east',
  slots: 2,
  costPerHour: 1.2,
  attributes: { language: ['javascript'], complexity: ['low', 'medium', 'high'] },
  servers: addresses.servers,
}).handle(measureFile, ({ file, source }, ctx) => {
  ctx.log.info('measuring', { file });
  try {
    const functions = measureComplexity(source);
    return { file, functions: functions.length, mostComplex: functions.slice(0, SHOWN) };
  } catch (error) {
    // Tried again, it would not parse either.
    throw new NonRetryableError('not-javascript', `${file}: ${error instanceof Error ? error.message : ''}`);
  }
});

async function main(): Promise<void> {
  const path = process.argv[2] ?? join(__dirname, 'delivery', 'project', 'src', 'urls.js');
  const source = await readFile(path, 'utf8');
  const client = await connect({ url: addresses.url });
  try {
    await swarm.start();
    const run = await client.submit(measureFile, { file: relative('.', path), source }, { priority: 'high' });
    console.log(`Task submitted: ${run.id}`);

    const { file, functions, mostComplex } = await run.result({ timeoutMs: 60_000 });
    console.log(`${file} has ${functions} functions; the most complex:`);
    for (const { name, line, complexity } of mostComplex)
      console.log(`  line ${line}, ${name}: complexity ${complexity}`);
    await printStatus(client);
  } finally {
    await swarm.stop();
    await client.close();
  }
}

async function printStatus(client: Client): Promise<void> {
  const { health, reasons, system_metrics: metrics } = await client.status();
  console.log(`System Health: ${health}${reasons.length === 0 ? '' : ` (${reasons.join('; ')})`}`);
  console.log(`Active Swarms: ${metrics.active_swarms}`);
  console.log(`Success Rate: ${percent(metrics.success_rate)}`);
  console.log(`Resource Utilization: ${percent(metrics.resource_utilization)}`);
  console.log(`Cost per Hour: $${metrics.cost_per_hour.toFixed(2)}`);
}

function percent(share: number | null): string {
  return share === null ? 'nothing measured yet' : `${(share * 100).toFixed(2)}%`;
}

runProgram(main);
