import type { Command } from 'commander';
import { TASK_GROUPS, type TaskCounts } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import {
  declareTaskConditions,
  taskConditions,
  type TaskConditionOptions,
} from '../../options/task-conditions';
import { Printer } from '../../output/printer';
import { taskCountView } from '../../views/task-counts';

interface Options extends TaskConditionOptions {
  by?: string;
}

export const command: CommandDefinition<Options> = {
  description: 'Counts tasks by group, most first. The conditions are those of "task list".',
  examples: [
    { command: 'swarmctl task counts', does: 'by state' },
    {
      command: 'swarmctl task counts --by code --state failed --ended-after 1d',
      does: 'why tasks failed today',
    },
    { command: 'swarmctl task counts --by label:customer --state queued', does: 'whose work waits' },
  ],
  configure(command: Command) {
    declareTaskConditions(command).option(
      '--by <what>',
      `${TASK_GROUPS.join(', ')}, or label:KEY (default: state)`,
    );
  },
  run: counts,
};

async function counts({ options, global, io }: Invocation<Options>): Promise<number> {
  const query = { ...taskConditions(options, io), by: options.by };
  const { groups, ...sums } = await new HttpApi(global.url).get<TaskCounts>(paths.taskCounts, { query });
  new Printer(io, global.format).list(taskCountView(sums.by), groups, null, sums);
  const others = sums.others === 0 ? '' : `, ${sums.others} of them in smaller groups`;
  // On stderr: the list is what other programs read.
  io.stderr.write(`${sums.total} in all${others}\n`);
  return EXIT.ok;
}
