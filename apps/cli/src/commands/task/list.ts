import type { Command } from 'commander';
import { TASK_ORDERS } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import { listArchived } from '../../archive/list-archived';
import type { ArchiveSource } from '../../archive/read';
import type { CommandDefinition, GlobalOptions, Invocation } from '../../command';
import { EXIT } from '../../faults';
import type { Io } from '../../io';
import { archiveOptions } from '../../options/archive';
import { integerOption } from '../../options/repeatable';
import {
  declareTaskConditions,
  taskConditions,
  type TaskConditionOptions,
} from '../../options/task-conditions';
import { printPages, type PageOptions } from '../../output/print-pages';
import { taskView } from '../../views/task';

export interface ListOptions extends PageOptions, TaskConditionOptions {
  order?: string;
}

interface Options extends ListOptions, ArchiveSource {
  workflow?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Lists tasks by whatever is known of them, newest first, one page at a time; --all follows the cursor to the end. ' +
    'All conditions must hold.',
  examples: [
    { command: 'swarmctl task list --state running', does: 'what runs now' },
    { command: 'swarmctl task list --state queued,backoff -o wide', does: 'what waits, and for what' },
    {
      command: 'swarmctl task list --label customer=acme --ended-after 2h',
      does: 'what ended for one customer',
    },
    {
      command: 'swarmctl task list --code no-key --region "eu-*"',
      does: 'what failed for one reason, and where',
    },
    { command: 'swarmctl task list --order updated --limit 20', does: 'what has changed last' },
    { command: 'swarmctl task list --state failed --all -o name', does: 'the ids of everything that failed' },
    {
      command: 'swarmctl task list --archive archives/ --state failed',
      does: 'what failed, from archives of events',
    },
  ],
  configure(command: Command) {
    declarePages(declareTaskConditions(archiveOptions(command)));
    command.option('--workflow <id>', 'the steps of this workflow, in its order');
  },
  run: list,
};

/** How a list of tasks is read. */
export function declarePages(command: Command): void {
  command
    .option(
      '--order <time>',
      `newest first by ${TASK_ORDERS.join(' or ')}: when they were, or last changed state`,
    )
    .option('--limit <n>', 'tasks per page', integerOption('--limit', 1, 500))
    .option('--cursor <cursor>', 'go on where a page ended')
    .option('--all', 'all pages');
}

export async function printTasks(
  options: ListOptions,
  more: { workflow?: string | undefined },
  global: GlobalOptions,
  io: Io,
): Promise<number> {
  const { order, limit, cursor, all } = options;
  const request = {
    api: new HttpApi(global.url),
    path: paths.tasks,
    query: { ...taskConditions(options, io), order, ...more },
    page: {
      ...(limit === undefined ? {} : { limit }),
      ...(cursor === undefined ? {} : { cursor }),
      ...(all === undefined ? {} : { all }),
    },
  };
  await printPages(taskView, request, global, io);
  return EXIT.ok;
}

async function list({ options, global, io }: Invocation<Options>): Promise<number> {
  if (options.archive) return listArchived(options, global, io);
  return printTasks(options, { workflow: options.workflow }, global, io);
}
