import type { DeadLetterDetail } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { Printer } from '../../output/printer';
import { deadLetterDetailView } from '../../views/dead-letter';

export const command: CommandDefinition = {
  description:
    'Shows one dead letter: why nothing more was tried, its last error, every attempt, its history, and whether it can be redriven.',
  examples: [
    { command: 'swarmctl dead-letter show t3-0198c2d4e5f60718293a4b5c6d', does: 'everything about it' },
    {
      command: 'swarmctl dead-letter show t3-0198c2d4e5f60718293a4b5c6d -o json',
      does: 'with its input, for a program',
    },
  ],
  configure: () => undefined,
  run: show,
};

async function show({ args, global, io }: Invocation): Promise<number> {
  const letter = await new HttpApi(global.url).get<DeadLetterDetail>(paths.deadLetter(args[0] ?? ''));
  new Printer(io, global.format).one(deadLetterDetailView, letter);
  return EXIT.ok;
}
