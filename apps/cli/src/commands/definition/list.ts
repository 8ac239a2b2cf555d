import type { Command } from 'commander';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { integerOption } from '../../options/repeatable';
import { printPages, type PageOptions } from '../../output/print-pages';
import { definitionView } from '../../views/definition';

interface Options extends PageOptions {
  namespace?: string;
}

export const command: CommandDefinition<Options> = {
  description: 'Lists definitions by namespace and name, each in its newest version.',
  examples: [
    { command: 'swarmctl definition list', does: 'what can be run by name' },
    { command: 'swarmctl definition list --namespace shop --all -o name', does: 'the names of one tenant' },
  ],
  configure(command: Command) {
    command
      .option('--namespace <name>', 'only those of this tenant')
      .option('--limit <n>', 'definitions per page', integerOption('--limit', 1, 500))
      .option('--cursor <cursor>', 'go on where a page ended')
      .option('--all', 'all pages');
  },
  run: list,
};

async function list({ options, global, io }: Invocation<Options>): Promise<number> {
  const { namespace, ...page } = options;
  const request = { api: new HttpApi(global.url), path: paths.definitions, query: { namespace }, page };
  await printPages(definitionView, request, global, io);
  return EXIT.ok;
}
