import type { Command } from 'commander';
import { isTerminal, type Task } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import { waitForTask } from '../../api/wait-for-task';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import type { Io } from '../../io';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { Printer } from '../../output/printer';
import { acceptedView } from '../../views/accepted';

interface Options extends RequestedByOption {
  reason?: string;
  wait?: boolean;
}

export const command: CommandDefinition<Options> = {
  description:
    'Cancels a task. What runs is told to stop: an executable gets SIGTERM, then SIGKILL. ' +
    'With --wait: until it has ended, and exit 1 when it had succeeded or failed before the cancellation reached it.',
  examples: [
    { command: 'swarmctl task cancel t3-0198c2d4e5f60718293a4b5c6d', does: 'cancel it' },
    {
      command: 'swarmctl task cancel t3-0198c2d4e5f60718293a4b5c6d --reason "wrong input" --wait',
      does: 'say why, and wait until it has stopped',
    },
  ],
  configure(command: Command) {
    declareRequestedBy(command.option('--reason <text>', 'kept with the task')).option(
      '--wait',
      'wait until it has ended',
    );
  },
  run: cancel,
};

async function cancel({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const api = new HttpApi(global.url);
  const id = args[0] ?? '';
  const body = { reason: options.reason, requestedBy: requestedBy(options, io) };
  const before = await api.get<Task>(paths.task(id));
  const task = await api.post<Pick<Task, 'id' | 'state'>>(paths.taskCancel(id), body);
  sayIfTooLate(io, before, task);
  const printer = new Printer(io, global.format);
  if (!options.wait) {
    printer.one(acceptedView, { id, state: task.state });
    return EXIT.ok;
  }
  const ended = await waitForTask(api, id, global, io);
  printer.one(acceptedView, { id, state: ended.state });
  return ended.state === 'cancelled' ? EXIT.ok : EXIT.workFailed;
}

/** A cancellation of what has ended is no error, but nobody shall believe that it stopped anything. */
function sayIfTooLate(io: Io, before: Task, after: Pick<Task, 'id' | 'state'>): void {
  const ended = [before, after].find(({ state }) => isTerminal(state));
  if (!ended || (ended === after && ended.state === 'cancelled')) return;
  io.stderr.write(`task ${after.id} had ended before (${ended.state}): nothing was cancelled\n`);
}
