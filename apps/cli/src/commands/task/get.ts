import type { Command } from 'commander';
import { isTerminal, type Event, type Task } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import type { Page } from '../../api/pages';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { isForPrograms } from '../../output/format';
import { Printer } from '../../output/printer';
import { taskWithHistoryView } from '../../views/task';
import { watch } from '../../watch';

interface Options {
  watch?: boolean;
}

interface TaskWithHistory {
  task: Task;
  events: Event[];
}

export const command: CommandDefinition<Options> = {
  description:
    'Shows one task: what it needs, its timeline, every attempt with the reason for its place, and, while it waits, ' +
    'what it waits for and which requirement nobody meets.',
  examples: [
    { command: 'swarmctl task get t3-0198c2d4e5f60718293a4b5c6d', does: 'everything about it' },
    { command: 'swarmctl task get t3-0198c2d4e5f60718293a4b5c6d --watch', does: 'follow it to its end' },
    { command: 'swarmctl task get t3-0198c2d4e5f60718293a4b5c6d -o json', does: 'the whole record' },
  ],
  configure(command: Command) {
    command.option('--watch', 'follow it to its end');
  },
  run: get,
};

async function get({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const api = new HttpApi(global.url);
  const printer = new Printer(io, global.format);
  const id = args[0] ?? '';
  const withHistory = !isForPrograms(global.format) && global.format !== 'yaml' && global.format !== 'name';
  const read = async (): Promise<TaskWithHistory> => {
    const task = await api.get<Task>(paths.task(id));
    const events = withHistory ? (await api.get<Page<Event>>(paths.taskEvents(id))).items : [];
    return { task, events };
  };
  const render = ({ task, events }: TaskWithHistory): string =>
    printer.render(taskWithHistoryView(events), task);
  if (!options.watch) {
    io.stdout.write(render(await read()));
    return EXIT.ok;
  }
  const { interrupted } = await watch(
    { read, render, done: ({ task }) => isTerminal(task.state) },
    global,
    io,
  );
  return interrupted ? EXIT.interrupted : EXIT.ok;
}
