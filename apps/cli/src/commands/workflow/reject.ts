import type { CommandDefinition } from '../../command';
import { answer, declareAnswer, type AnswerOptions } from './answer';

export const command: CommandDefinition<AnswerOptions> = {
  description:
    'Says no to a step that waits for an approval: it fails with "rejected", and the steps behind it are skipped. Where the step names its ' +
    'approvers, --requested-by has to be one of them.',
  examples: [
    {
      command: 'swarmctl workflow reject w3-0198c2d4e5f60718293a4b5c6d review',
      does: 'no, in the name of the user',
    },
    {
      command: 'swarmctl workflow reject w3-0198c2d4e5f60718293a4b5c6d review --note "page 3 is missing"',
      does: 'and say why',
    },
  ],
  configure: declareAnswer,
  run: (invocation) => answer(false, invocation),
};
