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
  description: 'Lists the versions of a definition, newest first: when each was put, and by whom.',
  examples: [{ command: 'swarmctl definition versions site-report', does: 'how it has changed' }],
  configure(command: Command) {
    command
      .option('--namespace <name>', 'the tenant; default unless told')
      .option('--limit <n>', 'versions per page', integerOption('--limit', 1, 500))
      .option('--cursor <cursor>', 'go on where a page ended')
      .option('--all', 'all pages');
  },
  run: versions,
};

async function versions({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const { namespace, ...page } = options;
  const path = paths.definitionVersions(args[0] ?? '');
  await printPages(
    definitionView,
    { api: new HttpApi(global.url), path, query: { namespace }, page },
    global,
    io,
  );
  return EXIT.ok;
}
