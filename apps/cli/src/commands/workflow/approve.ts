import type { CommandDefinition } from '../../command';
import { answer, declareAnswer, type AnswerOptions } from './answer';

export const command: CommandDefinition<AnswerOptions> = {
  description:
    'Says yes to a step that waits for an approval, also before it waits. Where the step names its approvers, --requested-by has to be one of ' +
    'them; it is a name and no proof.',
  examples: [
    {
      command: 'swarmctl workflow approve w3-0198c2d4e5f60718293a4b5c6d review',
      does: 'yes, in the name of the user',
    },
    {
      command:
        'swarmctl workflow approve w3-0198c2d4e5f60718293a4b5c6d review --requested-by dana --note "well done"',
      does: 'in the name of somebody, with a note',
    },
  ],
  configure: declareAnswer,
  run: (invocation) => answer(true, invocation),
};
