import type { Command } from 'commander';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { integerOption } from '../../options/repeatable';
import { printPages, type PageOptions } from '../../output/print-pages';
import { namespaceView } from '../../views/namespace';

export const command: CommandDefinition<PageOptions> = {
  description:
    'Lists the namespaces that somebody has set something for, by name. All others have the defaults: weight 1 and no limits.',
  examples: [
    { command: 'swarmctl namespace list', does: 'weights and limits of tenants' },
    { command: 'swarmctl namespace list --all -o name', does: 'the names of all' },
  ],
  configure(command: Command) {
    command
      .option('--limit <n>', 'namespaces per page', integerOption('--limit', 1, 500))
      .option('--cursor <cursor>', 'go on where a page ended')
      .option('--all', 'all pages');
  },
  run: list,
};

async function list({ options, global, io }: Invocation<PageOptions>): Promise<number> {
  const request = { api: new HttpApi(global.url), path: paths.namespaces, query: {}, page: options };
  await printPages(namespaceView, request, global, io);
  return EXIT.ok;
}
