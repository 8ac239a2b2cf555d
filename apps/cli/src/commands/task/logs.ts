import type { Command } from 'commander';
import type { TaskLogs } from '@multiswarm/contracts';
import { followLogs } from '../../api/follow-logs';
import { HttpApi } from '../../api/http-api';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { interruptible } from '../../interruption';
import { integerOption } from '../../options/repeatable';
import { isForPrograms } from '../../output/format';
import { paint } from '../../output/paint';
import { streamLine } from '../../views/stream-item';

interface Options {
  follow?: boolean;
  attempt?: number;
  since?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Prints what the attempts of a task say: log lines, parts of their output, progress. What was lost is named as a gap, what was said ' +
    'by an attempt that was not current any more is marked. For programs each line is one JSON object.',
  examples: [
    { command: 'swarmctl task logs t3-0198c2d4e5f60718293a4b5c6d', does: 'what was said until now' },
    { command: 'swarmctl task logs t3-0198c2d4e5f60718293a4b5c6d --follow', does: 'the same, until it ends' },
    {
      command: 'swarmctl task logs t3-0198c2d4e5f60718293a4b5c6d --attempt 2 -o jsonl',
      does: 'one attempt, for programs',
    },
  ],
  configure(command: Command) {
    command
      .option('--follow', 'go on until the task ends')
      .option('--attempt <n>', 'only this attempt', integerOption('--attempt', 1, 1_000_000_000))
      .option('--since <position>', 'what follows the position that was printed last on stderr');
  },
  run: logs,
};

async function logs({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const { follow = false, attempt, since } = options;
  const id = args[0] ?? '';
  const forPrograms = isForPrograms(global.format) || global.format === 'yaml';
  const color = paint(io.stdout, io.env);
  let last: TaskLogs | undefined;
  await interruptible(io, `the task goes on; "swarmctl task get ${id}" shows it`, async (signal) => {
    const pages = followLogs(new HttpApi(global.url), id, { attempt, after: since, follow, signal }, io);
    for await (const page of pages) {
      for (const item of page.items)
        io.stdout.write(
          `${forPrograms ? JSON.stringify(item) : streamLine(item, color, attempt === undefined)}\n`,
        );
      last = page;
    }
  });
  if (last && !last.ended) io.stderr.write(`${last.state}; more with --since ${last.next}\n`);
  return EXIT.ok;
}
