import { parseArgs } from 'node:util';

export interface Options {
  readonly seed: number;
  readonly tasks: number;
  readonly minutes: number;
  readonly json: boolean;
  readonly keep: boolean;
}

const DEFAULTS = { seed: 1, tasks: 5_000, minutes: 5 };
const MOST_TASKS = 1_000_000;
const MOST_MINUTES = 24 * 60;

export const USAGE = `usage: npm run chaos -- [options]

Starts Redis (every commit on disk), NATS with a leaf node, four orchestrators, two load-balancers, a communicator and four swarms in
three regions, all as processes of this machine; hands in tasks at a steady pace, and meanwhile kills and freezes services, swarms and
servers, cuts regions off and fills the disk of Redis. Then it checks what has to hold, and reports.

  --seed N      which faults, in which order, and which tasks (default ${DEFAULTS.seed})
  --tasks N     tasks that are handed in (default ${DEFAULTS.tasks.toLocaleString('en')})
  --minutes M   how long load and faults go on (default ${DEFAULTS.minutes}); what is under way then ends, which takes up to some minutes more
  --json        the report as JSON on stdout; progress is on stderr
  --keep        keep logs and records; they are always kept when something does not hold
  --help        this text

A seed decides what is done, not how the machine takes its turns: the same seed twice is the same faults and tasks, not the same run.
Exit: 0 all held, 1 not, 2 usage.
`;

/** Throws an error with the fault as its message. */
export function readOptions(argv: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      seed: { type: 'string' },
      tasks: { type: 'string' },
      minutes: { type: 'string' },
    },
  });
  if (values.help) return 'help';
  const { json, keep } = values;
  return {
    seed: whole('--seed', values.seed, DEFAULTS.seed, 2 ** 31),
    tasks: whole('--tasks', values.tasks, DEFAULTS.tasks, MOST_TASKS),
    minutes: positive('--minutes', values.minutes, DEFAULTS.minutes, MOST_MINUTES),
    ...{ json, keep },
  };
}

function whole(option: string, given: string | undefined, otherwise: number, most: number): number {
  const value = positive(option, given, otherwise, most);
  if (!Number.isInteger(value)) throw new Error(`${option} takes a whole number, not ${value}`);
  return value;
}

function positive(option: string, given: string | undefined, otherwise: number, most: number): number {
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (!(value > 0 && value <= most))
    throw new Error(`${option} takes a number above 0 and up to ${most}, not ${given}`);
  return value;
}
