import type { Command } from 'commander';
import type { CommandDefinition } from '../../command';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { tell } from './tell';

interface Options extends RequestedByOption {
  reason?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Pauses a workflow: no further step starts until "workflow resume", also in the workflows inside of it. Steps that run go on to ' +
    'their end, and deadlines go on.',
  examples: [
    { command: 'swarmctl workflow pause w3-0198c2d4e5f60718293a4b5c6d', does: 'hold it back' },
    {
      command:
        'swarmctl workflow pause w3-0198c2d4e5f60718293a4b5c6d --reason "the budget is being looked at"',
      does: 'say why, for whoever looks at it',
    },
  ],
  configure(command: Command) {
    declareRequestedBy(command.option('--reason <text>', 'kept with the workflow'));
  },
  run: ({ options, ...rest }) =>
    tell('pause', rest, { reason: options.reason, requestedBy: requestedBy(options, rest.io) }),
};
