import type { Command } from 'commander';
import type { Workflow } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { Printer } from '../../output/printer';
import { workflowView } from '../../views/workflow';
import { watch } from '../../watch';

interface Options {
  watch?: boolean;
}

export const command: CommandDefinition<Options> = {
  description:
    'Shows one workflow and each of its steps: state, what it waits for, where it ran, how long, what it cost.',
  examples: [
    { command: 'swarmctl workflow get w3-0198c2d4e5f60718293a4b5c6d', does: 'as it is now' },
    { command: 'swarmctl workflow get w3-0198c2d4e5f60718293a4b5c6d --watch', does: 'follow it to its end' },
    {
      command: 'swarmctl workflow get w3-0198c2d4e5f60718293a4b5c6d -o json',
      does: 'the whole record, with the output',
    },
  ],
  configure(command: Command) {
    command.option('--watch', 'follow it to its end');
  },
  run: get,
};

async function get({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const api = new HttpApi(global.url);
  const printer = new Printer(io, global.format);
  const read = (): Promise<Workflow> => api.get<Workflow>(paths.workflow(args[0] ?? ''));
  if (!options.watch) {
    printer.one(workflowView, await read());
    return EXIT.ok;
  }
  const render = (workflow: Workflow): string => printer.render(workflowView, workflow);
  const { interrupted } = await watch({ read, render, done: ({ state }) => state !== 'running' }, global, io);
  return interrupted ? EXIT.interrupted : EXIT.ok;
}
