import type { DeadMessageDetail } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { Printer } from '../../output/printer';
import { deadMessageDetailView } from '../../views/dead-message';

export const command: CommandDefinition = {
  description: 'Shows one message that was given up: why, what it says, and whether it can be sent again.',
  examples: [
    { command: 'swarmctl dead-message show 17', does: 'by its number in the list' },
    { command: 'swarmctl dead-message show 17 -o json', does: 'everything about it, for a program' },
  ],
  configure: () => undefined,
  async run({ args: [seq = ''], global, io }: Invocation) {
    const message = await new HttpApi(global.communicator).get<DeadMessageDetail>(paths.deadMessage(seq));
    new Printer(io, global.format).one(deadMessageDetailView, message);
    return EXIT.ok;
  },
};
