import type { CommandDefinition } from '../../command';
import { tell } from './tell';

export const command: CommandDefinition = {
  description: 'Lets a paused task go on where it was.',
  examples: [{ command: 'swarmctl task resume t3-0198c2d4e5f60718293a4b5c6d', does: 'let it go on' }],
  configure: () => undefined,
  run: (invocation) => tell('resume', invocation),
};
