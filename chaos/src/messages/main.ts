import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mailFaults } from './faults';
import { printMailReport } from './report';
import { runMailChaos, type MailRunOptions } from './run';
import { OWN_SIZES } from './sizes';

const OUT = '.multiswarm/chaos/messages';
const MOST_MINUTES = 24 * 60;
const RECORDED = join('messages', 'who-when-message-flow.csv');
const REDRIVE_KILLS = 6;

const MESSAGES_USAGE = `npm run chaos -- messages [options]

Starts NATS, two communicators, and swarms that send and handle messages, all as processes of this machine. Kills, restarts and freezes
them under load, each in turn and then in random order; then compares what was promised with what came, sends the dead letters again while
the communicators are killed, and compares once more.

  --minutes M   how long load and faults go on (default 10); the rest takes some minutes more
  --seed N      which messages and which faults (default 1)
  --every MS    pause of each of the twelve lanes between two messages (default 40)
  --sizes FILE  sizes of recorded messages: comma-separated, with a column "bytes"
                (default: messages/who-when-message-flow.csv in BENCH_DATA where that is set, else quantiles that are part of this)
  --out DIR     where report.json goes (default ${OUT})
  --keep        keep logs and records; they are always kept when something does not hold

Exit: 0 all held, 1 not, 2 usage.
`;

interface MessagesOptions extends MailRunOptions {
  readonly out: string;
}

/** Throws an error with the fault as its message. */
function readMessagesOptions(argv: readonly string[], env: NodeJS.ProcessEnv): MessagesOptions | 'help' {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...{ help: { ...flag, short: 'h' }, keep: flag, minutes: text, seed: text, every: text },
      ...{ sizes: text, out: text },
    },
  });
  if (values.help) return 'help';
  const seed = numberOf('--seed', values.seed, 1, 2 ** 31);
  const data = env['BENCH_DATA'];
  return {
    seed,
    sizes: values.sizes ?? (data === undefined ? OWN_SIZES : join(data, RECORDED)),
    everyMs: numberOf('--every', values.every, 40, 60_000),
    plan: mailFaults(seed),
    faultsForMs: numberOf('--minutes', values.minutes, 10, MOST_MINUTES) * 60_000,
    redriveKills: REDRIVE_KILLS,
    keep: values.keep,
    out: values.out ?? OUT,
  };
}

function numberOf(option: string, given: string | undefined, otherwise: number, most: number): number {
  const value = given === undefined ? otherwise : Number(given);
  if (!(value > 0 && value <= most))
    throw new Error(`${option} takes a number above 0 and up to ${most}, not ${given}`);
  return value;
}

/** @returns the exit code */
export async function messagesMain(
  argv: readonly string[],
  progress: (line: string) => void,
): Promise<number> {
  let options: MessagesOptions | 'help';
  try {
    options = readMessagesOptions(argv, process.env);
  } catch (error) {
    process.stderr.write(`chaos: ${(error as Error).message}\n\n${MESSAGES_USAGE}`);
    return 2;
  }
  if (options === 'help') {
    process.stdout.write(MESSAGES_USAGE);
    return 0;
  }
  const report = await runMailChaos(options, progress);
  await mkdir(options.out, { recursive: true });
  await writeFile(join(options.out, 'report.json'), `${JSON.stringify(report, undefined, 2)}\n`);
  process.stdout.write(printMailReport(report));
  return report.broken.length === 0 ? 0 : 1;
}
