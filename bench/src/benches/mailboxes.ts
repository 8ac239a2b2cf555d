import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startNats } from '@multiswarm/testing';
import { z } from 'zod';
import { startChild } from '../child';
import { withCpu } from '../cpu';
import type { Options } from '../options';
import { heapOf, profiled } from '../profiling';
import { rounded } from '../statistics';
import { startService } from '../systems/services';
import { startOrUndo, type Endings } from '../systems/system';
import type { Bench } from './bench';

const MAILBOXES = { quick: 1_000, full: 10_000 };
/** Longer than the pause after which a reader says again that it is there. */
const WATCH_MS = { quick: 5_000, full: 30_000 };
const POLL_MS = 250;
const MOST_POLLS = 240;

const Listed = z.object({ mailboxes: z.array(z.object({ sessions: z.number() })) });
const Faults = z.object({ faults: z.number() });

interface Seen {
  /** On the heap of the communicator, for each mailbox. */
  bytes: number;
  /** Of one core. */
  percent: number;
  foreignCores: number;
}

/** What mailboxes with a reader each cost one communicator while nobody writes: memory, and processor time. */
export const mailboxes: Bench = async (options, progress) => {
  const count = MAILBOXES[options.quick ? 'quick' : 'full'];
  const runs: Seen[] = [];
  for (let run = 1; run <= options.runs; run++) {
    const seen = await startOrUndo(async (endings) => {
      const found = await watch(count, options, endings);
      await endings.run();
      return found;
    });
    runs.push(seen);
    progress(
      `run ${run}/${options.runs}  ${rounded(seen.bytes / 1_000)} KB for each of ${count}, ${rounded(seen.percent)} % of a core (${rounded(seen.foreignCores)} cores busy with others)`,
    );
  }
  const common = {
    bench: 'mailboxes',
    settings: { mailboxes: count, runs: options.runs },
    serverVersions: {},
  };
  return [
    {
      ...{ ...common, metric: 'memory of a mailbox', unit: 'bytes' },
      own: { name: 'communicator', runs: runs.map(({ bytes }) => bytes) },
    },
    {
      ...{ ...common, metric: 'processor time while nobody writes', unit: '% of a core' },
      own: { name: 'communicator', runs: runs.map(({ percent }) => percent) },
    },
  ];
};

async function watch(count: number, { quick, profile }: Options, endings: Endings): Promise<Seen> {
  const nats = await startNats();
  endings.add(() => nats.stop());
  const urls = { NATS_URL: nats.url };
  const service = await startService(
    'communicator',
    'communicator',
    { urls, probed: true, logLevel: 'warn' },
    endings,
  );
  const before = await heapOf(service);
  const readers = startChild({
    name: 'readers',
    args: ['-r', 'ts-node/register', join(__dirname, '..', 'systems', 'mailboxes-process.ts')],
    env: { ...urls, BENCH_MAILBOXES: String(count) },
  });
  endings.add(() => readers.stop());
  await readers.ready;
  await untilAttended(service.url, count);
  const after = await heapOf(service);
  const rest = (): Promise<void> => delay(WATCH_MS[quick ? 'quick' : 'full']);
  const work = profile === undefined ? rest : () => profiled(profile, 'mailboxes', [service], rest);
  const { used, wallMs, foreignCores } = await withCpu([service], work);
  const { faults } = Faults.parse(await readers.ask({}));
  if (faults > 0) throw new Error(`${faults} readers were not answered`);
  const percent = (100 * (used[service.name]?.processMs ?? NaN)) / wallMs;
  return { bytes: (after - before) / count, percent, foreignCores };
}

async function untilAttended(url: string, count: number): Promise<void> {
  let attended = 0;
  for (let polls = 0; polls < MOST_POLLS; polls++) {
    const answer = await fetch(`${url}/v1/mailboxes?namespace=default`);
    const { mailboxes: listed } = Listed.parse(await answer.json());
    attended = listed.filter(({ sessions }) => sessions > 0).length;
    if (attended >= count) return;
    await delay(POLL_MS);
  }
  throw new Error(`only ${attended} of ${count} mailboxes have a reader`);
}
