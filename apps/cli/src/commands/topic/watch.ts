import type { Command } from 'commander';
import type { TopicEvent } from '@multiswarm/contracts';
import { paths } from '../../api/paths';
import type { CommandDefinition, Invocation } from '../../command';
import { declareNamespace, type NamespaceOption } from '../../options/namespace';
import { watchChanges } from '../../watch-changes';

interface Options extends NamespaceOption {
  from?: string;
}

export const command: CommandDefinition<Options> = {
  description:
    'Prints the stored events of a topic, or of a pattern of topics, as they come, until Ctrl-C or --timeout; with --from those before, too.',
  examples: [
    { command: 'swarmctl topic watch orders.eu.created', does: 'what comes' },
    {
      command: `swarmctl topic watch 'orders.>' --from 1 -o jsonl`,
      does: 'all that is kept, and what comes',
    },
    { command: `swarmctl topic watch '>' --from 2030-01-31T12:00:00Z`, does: 'since an instant' },
  ],
  configure(command: Command) {
    declareNamespace(command).option(
      '--from <where>',
      'a sequence or an instant; without it what comes from now on',
    );
  },
  run({ args: [pattern = '>'], options: { namespace, from }, global, io }: Invocation<Options>) {
    return watchChanges<TopicEvent>(
      {
        path: `${paths.topic(pattern)}/events`,
        query: { namespace, from },
        after: undefined,
        line: ({ seq, topic, from: publisher, data }) =>
          `${seq ?? '-'} ${topic} ${publisher} ${JSON.stringify(data)}`,
        name: ({ id }) => id,
      },
      global,
      io,
    );
  },
};
