import type { CommandDefinition } from '../../command';
import { declareTelling, tellLearning, type TellOptions } from './tell';

export const command: CommandDefinition<TellOptions> = {
  description:
    'Makes every load-balancer learn nothing more until it is unfrozen. What is known is used on, and does not fade.',
  examples: [
    {
      command: 'swarmctl learning freeze --reason "load test"',
      does: 'for the time of a test that shall leave no traces',
    },
  ],
  configure: (command) => void declareTelling(command),
  run: ({ options, global, io }) => tellLearning('freeze', options, {}, global, io),
};
