import type { Command } from 'commander';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { integerOption } from '../../options/repeatable';
import { printPages, type PageOptions } from '../../output/print-pages';
import { scheduleRow } from '../../views/schedule';

interface Options extends PageOptions {
  namespace?: string;
}

export const command: CommandDefinition<Options> = {
  description: 'Lists schedules by namespace and name, each with its next time.',
  examples: [
    { command: 'swarmctl schedule list', does: 'what starts when' },
    {
      command: 'swarmctl schedule list --namespace shop --all -o wide',
      does: 'all of one tenant, with more of each',
    },
  ],
  configure(command: Command) {
    command
      .option('--namespace <name>', 'only those of this tenant')
      .option('--limit <n>', 'schedules per page', integerOption('--limit', 1, 500))
      .option('--cursor <cursor>', 'go on where a page ended')
      .option('--all', 'all pages');
  },
  run: list,
};

async function list({ options, global, io }: Invocation<Options>): Promise<number> {
  const { namespace, ...page } = options;
  const request = { api: new HttpApi(global.url), path: paths.schedules, query: { namespace }, page };
  await printPages(scheduleRow, request, global, io);
  return EXIT.ok;
}
