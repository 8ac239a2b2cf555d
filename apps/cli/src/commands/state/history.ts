import type { Command } from 'commander';
import type { StateHistory } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { Printer } from '../../output/printer';
import { stateEntryView } from '../../views/state';

export const command: CommandDefinition<NamespaceOption> = {
  description: 'Lists the revisions of a key that the bucket keeps, oldest first, deletions among them.',
  examples: [{ command: 'swarmctl state history plan main', does: 'who has come before' }],
  configure(command: Command) {
    declareNamespace(command);
  },
  async run({ args: [bucket = '', key = ''], options, global, io }: Invocation<NamespaceOption>) {
    const path = `${paths.stateKey(bucket, key)}/history`;
    const { items } = await new HttpApi(global.communicator).get<StateHistory>(path, {
      query: { ...options },
    });
    new Printer(io, global.format).list(stateEntryView, items);
    return EXIT.ok;
  },
};
