import type { CommandDefinition } from '../../command';
import { declareTelling, tellLearning, type TellOptions } from './tell';

export const command: CommandDefinition<TellOptions> = {
  description: 'Lets every load-balancer learn on.',
  examples: [{ command: 'swarmctl learning unfreeze --reason "it is over"', does: 'after the test' }],
  configure: (command) => void declareTelling(command),
  run: ({ options, global, io }) => tellLearning('unfreeze', options, {}, global, io),
};
