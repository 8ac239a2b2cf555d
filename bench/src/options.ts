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
  appendfsync: (typeof FSYNC)[number];
}

export const USAGE = `usage: npm run bench -- [name …] [options]

names: throughput, latency, bus (default: all)
  --quick              2,000 tasks and 100 lone tasks instead of 10,000 and 300; one run unless --runs is given
  --runs N             runs of each figure; the result is their median (default 5)
  --tasks N            tasks of one batch
  --probes N           lone tasks
  --appendfsync WHEN   ${FSYNC.join(', ')} (default everysec): the Redis of both systems
  --no-build           measure what is built already

Results are JSON lines on stdout, progress is on stderr.
`;

/** Throws an error with the fault as its message. */
export function readOptions(argv: readonly string[], known: readonly string[]): Options | 'help' {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      runs: { type: 'string' },
      tasks: { type: 'string' },
      probes: { type: 'string' },
      appendfsync: { type: 'string', default: 'everysec' },
    },
  });
  if (values.help) return 'help';
  const unknown = positionals.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Error(`no bench is called ${unknown.join(', ')}; there are ${known.join(', ')}`);
  const appendfsync = FSYNC.find((when) => when === values.appendfsync);
  if (!appendfsync) throw new Error(`--appendfsync takes ${FSYNC.join(', ')}, not ${values.appendfsync}`);
  const { quick } = values;
  return {
    names: positionals.length > 0 ? positionals : known,
    quick,
    runs: count('--runs', values.runs, quick ? 1 : 5),
    tasks: count('--tasks', values.tasks, quick ? 2_000 : 10_000),
    probes: count('--probes', values.probes, quick ? 100 : 300),
    appendfsync,
  };
}

function count(option: string, given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`${option} takes a whole number from 1, not ${given}`);
  return value;
}
