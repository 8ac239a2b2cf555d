import type { CommandDefinition } from '../../command';
import { declareSettling, settle, type SettleOptions } from './settle';

export const command: CommandDefinition<SettleOptions> = {
  description:
    'Sends messages that were given up again, each as a new message: by numbers, or all that match, in the order in which they were ' +
    'sent. More than one needs a yes. Exit 5 when some could not be redriven; each line says why.',
  examples: [
    { command: 'swarmctl dead-message redrive 17', does: 'one of them' },
    { command: 'swarmctl dead-message redrive --to eu-west-1 --dry-run', does: 'what would be sent again' },
    {
      command: 'swarmctl dead-message redrive --cause no-handler --yes --reason "the handler was added"',
      does: 'all of one cause, without being asked',
    },
  ],
  configure: declareSettling,
  run: (invocation) => settle('redrive', invocation),
};
