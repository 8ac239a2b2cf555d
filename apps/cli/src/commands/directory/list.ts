import { Option, type Command } from 'commander';
import { DIRECTORY_ORDERS } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareDirectory, directoryQuery, type DirectoryOptions } from '../../options/directory';
import { integerOption } from '../../options/repeatable';
import { printPages, type PageOptions } from '../../output/print-pages';
import { directoryView } from '../../views/directory';

interface Options extends DirectoryOptions, PageOptions {
  sort?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Lists who has capabilities: swarms by their heartbeats, and whatever was advertised. All conditions must hold.',
  examples: [
    { command: 'swarmctl directory list', does: 'everybody' },
    {
      command: `swarmctl directory list --capability llm --region 'eu-*' --max-load 0.8 --sort price`,
      does: 'who has room, the cheapest first',
    },
    { command: 'swarmctl directory list --attribute gb=40 -o name', does: 'with at least 40 of it' },
  ],
  configure(command: Command) {
    declareDirectory(command)
      .addOption(new Option('--sort <order>', 'lowest first').choices(DIRECTORY_ORDERS))
      .option('--limit <n>', 'entries per page', integerOption('--limit', 1, 500))
      .option('--cursor <cursor>', 'go on where a page ended')
      .option('--all', 'all pages');
  },
  async run({ options, global, io }: Invocation<Options>) {
    const { sort, limit, cursor, all, ...filter } = options;
    const page = {
      ...(limit === undefined ? {} : { limit }),
      ...(cursor === undefined ? {} : { cursor }),
      ...(all === undefined ? {} : { all }),
    };
    const query = { ...directoryQuery(filter), sort };
    const api = new HttpApi(global.communicator);
    await printPages(directoryView, { api, path: paths.directory, query, page }, global, io);
    return EXIT.ok;
  },
};
