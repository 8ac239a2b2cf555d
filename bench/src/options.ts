import { parseArgs } from 'node:util';

export const FSYNC = ['everysec', 'always', 'no'] as const;

export interface Options {
  /** Which benches; all when none is named. */
  names: readonly string[];
  quick: boolean;
  runs: number;
  /** Tasks of one batch. */
  tasks: number;
  /** Lone tasks, one after the other. */
  probes: number;
  /** Tasks that wait while something is measured. */
  waiting: number;
  /** Independent runs of each simulation. */
  seeds: number;
  /** The first of them. */
  firstSeed: number;
  /** Of these names only; all where there is none. */
  scenarios: readonly string[];
  policies: readonly string[];
  appendfsync: (typeof FSYNC)[number];
  /** Instead of trying out which suits best. */
  concurrency?: number;
  /** Goes with `concurrency`: batches are cut into chunks of so many. */
  chunk?: number;
  /** The peer's batch, too, ends only when its client knows of every job, as ours does. */
  followed: boolean;
  /** The peer is left out. */
  alone: boolean;
  /** A directory for CPU profiles of what is measured. */
  profile?: string;
  /** A directory with recorded workflows. */
  data?: string;
}

/** Benches that run without being named only where there is data for them. */
const OF_DATA: readonly string[] = ['makespan'];

export const USAGE = `usage: npm run bench -- [name …] [options]

names: throughput, latency, submit, memory, flatness, takeover, idle, scheduler, bus, payloads, streams, search, workflow, makespan, routing, routing-engine, routing-nats, routing-http, routing-heartbeats, learning, messages, mailboxes (default: all)
  --quick              small and once: 2,000 tasks, 100 lone tasks, 20,000 waiting ones; to see that it works, not a result
  --runs N             runs of each figure; the result is their median (default 5)
  --tasks N            tasks of one batch (default 10,000)
  --probes N           lone tasks, and requests of each kind of search (default 300)
  --waiting N          tasks that wait in memory, flatness, takeover, idle, scheduler and search (default 100,000)
  --seeds N            routing, learning: independent simulations of everything, for the 95% intervals (default 10; --quick: 3)
  --first-seed N       routing, learning: the first of these seeds (default 1)
  --scenario NAME      routing, learning: this one only; may be repeated
  --policy NAME        routing, routing-engine: this way to route only, beside the peer; may be repeated
  --appendfsync WHEN   ${FSYNC.join(', ')} (default everysec): the Redis of both systems
  --concurrency N      throughput: of both systems, instead of trying out which suits each
  --chunk N            with --concurrency: cut the batch into chunks of so many
  --followed           throughput: BullMQ's batch, too, ends when its client knows of every job (QueueEvents), not its worker
  --alone              leave out the peer
  --profile DIR        all but memory, idle, scheduler and bus: write CPU profiles of every process for what is measured; profiling costs speed.
                       node bench/profile-top.mjs DIR/*.cpuprofile shows where the time went
  --data DIR           makespan: a folder with WfCommons instances (default: BENCH_DATA)
  --no-build           measure what is built already

Settings of the services come from the environment, as always (SHARDS=4 npm run bench …). Results are JSON lines on stdout,
progress is on stderr.
`;

/**
 * Throws an error with the fault as its message.
 * @param data where recorded workflows are, unless told
 */
export function readOptions(
  argv: readonly string[],
  known: readonly string[],
  data?: string,
): Options | 'help' {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      alone: { type: 'boolean', default: false },
      followed: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      runs: { type: 'string' },
      tasks: { type: 'string' },
      probes: { type: 'string' },
      waiting: { type: 'string' },
      seeds: { type: 'string' },
      'first-seed': { type: 'string' },
      scenario: { type: 'string', multiple: true, default: [] },
      policy: { type: 'string', multiple: true, default: [] },
      concurrency: { type: 'string' },
      chunk: { type: 'string' },
      profile: { type: 'string' },
      data: { type: 'string', ...(data === undefined ? {} : { default: data }) },
      appendfsync: { type: 'string', default: 'everysec' },
    },
  });
  if (values.help) return 'help';
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(`no bench is called ${unknown.join(', ')}; there are ${known.join(', ')}`);
  const appendfsync = FSYNC.find((when) => when === values.appendfsync);
  if (!appendfsync) throw new Error(`--appendfsync takes ${FSYNC.join(', ')}, not ${values.appendfsync}`);
  const { quick, alone, followed, concurrency, chunk, profile } = values;
  return {
    names: positionals.length > 0 ? positionals : withData(known, values.data),
    quick,
    alone,
    followed,
    runs: count('--runs', values.runs, quick ? 1 : 5),
    tasks: count('--tasks', values.tasks, quick ? 2_000 : 10_000),
    probes: count('--probes', values.probes, quick ? 100 : 300),
    waiting: count('--waiting', values.waiting, quick ? 20_000 : 100_000),
    seeds: count('--seeds', values.seeds, quick ? 3 : 10),
    firstSeed: count('--first-seed', values['first-seed'], 1),
    scenarios: values.scenario,
    policies: values.policy,
    appendfsync,
    ...(concurrency === undefined ? {} : { concurrency: count('--concurrency', concurrency, 1) }),
    ...(chunk === undefined ? {} : { chunk: count('--chunk', chunk, 1) }),
    ...(profile === undefined ? {} : { profile }),
    ...(values.data === undefined ? {} : { data: values.data }),
  };
}

/** The seeds of independent simulations, one after the other. */
export function seedsOf({ seeds, firstSeed }: Pick<Options, 'seeds' | 'firstSeed'>): number[] {
  return Array.from({ length: seeds }, (_, at) => firstSeed + at);
}

function withData(known: readonly string[], data: string | undefined): readonly string[] {
  return data === undefined ? known.filter((name) => !OF_DATA.includes(name)) : known;
}

function count(option: string, given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${option} takes a whole number from 1, not ${given}`);
  return value;
}
