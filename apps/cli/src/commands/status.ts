import type { Command } from 'commander';
import type { SystemStatus } from '@multiswarm/contracts';
import { HttpApi } from '../api/http-api';
import { paths } from '../api/paths';
import type { CommandDefinition, Invocation } from '../command';
import { EXIT } from '../faults';
import { Printer } from '../output/printer';
import { statusView } from '../views/status';
import { watch } from '../watch';

interface Options {
  watch?: boolean;
}

export const command: CommandDefinition<Options> = {
  description:
    'Health with its reasons, active swarms, success rate, utilisation, cost per hour, tasks by state. Exit 7 when the system is down.',
  examples: [
    { command: 'swarmctl status', does: 'once' },
    { command: 'swarmctl status --watch', does: 'keep looking' },
    { command: 'swarmctl status -o json', does: 'for programs' },
  ],
  configure(command: Command) {
    command.option('--watch', 'keep looking until Ctrl-C');
  },
  run: status,
};

async function status({ options, global, io }: Invocation<Options>): Promise<number> {
  const api = new HttpApi(global.url);
  const printer = new Printer(io, global.format);
  const read = (): Promise<SystemStatus> => api.get<SystemStatus>(paths.status);
  if (!options.watch) {
    const seen = await read();
    printer.one(statusView, seen);
    return seen.health === 'down' ? EXIT.unavailable : EXIT.ok;
  }
  await watch({ read, render: (seen) => printer.render(statusView, seen), done: () => false }, global, io);
  return EXIT.interrupted;
}
