import type { Command } from 'commander';
import type { CommandDefinition, Invocation } from '../../command';
import { declareTaskConditions } from '../../options/task-conditions';
import { declarePages, printTasks, type ListOptions } from './list';

export const command: CommandDefinition<ListOptions> = {
  description:
    'Lists tasks with all of these words somewhere in the keys or values of their metadata, in upper or lower case, newest ' +
    'first. Every condition of "task list" narrows it.',
  examples: [
    { command: 'swarmctl task search acme invoice', does: 'with both words' },
    { command: 'swarmctl task search req-01a2 --state failed', does: 'one request, where it failed' },
  ],
  configure(command: Command) {
    declarePages(declareTaskConditions(command));
  },
  run: search,
};

function search({ args, options, global, io }: Invocation<ListOptions>): Promise<number> {
  return printTasks({ ...options, text: [...args, ...(options.text ?? [])] }, {}, global, io);
}
