import type { CommandDefinition } from '../../command';
import { declareRequestedBy, requestedBy, type RequestedByOption } from '../../options/requested-by';
import { tell } from './tell';

export const command: CommandDefinition<RequestedByOption> = {
  description: 'Lets a paused task go on where it was.',
  examples: [{ command: 'swarmctl task resume t3-0198c2d4e5f60718293a4b5c6d', does: 'let it go on' }],
  configure: (command) => void declareRequestedBy(command),
  run: ({ options, ...rest }) => tell('resume', rest, { requestedBy: requestedBy(options, rest.io) }),
};
