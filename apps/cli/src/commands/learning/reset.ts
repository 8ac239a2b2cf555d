import type { Command } from 'commander';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT, usageFault } from '../../faults';
import { confirm } from '../../options/confirm';
import { declareTelling, tellLearning, type TellOptions } from './tell';

interface Options extends TellOptions {
  type?: string;
  swarmClass?: string;
  all?: boolean;
}

export const command: CommandDefinition<Options> = {
  description:
    'Makes every load-balancer forget what it has learned: of a type of work, of a class of swarms, of a type on a class, or, with --all, everything. What is forgotten is learned anew.',
  examples: [
    {
      command: `swarmctl learning reset --swarm-class 'gpu llm $2' --reason "new cards"`,
      does: 'a class of swarms that has changed',
    },
    {
      command: 'swarmctl learning reset --all --reason "another fleet" --yes',
      does: 'everything, without a question',
    },
  ],
  configure(command: Command) {
    command
      .option('--type <type>', 'of this type of work')
      .option('--swarm-class <class>', 'of this class of swarms')
      .option('--all', 'everything (asks, unless --yes)');
    declareTelling(command);
  },
  run: reset,
};

async function reset({ options, global, io }: Invocation<Options>): Promise<number> {
  const { type, swarmClass, all, reason } = options;
  const isScoped = type !== undefined || swarmClass !== undefined;
  if (isScoped === (all === true))
    throw usageFault(
      isScoped
        ? '--all forgets everything: leave it out, or the type and the class'
        : 'what is to be forgotten?',
      'name --type, --swarm-class or both; --all forgets everything',
    );
  if (reason === undefined) throw usageFault('--reason is missing', 'say why: --reason "new cards"');
  if (!isScoped && !(await confirm('forget all that was learned', global, io))) return EXIT.ok;
  return tellLearning('reset', options, { type, swarmClass }, global, io);
}
