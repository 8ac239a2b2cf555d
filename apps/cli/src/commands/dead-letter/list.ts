import type { Command } from 'commander';
import type { DeadLetterPage } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { integerOption } from '../../options/repeatable';
import { printPages, type PageOptions } from '../../output/print-pages';
import { countsText, deadLetterView } from '../../views/dead-letter';
import { conditionsOf, declareConditions, type ConditionOptions } from './conditions';

interface Options extends PageOptions, ConditionOptions {}

export const command: CommandDefinition<Options> = {
  description:
    'Lists tasks that failed for good or expired, the last one first, and says how many there are by error code and by type. ' +
    'They stay on the list until they are redriven or purged, or their retention has passed.',
  examples: [
    { command: 'swarmctl dead-letter list', does: 'what failed for good' },
    {
      command: 'swarmctl dead-letter list --code no-key --ended-after 2h',
      does: 'what ended with one error in the last two hours',
    },
    { command: 'swarmctl dead-letter list --type report --all -o name', does: 'the ids of all of one type' },
  ],
  configure(command: Command) {
    declareConditions(command);
    command
      .option('--limit <n>', 'dead letters per page', integerOption('--limit', 1, 500))
      .option('--cursor <cursor>', 'go on where a page ended')
      .option('--all', 'all pages');
  },
  run: list,
};

async function list({ options, global, io }: Invocation<Options>): Promise<number> {
  const { limit, cursor, all } = options;
  const request = {
    api: new HttpApi(global.url),
    path: paths.deadLetters,
    query: { ...conditionsOf(options, io) },
    page: {
      ...(limit === undefined ? {} : { limit }),
      ...(cursor === undefined ? {} : { cursor }),
      ...(all === undefined ? {} : { all }),
    },
    // On stderr: the list is what other programs read.
    onFirst: ({ counts }: Pick<DeadLetterPage, 'counts'>): void => {
      if (counts && counts.total > 0) io.stderr.write(`${countsText(counts)}\n`);
    },
  };
  await printPages(deadLetterView, request, global, io);
  return EXIT.ok;
}
