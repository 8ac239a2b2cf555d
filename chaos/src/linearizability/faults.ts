import { connectBus, KeyValueBucket, type Bus } from '@multiswarm/bus';
import { delay, seededRandom, systemClock, type Random } from '@multiswarm/core';
import {
  checkByKey,
  eventually,
  registerModel,
  startNatsCluster,
  type NatsCluster,
  type Verdict,
} from '@multiswarm/testing';
import { noCounts, NOTHING, RecordingClient, type Counts, type KeyCall } from './client';

export interface FaultOptions {
  seed: number;
  /** For so long servers die. */
  seconds: number;
  /** What must have come through before clients end: they go on without faults until it has, 60 s at most. Default: anything. */
  enough?: (counts: Counts) => boolean;
  clients: number;
  keys: number;
  /** Between the calls of one client. */
  pauseMs: number;
  /** What is done to servers, one fault after the other. */
  faults: readonly Fault[];
}

export type Fault = 'kill' | 'restart' | 'freeze';
export const FAULTS: readonly Fault[] = ['kill', 'restart', 'freeze'];

export interface FaultReport {
  verdict: Verdict;
  /** Keys that are not linearizable, or undecided. */
  of: string[];
  operations: number;
  counts: Counts;
  faults: { fault: Fault; server: number; atMs: number }[];
}

const SERVERS = 3;
const TIMEOUT_MS = 2_000;
const BETWEEN_FAULTS_MS = 1_500;
const DOWN_MS = 1_000;
const READY_MS = 30_000;
const ENOUGH_MS = 60_000;
const LIMITS = { history: 1, replicas: SERVERS, maxValueBytes: 1_000, maxBytes: 10_000_000 };

/** Clients on all of three servers read and write a few keys while servers die; then the history is checked, key by key. */
export async function underFaults(
  options: FaultOptions,
  progress: (line: string) => void,
): Promise<FaultReport> {
  const cluster = await startNatsCluster();
  const buses: Bus[] = [];
  try {
    for (let each = 0; each < options.clients; each++)
      buses.push(await connectBus({ servers: cluster.urls, name: `client ${each}`, closeGraceMs: 100 }));
    await bucketReady(buses[0]);
    progress('three servers are one cluster, and the bucket is on all of them');
    return await recordAndCheck(cluster, buses, options, progress);
  } finally {
    await Promise.all(buses.map((bus) => bus.close()));
    await cluster.stop();
  }
}

async function bucketReady(bus: Bus | undefined): Promise<void> {
  if (!bus) throw new Error('at least one client is needed');
  const bucket = new KeyValueBucket(bus.connection, 'histories', { timeoutMs: TIMEOUT_MS });
  await eventually(
    async () => {
      await bucket.make(LIMITS);
      return bucket.put('ready', 'yes');
    },
    { timeoutMs: READY_MS, describe: 'a bucket on three servers' },
  );
}

async function recordAndCheck(
  cluster: NatsCluster,
  buses: readonly Bus[],
  { seed, seconds, keys, pauseMs, faults: kinds, enough = () => true }: FaultOptions,
  progress: (line: string) => void,
): Promise<FaultReport> {
  const from = performance.now();
  const now = (): number => performance.now() - from;
  const names = Array.from({ length: keys }, (_, index) => `k${index}`);
  const clients = buses.map(
    ({ connection }, index) =>
      new RecordingClient(
        `c${index}`,
        new KeyValueBucket(connection, 'histories', { timeoutMs: TIMEOUT_MS }),
        names,
        seededRandom(seed * 1_000 + index),
        now,
      ),
  );
  const calm = (): boolean => now() > seconds * 1_000;
  const over = (): boolean => calm() && (enough(sumOf(clients)) || now() > seconds * 1_000 + ENOUGH_MS);
  const faults: FaultReport['faults'] = [];
  const running = clients.map(async (client) => {
    while (!over()) {
      await client.step();
      await delay(systemClock, pauseMs);
    }
  });
  await injectUntil(calm, cluster, kinds, seededRandom(seed), (fault, server) => {
    faults.push({ fault, server, atMs: Math.round(now()) });
    progress(`${fault} of server ${server}`);
  });
  await Promise.all(running);
  const operations = clients.flatMap((client) => client.operations);
  progress(`${operations.length} calls are recorded; checking`);
  const { verdict, of } = checkByKey<string, KeyCall>(
    registerModel<string>(NOTHING),
    operations,
    ({ key }) => key,
  );
  return { verdict, of, operations: operations.length, counts: sumOf(clients), faults };
}

/** One server at a time: with two of three gone there is no quorum, and nothing to be seen but refusals. */
async function injectUntil(
  over: () => boolean,
  cluster: NatsCluster,
  kinds: readonly Fault[],
  random: Random,
  onFault: (fault: Fault, server: number) => void,
): Promise<void> {
  while (!over()) {
    const index = Math.floor(random.next() * cluster.servers.length);
    const fault = kinds[Math.floor(random.next() * kinds.length)];
    const server = cluster.servers[index];
    if (!server || fault === undefined) return;
    onFault(fault, index);
    if (fault === 'restart') await server.restart();
    else {
      await server.kill(fault === 'kill' ? 'SIGKILL' : 'SIGSTOP');
      await delay(systemClock, DOWN_MS);
      if (fault === 'kill') await server.restart();
      else await server.kill('SIGCONT');
    }
    await delay(systemClock, BETWEEN_FAULTS_MS);
  }
}

function sumOf(clients: readonly RecordingClient[]): Counts {
  const sum = noCounts();
  for (const { counts } of clients)
    for (const name of Object.keys(sum) as (keyof Counts)[]) sum[name] += counts[name];
  return sum;
}
