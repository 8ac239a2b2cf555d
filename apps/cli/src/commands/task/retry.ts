import type { Command } from 'commander';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import { exitOfTask, waitForTask } from '../../api/wait-for-task';
import type { CommandDefinition } from '../../command';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { Printer } from '../../output/printer';
import { taskWithHistoryView } from '../../views/task';
import { tell } from './tell';

interface Options extends RequestedByOption {
  wait?: boolean;
}

export const command: CommandDefinition<Options> = {
  description:
    'Tries a task again at once, under its own id: one that waits for its next attempt, or that has failed, expired or been ' +
    'cancelled. The same work as a task of its own, whatever became of the first: "task rerun".',
  examples: [
    { command: 'swarmctl task retry t3-0198c2d4e5f60718293a4b5c6d', does: 'once more' },
    {
      command: 'swarmctl task retry t3-0198c2d4e5f60718293a4b5c6d --wait --timeout 10m',
      does: 'and wait for the result; exit 1 when it fails again',
    },
  ],
  configure(command: Command) {
    declareRequestedBy(command.option('--wait', 'wait for the end'));
  },
  async run({ args, options, global, io }) {
    const body = { requestedBy: requestedBy(options, io) };
    if (!options.wait) return tell('retry', { args, global, io }, body);
    const api = new HttpApi(global.url);
    const id = args[0] ?? '';
    await api.post(paths.taskControl(id, 'retry'), body);
    const task = await waitForTask(api, id, global, io);
    new Printer(io, global.format).one(taskWithHistoryView([]), task);
    return exitOfTask(task, io);
  },
};
