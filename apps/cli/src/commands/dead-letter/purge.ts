import type { CommandDefinition } from '../../command';
import { declareSettling, settle, type SettleOptions } from './settle';

export const command: CommandDefinition<SettleOptions> = {
  description:
    'Takes dead letters off the list: by ids, or all that match. The tasks and their histories stay until their retention has ' +
    'passed. More than one needs a yes. Exit 5 when some could not be purged; each line says why.',
  examples: [
    { command: 'swarmctl dead-letter purge t3-0198c2d4e5f60718293a4b5c6d', does: 'one of them' },
    {
      command: 'swarmctl dead-letter purge --type smoke-test --ended-before 7d --dry-run',
      does: 'what would be purged',
    },
    {
      command: 'swarmctl dead-letter purge --all --limit 1000 --yes',
      does: 'a thousand, without being asked',
    },
  ],
  configure: declareSettling,
  run: (invocation) => settle('purge', invocation),
};
