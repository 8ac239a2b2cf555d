import type { CommandDefinition } from '../../command';
import { askFor, declareReason, type ReasonOptions } from './ask-for';

export const command: CommandDefinition<ReasonOptions> = {
  description:
    'Gives a swarm nothing new until "swarm uncordon". What it runs goes on. It stands when the swarm is started again.',
  examples: [
    { command: 'swarmctl swarm cordon eu-west-writers', does: 'nothing new for this one' },
    {
      command: 'swarmctl swarm cordon eu-west-writers --reason "slow disk"',
      does: 'say why; its log keeps it',
    },
  ],
  configure: declareReason,
  run: async (invocation) => (await askFor('cordon', invocation)).print(),
};
