import type { Command } from 'commander';
import type { DeadMessagePage } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { integerOption } from '../../options/repeatable';
import { printPages, type PageOptions } from '../../output/print-pages';
import { deadMessageCountsText, deadMessageView } from '../../views/dead-message';
import { conditionsOf, declareConditions, type ConditionOptions } from './conditions';

type Options = ConditionOptions & PageOptions;

export const command: CommandDefinition<Options> = {
  description:
    'Lists messages that were given up, oldest first, and how many there are by cause and recipient.',
  examples: [
    {
      command: 'swarmctl dead-message list --to eu-west-1 --died-after 2h',
      does: 'what went wrong there lately',
    },
    {
      command: 'swarmctl dead-message list --cause no-handler --all -o name',
      does: 'the numbers of all of one cause',
    },
  ],
  configure(command: Command) {
    declareConditions(command);
    command
      .option('--limit <n>', 'messages per page', integerOption('--limit', 1, 500))
      .option('--cursor <cursor>', 'go on where a page ended')
      .option('--all', 'all pages');
  },
  async run({ options, global, io }: Invocation<Options>) {
    const { limit, cursor, all } = options;
    const request = {
      api: new HttpApi(global.communicator),
      path: paths.deadMessages,
      query: { ...conditionsOf(options, io) },
      page: {
        ...(limit === undefined ? {} : { limit }),
        ...(cursor === undefined ? {} : { cursor }),
        ...(all === undefined ? {} : { all }),
      },
      // On stderr: the list is what other programs read.
      onFirst: ({ counts }: Pick<DeadMessagePage, 'counts'>): void => {
        if (counts && counts.total > 0) io.stderr.write(`${deadMessageCountsText(counts)}\n`);
      },
    };
    await printPages(deadMessageView, request, global, io);
    return EXIT.ok;
  },
};
