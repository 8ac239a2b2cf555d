import type { Command } from 'commander';
import type { CommandDefinition } from '../../command';
import { declareSettling, settle, type SettleOptions } from './settle';

export const command: CommandDefinition<SettleOptions> = {
  description:
    'Opens dead letters again under their own ids, with the same input and all their attempts anew: by ids, or all that match. ' +
    'More than one needs a yes. Exit 5 when some could not be redriven; each line says why.',
  examples: [
    { command: 'swarmctl dead-letter redrive t3-0198c2d4e5f60718293a4b5c6d', does: 'one of them' },
    {
      command: 'swarmctl dead-letter redrive --code no-key --dry-run',
      does: 'what would be redriven, and what could not be',
    },
    {
      command: 'swarmctl dead-letter redrive --code no-key --limit 500 --yes --reason "the key was renewed"',
      does: 'up to 500 that ended with one error, without being asked',
    },
  ],
  configure(command: Command) {
    declareSettling(command);
    command.option('--idempotency-key <key>', 'a repetition with it redrives no task a second time');
  },
  run: (invocation) => settle('redrive', invocation),
};
