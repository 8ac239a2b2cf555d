import type { Command } from 'commander';
import { WORKFLOW_STATES } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { integerOption } from '../../options/repeatable';
import { printPages, type PageOptions } from '../../output/print-pages';
import { workflowListView } from '../../views/workflow';

interface Options extends PageOptions {
  state?: string;
  namespace?: string;
}

export const command: CommandDefinition<Options> = {
  description: 'Lists workflows, newest first, one page at a time; --all follows the cursor to the end.',
  examples: [
    { command: 'swarmctl workflow list', does: 'the newest' },
    {
      command: 'swarmctl workflow list --state failed --all -o jsonl',
      does: 'every one that failed, a JSON object per line',
    },
  ],
  configure(command: Command) {
    command
      .option('--state <state>', `one of ${WORKFLOW_STATES.join(', ')}`)
      .option('--namespace <name>', 'only workflows of this tenant')
      .option('--limit <n>', 'workflows per page', integerOption('--limit', 1, 500))
      .option('--cursor <cursor>', 'go on where a page ended')
      .option('--all', 'all pages');
  },
  run: list,
};

async function list({ options, global, io }: Invocation<Options>): Promise<number> {
  const { state, namespace, ...page } = options;
  const request = { api: new HttpApi(global.url), path: paths.workflows, query: { state, namespace }, page };
  await printPages(workflowListView, request, global, io);
  return EXIT.ok;
}
