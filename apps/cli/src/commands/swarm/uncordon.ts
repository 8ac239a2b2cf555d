import type { CommandDefinition } from '../../command';
import { askFor, declareReason, type ReasonOptions } from './ask-for';

export const command: CommandDefinition<ReasonOptions> = {
  description:
    'Ends a cordon or a drain: the swarm gets work again, as soon as it is there where it is away now.',
  examples: [{ command: 'swarmctl swarm uncordon eu-west-writers', does: 'give it work again' }],
  configure: declareReason,
  run: async (invocation) => (await askFor('uncordon', invocation)).print(),
};
