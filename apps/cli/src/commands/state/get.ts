import type { Command } from 'commander';
import type { StateEntry } from '@multiswarm/contracts';
import { HttpApi } from '../../api/http-api';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { EXIT } from '../../faults';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { integerOption } from '../../options/repeatable';
import { Printer } from '../../output/printer';
import { stateEntryView } from '../../views/state';

interface Options extends NamespaceOption {
  revision?: number;
}

export const command: CommandDefinition<Options> = {
  description: 'Shows the value of a key of shared state, with its revision.',
  examples: [
    { command: 'swarmctl state get plan main', does: 'what is there now' },
    { command: 'swarmctl state get plan main --revision 12 -o json', does: 'what was there' },
  ],
  configure(command: Command) {
    declareNamespace(command).option(
      '--revision <n>',
      'an earlier revision, as far as it is kept',
      integerOption('--revision', 1, Number.MAX_SAFE_INTEGER),
    );
  },
  async run({ args: [bucket = '', key = ''], options, global, io }: Invocation<Options>) {
    const query = { namespace: options.namespace, revision: options.revision };
    const entry = await new HttpApi(global.communicator).get<StateEntry>(paths.stateKey(bucket, key), {
      query,
    });
    new Printer(io, global.format).one(stateEntryView, entry);
    return EXIT.ok;
  },
};
