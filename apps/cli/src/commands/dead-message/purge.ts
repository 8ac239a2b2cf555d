import type { CommandDefinition } from '../../command';
import { declareSettling, settle, type SettleOptions } from './settle';

export const command: CommandDefinition<SettleOptions> = {
  description:
    'Takes messages that were given up away for good: by numbers, or all that match. More than one needs a yes.',
  examples: [
    { command: 'swarmctl dead-message purge 17', does: 'one of them' },
    {
      command: 'swarmctl dead-message purge --kind status-update --died-before 7d --dry-run',
      does: 'what would be taken away',
    },
  ],
  configure: declareSettling,
  run: (invocation) => settle('purge', invocation),
};
