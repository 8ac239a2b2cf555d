/**
 * Swarms that talk: a coordinator broadcasts a piece of work, two workers in two regions do their parts and answer, and one of them lends the
 * coordinator resources. With a system up (`npm start`), in another terminal:
 *
 *   npm run example:cross-swarm      or      npm run example:cross-swarm -- path/to/file.csv
 *
 * The last column of the file is summed by its first. NATS_URL says where the system is, if not on this machine.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSwarm, type Swarm } from '@multiswarm/sdk';
import { z } from 'zod';
import { merge, sumPart } from './cross-swarm/dataset';
import { addresses, runProgram } from './program';

const { servers } = addresses;
const ANSWERS_MS = 20_000;
const Work = z.object({ csv: z.string(), workers: z.array(z.string()) });
const Summed = z.object({ rows: z.number(), sums: z.record(z.string(), z.number()) });

const id = (name: string): string => `${name}-${process.pid}`;
const coordinator = createSwarm({
  id: id('coordinator'),
  region: 'us-east',
  slots: 1,
  types: ['none'],
  servers,
});
const workers = ['us-east', 'eu-west'].map((region, index) =>
  createSwarm({
    ...{ id: id(`worker-${index + 1}`), region, slots: 1, types: ['none'], servers },
    resources: { cpu: 16, memoryMb: 65_536 },
  }),
);

/** A worker does the part that is its own by its place in the list, and answers into the mailbox of who has asked. */
function work(worker: Swarm): void {
  worker.messages.on('task-request', async ({ data, from, correlationId }) => {
    const { csv, workers: all } = Work.parse(data.input);
    if (!all.includes(worker.id)) return;
    await worker.messages.send({
      ...{ to: from, kind: 'task-response', qos: 'at-least-once' },
      ...(correlationId === undefined ? {} : { correlationId }),
      data: { state: 'succeeded', output: { ...sumPart(csv, all.indexOf(worker.id), all.length) } },
    });
  });
}

/** Resolves when each worker has answered. */
function answersOf(asked: ReadonlySet<string>): Promise<Map<string, z.output<typeof Summed>>> {
  const answers = new Map<string, z.output<typeof Summed>>();
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`only ${answers.size} workers have answered`)),
      ANSWERS_MS,
    );
    coordinator.messages.on('task-response', ({ from, data }) => {
      if (!asked.has(from)) return;
      answers.set(from, Summed.parse(data.output));
      if (answers.size < asked.size) return;
      clearTimeout(late);
      resolve(answers);
    });
  });
}

async function lend(): Promise<void> {
  const [lender] = workers;
  if (!lender) return;
  const told = new Promise<string>((resolve) => {
    coordinator.messages.on('resource-offer', ({ data }) => resolve(data.offerId ?? ''));
  });
  const resources = { cpu: 8, memoryMb: 32_768 };
  const { id: offerId } = await lender.offers.make({ resources, ttlMs: 60_000 });
  await lender.messages.send({
    ...{ to: coordinator.id, kind: 'resource-offer', qos: 'at-least-once', priority: 'high' },
    data: { resources, offerId },
  });
  const borrowed = await coordinator.offers.claim(await told);
  console.log(`${lender.id} lends 8 cores and 32 GiB; ${coordinator.id} has them (token ${borrowed.token})`);
  await borrowed.release();
}

async function main(): Promise<void> {
  const csv = await readFile(process.argv[2] ?? join(__dirname, 'cross-swarm', 'orders.csv'), 'utf8');
  workers.forEach(work);
  const everybody = [coordinator, ...workers];
  try {
    await Promise.all(everybody.map((swarm) => swarm.start()));
    const ids = workers.map((worker) => worker.id);
    const answered = answersOf(new Set(ids));
    const sent = await coordinator.messages.broadcast({
      kind: 'task-request',
      data: { type: 'data_processing', input: { csv, workers: ids } },
    });
    console.log(`Broadcast: ${sent.id}`);
    const answers = await answered;
    for (const [worker, { rows }] of answers) console.log(`  ${worker}: ${rows} rows`);
    const { rows, sums } = merge([...answers.values()]);
    for (const [key, sum] of Object.entries(sums).sort(([, a], [, b]) => b - a))
      console.log(`  ${key}: ${sum}`);
    console.log(`${rows} rows of ${answers.size} workers`);
    await lend();
  } finally {
    await Promise.all(everybody.map((swarm) => swarm.stop()));
  }
}

runProgram(main);
