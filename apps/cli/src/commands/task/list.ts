import type { Command } from 'commander';
import { TASK_STATES } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import { listArchived } from '../../archive/list-archived';
import type { ArchiveSource } from '../../archive/read';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { archiveOptions } from '../../options/archive';
import { integerOption } from '../../options/repeatable';
import { printPages, type PageOptions } from '../../output/print-pages';
import { taskView } from '../../views/task';

interface Options extends PageOptions, ArchiveSource {
  state?: string;
  type?: string;
  namespace?: string;
  workflow?: string;
}

export const command: CommandDefinition<Options> = {
  description: 'Lists tasks, newest first, one page at a time; --all follows the cursor to the end.',
  examples: [
    { command: 'swarmctl task list --state running', does: 'what runs now' },
    { command: 'swarmctl task list --state queued -o wide', does: 'what waits, and for what' },
    { command: 'swarmctl task list --state failed --all -o name', does: 'the ids of everything that failed' },
    {
      command: 'swarmctl task list --archive archives/ --state failed',
      does: 'what failed, from archives of events',
    },
  ],
  configure(command: Command) {
    archiveOptions(command)
      .option('--state <state>', `one of ${TASK_STATES.join(', ')}`)
      .option('--type <type>', 'only tasks of this type')
      .option('--namespace <name>', 'only tasks of this tenant')
      .option('--workflow <id>', 'only the steps of this workflow')
      .option('--limit <n>', 'tasks per page', integerOption('--limit', 1, 500))
      .option('--cursor <cursor>', 'go on where a page ended')
      .option('--all', 'all pages');
  },
  run: list,
};

async function list({ options, global, io }: Invocation<Options>): Promise<number> {
  if (options.archive) return listArchived(options, global, io);
  const { state, type, namespace, workflow, archive: _, partial: __, ...page } = options;
  const request = {
    api: new HttpApi(global.url),
    path: paths.tasks,
    query: { state, type, namespace, workflow },
    page,
  };
  await printPages(taskView, request, global, io);
  return EXIT.ok;
}
