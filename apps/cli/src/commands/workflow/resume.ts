import type { Command } from 'commander';
import type { CommandDefinition } from '../../command';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { tell } from './tell';

export const command: CommandDefinition<RequestedByOption> = {
  description: 'Lets a paused workflow go on: every step that could have started meanwhile starts.',
  examples: [{ command: 'swarmctl workflow resume w3-0198c2d4e5f60718293a4b5c6d', does: 'go on' }],
  configure(command: Command) {
    declareRequestedBy(command);
  },
  run: ({ options, ...rest }) => tell('resume', rest, { requestedBy: requestedBy(options, rest.io) }),
};
