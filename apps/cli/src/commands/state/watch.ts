import type { Command } from 'commander';
import type { StateEntry } from '@multiswarm/contracts';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { integerOption } from '../../options/repeatable';
import { watchChanges } from '../../watch-changes';

interface Options extends NamespaceOption {
  after?: number;
}

export const command: CommandDefinition<Options> = {
  description:
    'Prints the values of a bucket and every change as it comes, until Ctrl-C or --timeout. FILTER is a key or a pattern.',
  examples: [
    { command: 'swarmctl state watch plan', does: 'all of it' },
    {
      command: `swarmctl state watch plan 'step.*' --after 12 -o jsonl`,
      does: 'what came behind a revision',
    },
  ],
  configure(command: Command) {
    declareNamespace(command).option(
      '--after <revision>',
      'begin behind this revision',
      integerOption('--after', 0, Number.MAX_SAFE_INTEGER),
    );
  },
  run({ args: [bucket = '', filter = '>'], options: { namespace, after }, global, io }: Invocation<Options>) {
    return watchChanges<StateEntry>(
      {
        path: `${paths.stateKey(bucket, filter)}/watch`,
        query: { namespace },
        after: after === undefined ? undefined : String(after),
        line: ({ key, deleted, value }) => (deleted ? `${key} (deleted)` : `${key} ${JSON.stringify(value)}`),
        name: ({ key }) => key,
      },
      global,
      io,
    );
  },
};
