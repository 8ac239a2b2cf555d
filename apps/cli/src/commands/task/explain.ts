import type { Command } from 'commander';
import { isTerminal, type Explanation } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { Printer } from '../../output/printer';
import { explanationView } from '../../views/explanation';
import { watch } from '../../watch';

interface Options {
  watch?: boolean;
}

export const command: CommandDefinition<Options> = {
  description:
    'Says why a task is where it is: what it waits for and who is before it, when it is likely to start, what happens next ' +
    'and when, and what was tried, where, and why there.',
  examples: [
    { command: 'swarmctl task explain t3-0198c2d3e4f5aaaaaaaaaaaaaa', does: 'why it is where it is' },
    {
      command: 'swarmctl task explain t3-0198c2d3e4f5aaaaaaaaaaaaaa --watch',
      does: 'again and again, to its end',
    },
    { command: 'swarmctl task explain t3-0198c2d3e4f5aaaaaaaaaaaaaa -o json', does: 'the same for programs' },
  ],
  configure(command: Command) {
    command.option('--watch', 'again and again, to its end');
  },
  run: explain,
};

async function explain({ args, options, global, io }: Invocation<Options>): Promise<number> {
  const api = new HttpApi(global.url);
  const printer = new Printer(io, global.format);
  const read = (): Promise<Explanation> => api.get<Explanation>(paths.taskExplain(args[0] ?? ''));
  if (!options.watch) {
    printer.one(explanationView, await read());
    return EXIT.ok;
  }
  const render = (explanation: Explanation): string => printer.render(explanationView, explanation);
  const done = ({ state }: Explanation): boolean => isTerminal(state);
  const { interrupted } = await watch({ read, render, done }, global, io);
  return interrupted ? EXIT.interrupted : EXIT.ok;
}
